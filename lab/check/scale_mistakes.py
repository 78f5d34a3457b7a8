"""Mistakes of lesson 13: what a process tells the others, and what it delivers by itself.

As in product_mistakes.py, a rule looks in the files which of several causes is there.
"""

import ast
from collections.abc import Iterator

from lab.check.evidence import Evidence
from lab.check.findings import Finding
from lab.check.product_mistakes import HISTORY, OUTBOX, there
from lab.check.source import CONSUMERS, SETTINGS, Source, calls, functions

CONNECTION, FANOUT, RELAY = "chat/connection.py", "chat/fanout.py", "chat/relay.py"


def _function(source: Source, file: str, name: str) -> ast.AST | None:
    """A function or method of a file, by its name."""
    tree = source.tree(file)
    found = functions(ast.walk(tree)) if tree else ()
    return next((node for node in found if node.name == name), None)


def _lacks(node: ast.AST | None, *names: str) -> bool:
    """Whether a function is there and calls none of these."""
    return node is not None and not any(calls(node, name) for name in names)


def way_out(evidence: Evidence, source: Source) -> Finding | None:
    """The class that serves the fast way, and frames that go past every bound."""
    if evidence.saying(r'Attribute "Connection" not found in module "chat\.connection"'):
        return there("connection-class", _line(source, CONNECTION, r"^class \w+\(WebSockets"))
    if evidence.kind != "never-given-up" or evidence.errors:
        return None
    resets = source.line(OUTBOX, r"on_pause\s*=")
    if not resets or _pauses_nothing(source):
        place = _line(source, OUTBOX, r"transport\.write\(")
        return there("direct-never-paused", place, size=evidence.seen["size"])
    return None


def _pauses_nothing(source: Source) -> bool:
    """Whether what is called when a client reads too slowly changes nothing."""
    pause = _function(source, OUTBOX, "_pause")
    return pause is not None and not any(isinstance(n, ast.Assign) for n in ast.walk(pause))


def told(evidence: Evidence, source: Source) -> Finding | None:
    """What is said on one server and doesn't reach the other, or reaches it too often."""
    if evidence.errors:
        return None
    if evidence.kind == "layer-unused":
        return there("layer-url-ignored", _line(source, SETTINGS, r"^CHANNEL_LAYERS\b"))
    if evidence.kind == "group-stays":
        leave = _function(source, CONSUMERS, "leave")
        if source.line(CONSUMERS, r"\bfanout\.leave\(") or leave is None:
            return None
        return Finding("feed-not-left", CONSUMERS, leave.lineno, {"name": evidence.seen["name"]})
    if evidence.kind != "not-relayed":
        return None
    publish = _function(source, FANOUT, "publish")
    if _lacks(publish, "tell", "group_send", "send"):
        return Finding("relay-untold", FANOUT, publish.lineno)
    if source.line(RELAY, r"self\.name\s*=(?!.*(uuid|token|random|urandom))"):
        return there("relay-name-shared", _line(source, RELAY, r"self\.name\s*="))
    line = next(_hears_only_itself(source), None)
    return Finding("relay-deaf", RELAY, line) if line else None


def _hears_only_itself(source: Source) -> Iterator[int]:
    """The lines where an event is heard if it comes from this process itself."""
    tree = source.tree(RELAY)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
            compared = ast.unparse(node.test)
            is_own = isinstance(node.test.ops[0], ast.Eq)
            hears = any(calls(part, "hear") for part in node.body)
            if is_own and hears and "from" in compared and "name" in compared:
                yield node.lineno


def heard_here(evidence: Evidence, source: Source) -> Finding | None:
    """What is said and reaches nobody, not even on the same server."""
    silent = evidence.kind == "silence" and evidence.seen.get("where") == "message"
    if evidence.errors or not (silent or evidence.kind in ("closed", "no-confirm")):
        return None
    store = _function(source, HISTORY, "store")
    made = calls(store, "create_future")
    if made and not any(isinstance(node, ast.Await) for node in ast.walk(store)):
        back = next(node for node in ast.walk(store) if isinstance(node, ast.Return))
        return Finding("store-not-awaited", HISTORY, back.lineno)
    if evidence.kind == "closed":
        return None
    if made and not source.line(HISTORY, r"\.set_result\("):
        return Finding("store-unresolved", HISTORY, made[0].lineno)
    publish = _function(source, FANOUT, "publish")
    if _lacks(publish, "arrived", "deliver", "hear"):
        return Finding("publish-not-delivered", FANOUT, publish.lineno)
    connect = source.methods().get("connect")
    if source.line(FANOUT, r"def resume\b") and _lacks(connect, "resume"):
        return there("feed-never-resumed", _line(source, CONSUMERS, r"\bfanout\.join\("))
    return None


def _line(source: Source, file: str, pattern: str) -> tuple[str, int] | None:
    line = source.line(file, pattern)
    return (file, line) if line else None


RULES = (way_out, told, heard_here)

"""Mistakes that Python itself reports: what its exceptions and warnings tell."""

import ast
import difflib
import re

from lab.check.evidence import Error, Evidence, Frame
from lab.check.findings import Finding, at
from lab.check.shadowing import hidden_by
from lab.check.source import (
    ASGI,
    CONSUMERS,
    MANAGE,
    ROUTING,
    SETTINGS,
    URLS,
    VIEWS,
    Source,
    calls,
    functions,
    key_line,
)

IMPORTS = {
    "json": "import json",
    "os": "import os",
    "sys": "import sys",
    "async_to_sync": "from asgiref.sync import async_to_sync",
    "sync_to_async": "from asgiref.sync import sync_to_async",
    "WebsocketConsumer": "from channels.generic.websocket import WebsocketConsumer",
    "AsyncWebsocketConsumer": "from channels.generic.websocket import AsyncWebsocketConsumer",
    "JsonWebsocketConsumer": "from channels.generic.websocket import JsonWebsocketConsumer",
    "AsyncJsonWebsocketConsumer": "from channels.generic.websocket import AsyncJsonWebsocketConsumer",
    "re_path": "from django.urls import re_path",
    "path": "from django.urls import path",
    "include": "from django.urls import include",
    "render": "from django.shortcuts import render",
    "get_asgi_application": "from django.core.asgi import get_asgi_application",
    "ProtocolTypeRouter": "from channels.routing import ProtocolTypeRouter",
    "URLRouter": "from channels.routing import URLRouter",
    "AuthMiddlewareStack": "from channels.auth import AuthMiddlewareStack",
    "AllowedHostsOriginValidator": "from channels.security.websocket import AllowedHostsOriginValidator",
    "get_random_secret_key": "from django.core.management.utils import get_random_secret_key",
    "execute_from_command_line": "from django.core.management import execute_from_command_line",
    "consumers": "from chat import consumers",
    "views": "from chat import views",
    "chat": "import chat.routing",
    "routing": "from chat import routing",
    "Path": "from pathlib import Path",
}
"""Where the names that the lessons use come from."""

CONTRACT = {
    "chat": "chat/__init__.py",
    "chat.consumers": CONSUMERS,
    "chat.routing": ROUTING,
    "chat.views": VIEWS,
    "mywebsite": "mywebsite/__init__.py",
    "mywebsite.settings": SETTINGS,
    "mywebsite.urls": URLS,
    "mywebsite.asgi": ASGI,
}
"""The modules that the lessons write."""

NAMES = {
    "chat.consumers": "ChatConsumer",
    "chat.routing": "websocket_urlpatterns",
    "chat.views": "index",
    "mywebsite.asgi": "application",
    "mywebsite.urls": "urlpatterns",
}
"""The name that the lessons look for in each module."""

OLD = {
    "channels.routing": {"route", "route_class", "include"},
    "channels": {"Group", "Channel", "include", "route"},
    "channels.auth": {
        "http_session_user",
        "channel_session_user",
        "channel_session_user_from_http",
    },
    "channels.sessions": {"channel_session", "enforce_ordering"},
    "channels.layers": {"channel_layers_old"},
    "django.conf.urls": {"url", "patterns"},
    "django.shortcuts": {"render_to_response"},
}
"""Names of older versions of Channels and Django that tutorials still show."""
OLD_MODULES = {
    "channels.asgi",
    "channels.handler",
    "channels.message",
    "channels.generic.websockets",
    "channels.staticfiles",
    "channels.tests",
    "channels.channel",
    "asgi_redis",
    "asgiref.inmemory",
    "asgiref.base_layer",
    "django.core.urlresolvers",
}
KNOWN = ("channels", "daphne", "django", "asgiref", "json", "os", "sys", *CONTRACT)
CONTRACT_KEYS = ("type", "message", "message2")


def syntax(evidence: Evidence, source: Source) -> Finding | None:
    """A file that Python can't read."""
    error = evidence.of_type("SyntaxError", "IndentationError", "TabError")
    if error is None:
        return None
    file, line = error.more.get("file"), error.more.get("line")
    place = Frame(file, line) if file and line else (error.frames or (None,))[-1]
    message = error.message
    if "null bytes" in message:
        broken = [f for f in source.files if f.endswith(".py") and "\0" in source.text(f)]
        place = Frame(broken[0], None) if broken else place
    if place is None or not place.own:
        return None
    kinds = (
        (r"codec can't decode|null bytes|source code", "file-encoding"),
        (r"invalid character|non-printable", "curly-quotes"),
        (r"expected ':'", "colon-missing"),
        (r"'await' outside|'async \w+' outside", "await-outside-async"),
        (r"was never closed|unmatched|does not match", "bracket"),
        (r"unterminated", "quote-open"),
        (r"forgot a comma", "comma-missing"),
        (r"outside function|outside loop", "python-indentation"),
    )
    kind = next((kind for pattern, kind in kinds if re.search(pattern, message)), "python-syntax")
    if error.type in ("IndentationError", "TabError") or "indent" in message:
        kind = "python-indentation"
    return at(kind, place, error=message)


def not_utf8(evidence: Evidence, source: Source) -> Finding | None:
    """A file that can't be read as UTF-8, such as a template: the error names only who reads it."""
    error = evidence.of_type("UnicodeDecodeError")
    found = source.not_utf8() if error else None
    return Finding("file-encoding", *found, {"error": error.message}) if found else None


def never_ends(evidence: Evidence, _: Source) -> Finding | None:
    """Code that was still busy when the time was up."""
    full = evidence.of_type("MemoryError")
    if full and full.place:
        return at("never-ends", full.place)
    if evidence.kind not in ("hang", "silence", "server-silent"):
        return None
    busy = [frame for frame in evidence.running if frame.file != MANAGE]
    return at("never-ends", busy[0]) if busy else None


def exits(evidence: Evidence, source: Source) -> Finding | None:
    """Code that ends the whole process."""
    if evidence.kind == "exit":
        error = evidence.of_type("SystemExit")
        if error and error.frames and error.frames[-1].own:
            return at("exits-itself", error.frames[-1])
        last = [frame for frame in (error.frames if error else ()) if frame.own]
        return at("exits-itself", last[-1]) if last and last[-1].file != MANAGE else None
    if evidence.kind in ("died", "server-ended") and not evidence.errors:
        found = source.find(r"\b(os\._exit|os\.abort|os\.kill|sys\.exit|\bquit|\bexit)\(")
        return Finding("exits-itself", *found) if found and found[0] != MANAGE else None
    return None


def seen_to_shadow(evidence: Evidence, _: Source) -> Finding | None:
    """A file of the learner's without which all works: it hides a module of the same name."""
    file = evidence.seen.get("shadow")
    return Finding("shadow", file, None, {"name": file}) if file else None


def shadows(evidence: Evidence, source: Source) -> Finding | None:
    """A file of the learner's that hides the module which an error speaks of."""
    error = evidence.of_type("ImportError", "ModuleNotFoundError", "AttributeError")
    if error is None:
        return None
    for file in source.files:
        place = source.folder / file.partition("/")[0]
        name = hidden_by(place)
        if name and re.search(rf"\b{name}\b", error.message):
            return Finding("shadow", file, None, {"name": file})
    return None


def module_missing(evidence: Evidence, source: Source) -> Finding | None:
    """An import of a module that isn't there."""
    error = evidence.of_type("ModuleNotFoundError")
    if error is None:
        return None
    name = error.more.get("name") or ""
    place = error.place
    if place and "import" not in source.source_line(place.file, place.line):
        place = None  # that line, such as one of manage.py, only leads to it
    if name in OLD_MODULES or any(name.startswith(old + ".") for old in OLD_MODULES):
        return at("old-import", place, name=name)
    if name in CONTRACT and CONTRACT[name] not in source.files:
        return file_missing(CONTRACT[name], source)
    parts = name.split(".")
    if place:
        if f"chat/{parts[0]}.py" in source.files:
            return at("import-relative", place, name=parts[0])
        near = difflib.get_close_matches(
            # A short name is soon like another.
            name,
            [*KNOWN, *_modules_near(name), *source.modules()],
            1,
            0.7 if "." in name else 0.8,
        )
        if near and near[0] != name:
            return at("import-typo", place, name=name, near=near[0])
        if name.split(".")[0] in ("chat", "mywebsite"):
            return at("import-typo", place, name=name, near=_sibling(name, source))
        return at("module-missing", place, name=name)
    return _named_in_settings(name, source)


def _sibling(name: str, source: Source) -> str:
    package = name.partition(".")[0]
    return ", ".join(m for m in source.modules() if m.startswith(package + ".")) or package


def _modules_near(name: str) -> list[str]:
    """Modules that the lessons import, in the packages that name begins with."""
    lines = [line for line in IMPORTS.values() if line.startswith("from")]
    packages = ["asgiref", "channels.auth", "channels.generic", "django.core.wsgi"]
    first = [module.split()[1].partition(".")[0] for module in lines]
    return [*(line.split()[1] for line in lines), *packages, *(first if "." not in name else ())]


def file_missing(file: str, source: Source) -> Finding:
    """A file that isn't where it should be: gone, or somewhere else."""
    like = source.like(file)
    if like and like.count("/") > file.count("/") and like.endswith("/" + file):
        return Finding("wrong-folder", file, None, {"found": like, "expected": file})
    if like and not (like in CONTRACT.values()):
        return Finding("file-name", file, None, {"found": like, "expected": file})
    return Finding("file-missing", file, None, {"expected": file})


def _named_in_settings(name: str, source: Source) -> Finding | None:
    """A module that a setting, not an import, names."""
    first = name.split(".")[0]
    pattern = rf"""["']{re.escape(name)}[."']"""
    for file in (MANAGE, ASGI):
        line = source.line(file, pattern)
        if line and "DJANGO_SETTINGS_MODULE" in source.lines(file)[line - 1]:
            near = "mywebsite.settings"
            return Finding("settings-module", file, line, {"name": name, "near": near})
    line = source.line(SETTINGS, pattern) or source.line(
        SETTINGS, rf"""["']{re.escape(first)}[."']"""
    )
    glued = glued_strings(name, source)
    if glued:
        return glued
    if line is None:
        return None
    where = _setting_of_line(line, source)
    known = ["daphne", "channels", "chat", "mywebsite", "mywebsite.urls", "mywebsite.asgi"]
    contrib = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
    known += [f"django.contrib.{app}" for app in contrib]
    near = difflib.get_close_matches(name, known, 1, 0.6)
    values = {"name": name, "near": near[0] if near else "", "setting": where}
    if where == "INSTALLED_APPS":
        return Finding("app-typo" if near else "app-unknown", SETTINGS, line, values)
    if where == "ROOT_URLCONF":
        return Finding("root-urlconf", SETTINGS, line, values | {"near": "mywebsite.urls"})
    return Finding("setting-path", SETTINGS, line, values)


def glued_strings(name: str, source: Source) -> Finding | None:
    """Two strings of a list without a comma between them, which Python joins."""
    for node in ast.walk(source.tree(SETTINGS) or ast.Module([], [])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = ast.get_source_segment(source.text(SETTINGS), node) or ""
            several = len(re.findall(r"""(["'])(?:(?!\1).)*\1""", re.sub(r"#.*", "", text))) > 1
            if several and name and (node.value == name or node.value.startswith(name)):
                return Finding("comma-missing", SETTINGS, node.lineno, {"error": node.value})
    return None


def _setting_of_line(line: int, source: Source) -> str | None:
    tree = source.tree(SETTINGS)
    for node in tree.body if tree else ():
        if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or 0):
            return getattr(node.targets[0], "id", None)
    return None


def import_failed(evidence: Evidence, source: Source) -> Finding | None:
    """An import of a name that its module doesn't have."""
    error = evidence.of_type("ImportError")
    if error is None or not error.more.get("name"):
        return None
    name, module = error.more["name"], error.more.get("of") or ""
    place = error.place
    if "relative import" in error.message:
        return at("import-relative", place, name=name)
    if name in OLD.get(module, ()):
        return at("old-import", place, name=f"{module}.{name}")
    if module in CONTRACT:
        return _missing_in(module, name, error, source)
    if name in IMPORTS and place:
        return at("import-wrong-module", place, name=name, near=IMPORTS[name])
    near = error.more.get("near") or difflib.get_close_matches(name, IMPORTS, 1, 0.7)
    if near and place:
        return at("import-typo", place, name=name, near=near[0])
    return at("module-missing", place, name=f"{module}.{name}") if place else None


def _missing_in(module: str, name: str, error: Error, source: Source) -> Finding | None:
    """A name that one of the project's own modules lacks: who is wrong, the user or the module?"""
    file = CONTRACT[module]
    if file.endswith("__init__.py"):
        missing = CONTRACT.get(f"{module}.{name}")
        if missing and missing not in source.files:
            return file_missing(missing, source)
        if f"chat.{name}" in CONTRACT and module != "chat":
            return at(
                "import-wrong-module", error.place, name=name, near=f"from chat import {name}"
            )
        near = difflib.get_close_matches(
            name, [m.rpartition(".")[2] for m in source.modules() if m.startswith(module)], 1, 0.6
        )
        return at("import-typo", error.place, name=name, near=near[0] if near else module)
    if "circular import" in error.message:
        return at("import-circular", error.place, name=name)
    if source.empty(file):
        return Finding("file-empty", file, None, {"name": name})
    defined = _defined(file, source)
    near = difflib.get_close_matches(name, defined, 1, 0.6)
    if name == NAMES.get(module):
        ids = {"chat.consumers": "consumer-name", "chat.routing": "routes-name"}
        ids |= {"mywebsite.asgi": "application-name", "chat.views": "view-name"}
        line = defined[near[0]] if near else None
        if line is None and len(defined) == 1:
            near, line = [*defined], next(iter(defined.values()))
        kind = ids.get(module, "name-typo")
        return Finding(kind, file, line, {"name": name, "found": near[0] if near else "—"})
    wanted = NAMES.get(module) if NAMES.get(module) in defined else None
    return at("module-name", error.place, name=name, module=file, near=(near or [wanted or "—"])[0])


def _defined(file: str, source: Source) -> dict[str, int]:
    tree = source.tree(file)
    found = {}
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = node.lineno
        elif isinstance(node, ast.Assign):
            found |= {t.id: node.lineno for t in node.targets if isinstance(t, ast.Name)}
    return found


def name_error(evidence: Evidence, source: Source) -> Finding | None:
    """A name that means nothing where it stands."""
    error = evidence.of_type("NameError", "UnboundLocalError")
    if error is None or error.place is None:
        return None
    quoted = re.search(r"'(\w+)'", error.message)
    name = error.more.get("name") or (quoted[1] if quoted else "")
    place = error.place
    text = source.source_line(place.file, place.line)
    near = difflib.get_close_matches(name, error.more.get("near", ()), 3, 0.72)
    if re.search(rf"[\[{{(,]\s*{re.escape(name)}\s*[\]:]", text) and name in CONTRACT_KEYS:
        return at("quotes-missing", place, name=name)
    if re.search(rf"\b{re.escape(name)}/", text):
        return at("quotes-missing", place, name=name)
    if name == "self":
        return at("self-parameter", place, name=place.function)
    if name in IMPORTS and not (near and near[0].lower() == name.lower()):
        return at("import-missing", place, name=name, near=IMPORTS[name])
    if error.more.get("of_self"):
        return at("self-missing", place, name=name)
    near = near or difflib.get_close_matches(name, IMPORTS, 1, 0.75)
    if near:
        return at("name-typo", place, name=name, near=near[0])
    if (
        re.search(rf"(^|=|[\[(,{{:])\s*{re.escape(name)}[\w.]*\s*([\]),}}]|$)", text)
        and place.file == SETTINGS
    ):
        return at("quotes-missing", place, name=name)
    return at("name-unknown", place, name=name)


def attribute_error(evidence: Evidence, source: Source) -> Finding | None:
    """An attribute that an object doesn't have."""
    error = evidence.of_type("AttributeError")
    if error is None or error.place is None or error.place.file == MANAGE:
        return None
    place, name, of = error.place, error.more.get("name") or "", error.more.get("of") or ""
    near = error.more.get("near") or []
    if of == "NoneType" or error.more.get("of_none"):
        if name.startswith("group_") or name == "send":
            return _layers_missing(source)
        return at("error-in-line", place, error=error.text)
    if error.more.get("of_module"):
        if of in CONTRACT:
            return _missing_in(of, name, error, source)
        if of == "json" and name in ("load", "dump"):
            return at("json-s-missing", place, name=name)
        near = near or difflib.get_close_matches(name, IMPORTS, 1, 0.7)
        return at("attribute-typo", place, name=name, of=of, near=near[0] if near else "—")
    if of == "str" and name == "read":
        return at("json-s-missing", place, name="load")
    if of == "coroutine":
        return at("await-missing", place, name=name)
    if of == "dict" and not near:
        return at("dict-attribute", place, name=name)
    if place.file == CONSUMERS and of not in ("str", "function", "type"):
        local = _local_of(name, source)
        if local and not near:
            return Finding("self-missing", CONSUMERS, local, {"name": name})
        if local and name in source.text(CONSUMERS) and near and near[0] not in _assigned(source):
            return Finding("self-missing", CONSUMERS, local, {"name": name})
        if near and near[0] in _assigned(source) and _uses(name, source) > 1:
            # The odd one out is the assignment: every other line says it so.
            return Finding(
                "attribute-typo",
                CONSUMERS,
                _assigned(source)[near[0]],
                {"name": near[0], "of": "self", "near": name},
            )
    if near:
        return at("attribute-typo", place, name=name, of=of or "self", near=near[0])
    misnamed = _misnamed_connect(name, source) if place.file == CONSUMERS else None
    if misnamed:
        return misnamed
    return at("attribute-unknown", place, name=name, of=of)


def _misnamed_connect(attribute: str, source: Source) -> Finding | None:
    """The method that would set the attribute, if only Channels called it."""
    methods = source.methods()
    if "connect" in methods:
        return None
    for name, method in methods.items():
        if f"self.{attribute} =" in ast.unparse(method) and name not in ("receive", "disconnect"):
            return Finding(
                "handler-name", CONSUMERS, method.lineno, {"name": name, "near": "connect"}
            )
    if "connect" in source.strays():
        line = source.strays()["connect"]
        return Finding("method-outside-class", CONSUMERS, line, {"name": "connect"})
    return None


def _layers_missing(source: Source) -> Finding:
    like = source.setting_like("CHANNEL_LAYERS")
    if like and source.setting("CHANNEL_LAYERS") is None:
        return Finding(
            "setting-name", SETTINGS, like[1], {"name": like[0], "near": "CHANNEL_LAYERS"}
        )
    return Finding("channel-layers-missing", SETTINGS, None)


def _local_of(name: str, source: Source) -> int | None:
    """The line where a method of the consumer gives a value to a variable of that name."""
    for method in source.methods().values():
        for node in ast.walk(method):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == name for target in node.targets
            ):
                return node.lineno
    return None


def _assigned(source: Source) -> dict[str, int]:
    """The attributes that the consumer gives a value to, and where."""
    found: dict[str, int] = {}
    for node in ast.walk(source.consumer() or ast.Module([], [])):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Attribute):
                found.setdefault(target.attr, node.lineno)
    return found


def _uses(name: str, source: Source) -> int:
    return len(re.findall(rf"self\.{re.escape(name)}\b", source.text(CONSUMERS)))


def key_error(evidence: Evidence, source: Source) -> Finding | None:
    """A key that a dict doesn't have."""
    error = evidence.of_type("KeyError")
    if error is None or error.place is None or error.place.file == MANAGE:
        return None
    if not error.frames[-1].own:
        return None  # a library's own business, such as os.environ's
    name, place = error.more.get("name") or "", error.place
    there = error.more.get("dicts") or {}
    in_handler = place.file == CONSUMERS and _is_event_handler(place.function, source)
    if in_handler:
        sent = _sent_event(source)
        keys = next(iter(there.values()), [])
        if name in CONTRACT_KEYS and sent is not None:
            odd = [key for key in keys if key not in CONTRACT_KEYS]
            near = difflib.get_close_matches(name, odd, 1, 0.5)
            line = key_line(sent, near[0]) if near else sent.lineno
            values = {"name": near[0] if near else "", "near": name}
            return Finding("event-key" if near else "event-key-missing", CONSUMERS, line, values)
        near = difflib.get_close_matches(name, keys, 1, 0.5)
        return at("event-key", place, name=name, near=near[0] if near else ", ".join(keys))
    if place.file == CONSUMERS:
        near = difflib.get_close_matches(name, CONTRACT_KEYS, 1, 0.5)
        return at(
            "json-key-received", place, name=name, near=near[0] if near else "message, message2"
        )
    return at("error-in-line", place, error=error.text)


def _is_event_handler(function: str, source: Source) -> bool:
    return function in source.methods() and function not in ("receive", "receive_json", "connect")


def _sent_event(source: Source) -> ast.Dict | None:
    """The event that the consumer sends to its group, when it is written in place."""
    for name, method in source.methods().items():
        del name
        if "group_send" in ast.unparse(method):
            dicts = [node for node in ast.walk(method) if isinstance(node, ast.Dict)]
            return dicts[0] if dicts else None
    return None


def type_error(evidence: Evidence, source: Source) -> Finding | None:
    """A call, or an operation, that its object doesn't take."""
    error = evidence.of_type("TypeError")
    if error is None:
        return None
    for pattern, mistake in _TYPE_ERRORS:
        found = re.search(pattern, error.message)
        if found:
            finding = mistake(found, error, source) if callable(mistake) else None
            if isinstance(mistake, str) and error.place:
                finding = at(mistake, error.place, error=error.text)
            if finding:
                return finding
    return None


def _takes(found: re.Match, error: Error, source: Source) -> Finding | None:
    function, takes, given = found[1].rpartition(".")[2], int(found[2]), int(found[3])
    if function == "__init__":
        function = found[1].split(".")[-2]
    for file in (CONSUMERS, VIEWS):
        for node in functions(ast.walk(source.tree(file) or ast.Module([], []))):
            if node.name != function:
                continue
            first = node.args.args[0].arg if node.args.args else None
            if file == VIEWS:
                return Finding("view-request", file, node.lineno, {"name": function})
            if first != "self":
                return Finding("self-parameter", file, node.lineno, {"name": function})
            if given == takes + 1:
                kind = "disconnect-parameter" if function == "disconnect" else "event-parameter"
                return Finding(kind, file, node.lineno, {"name": function})
    for number, text in enumerate(source.lines(ASGI), 1):
        if re.search(rf"\b{re.escape(function)}\b(?!\()", text) and "import" not in text:
            return Finding("get-asgi-not-called", ASGI, number, {"name": function})
    return at("arguments", error.place, error=error.text) if error.place else None


def _loads_or_dumps(found: re.Match, error: Error, source: Source) -> Finding | None:
    if error.place is None:
        return None
    del source
    kind = "json-dumps-wanted" if found[1] == "dict" else "json-loads-argument"
    return at(kind, error.place, error=error.text)


def _keyword(found: re.Match, error: Error, source: Source) -> Finding | None:
    function, keyword = found[1].rpartition(".")[2], found[2]
    method = source.methods().get(function)
    if function in ("receive",) and method is not None:
        return Finding("receive-parameter", CONSUMERS, method.lineno, {"name": keyword})
    if error.place is None:
        return None
    return at("keyword", error.place, name=keyword, of=function)


def _no_self(found: re.Match, error: Error, source: Source) -> Finding | None:
    method = source.methods().get(found[1].rpartition(".")[2])
    if method is None or (method.args.args and method.args.args[0].arg == "self"):
        return at("arguments", error.place, error=error.text) if error.place else None
    return Finding("self-parameter", CONSUMERS, method.lineno, {"name": method.name})


def _missing_argument(found: re.Match, error: Error, source: Source) -> Finding | None:
    function = found[1].rpartition(".")[2]
    if function in ("dump", "load"):
        return at("json-s-missing", error.place, name=function)
    if error.place and error.place.file == URLS:
        return at("view-called", error.place, name=function)
    method = source.methods().get(function)
    if method is not None and error.place and error.place.file != CONSUMERS:
        return Finding("arguments", CONSUMERS, method.lineno, {"error": error.text})
    if method is not None and not calls(method, function) and function in _handlers(source):
        return Finding("arguments", CONSUMERS, method.lineno, {"error": error.text})
    return at("arguments", error.place, error=error.text) if error.place else None


def _handlers(source: Source) -> list[str]:
    return [name for name in source.methods() if name in ("connect", "receive", "disconnect")]


def _await(found: re.Match, error: Error, source: Source) -> Finding | None:
    kind = found[1]
    if kind == "NoneType":
        if error.place:
            return at("await-on-sync", error.place)
        plain = [
            method
            for name, method in source.methods().items()
            if isinstance(method, ast.FunctionDef) and name != "__init__"
        ]
        if plain and source.is_async():
            return Finding("def-in-async", CONSUMERS, plain[0].lineno, {"name": plain[0].name})
        return None
    node = source.consumer()
    if (node and kind == node.name) or kind.endswith("Consumer"):
        return as_asgi(source)
    if error.place and kind == "method":
        name = re.search(
            r"await\s+([\w.]+)", source.source_line(error.place.file, error.place.line)
        )
        return at("not-called", error.place, name=name[1] if name else kind)
    if error.place:
        return at("await-on-sync", error.place)
    return None


def as_asgi(source: Source) -> Finding:
    """A route to a consumer's class, not to the application that as_asgi() makes of it."""
    for file in (ROUTING, ASGI):
        line = source.line(file, r"Consumer\b(?!\.as_asgi)(?!.*import)") or None
        if line and "as_asgi" not in source.lines(file)[line - 1]:
            return Finding("as-asgi-missing", file, line)
        line = source.line(file, r"\.as_asgi(?!\()")
        if line:
            return Finding("as-asgi-not-called", file, line)
    return Finding("as-asgi-missing", ROUTING, source.line(ROUTING, r"path\("))


def _not_callable(_: re.Match, error: Error, source: Source) -> Finding | None:
    place = error.place
    if place is None:
        if source.line(ASGI, r"URLRouter\(") is None and "AuthMiddlewareStack" in source.text(ASGI):
            return Finding(
                "urlrouter-missing",
                ASGI,
                source.line(ASGI, r"websocket_urlpatterns|AuthMiddlewareStack\("),
            )
        return None
    return at("error-in-line", place, error=error.text)


_TYPE_ERRORS = (
    (r"(\S+)\(\) takes (?:from )?(\d+)(?: to \d+)? positional arguments? but (\d+)", _takes),
    (r"(\S+)\(\) got an unexpected keyword argument '(\w+)'", _keyword),
    (r"(\S+)\(\) got multiple values for argument", _no_self),
    (r"(\S+)\(\) missing \d+ required (?:positional|keyword-only) argument", _missing_argument),
    (r"object (\w+) can't be used in 'await' expression", _await),
    (r"string indices must be integers", "json-loads-missing"),
    (r"JSON object must be str, bytes or bytearray, not (\w+)", _loads_or_dumps),
    (r"is not JSON serializable", "json-serializable"),
    (r"'URLPattern' object is not iterable", "routes-list"),
    (r"object is not callable", _not_callable),
)


def asynchronous(evidence: Evidence, source: Source) -> Finding | None:
    """Coroutines that nobody awaited, and calls between the sync and the async world."""
    if evidence.saying(r"You cannot use AsyncToSync in the same thread"):
        place = evidence.place
        return at("async-to-sync-in-async", place)
    if evidence.of_type("SynchronousOnlyOperation"):
        return at("sync-only", evidence.place)
    for warning in evidence.warned:
        name = (warning.never_awaited or "").rpartition(".")[2]
        if not name or evidence.kind == "hang":
            continue
        place = warning.place
        method = source.methods().get(name)
        if isinstance(method, ast.AsyncFunctionDef) and (place is None or not place.own):
            if not source.is_async():
                return Finding("async-def-in-sync", CONSUMERS, method.lineno, {"name": name})
            return None
        if place is None or not place.own:
            continue
        if _wrapped_call(place, source):
            return at("async-to-sync-called-inside", place, name=name)
        in_async = _in_async(place, source)
        if in_async:
            return at("await-missing", place, name=name)
        return at("async-to-sync-missing", place, name=name)
    return None


def _wrapped_call(place: Frame, source: Source) -> bool:
    for call in calls(source.tree(place.file), "async_to_sync"):
        if call.lineno <= place.line <= (call.end_lineno or 0) and call.args:
            return isinstance(call.args[0], ast.Call)
    return False


def _in_async(place: Frame, source: Source) -> bool:
    tree = source.tree(place.file)
    return any(
        isinstance(node, ast.AsyncFunctionDef)
        and node.lineno <= place.line <= (node.end_lineno or 0)
        for node in ast.walk(tree or ast.Module([], []))
    )


def raised(evidence: Evidence, _: Source) -> Finding | None:
    """Any other exception in the learner's code: the line that raises it, and no guess why."""
    for error in evidence.errors:
        if error.place and error.place.file != MANAGE:
            return at("error-in-line", error.place, error=error.text)
    return None


RULES = (
    syntax,
    not_utf8,
    exits,
    never_ends,
    shadows,
    asynchronous,
    module_missing,
    import_failed,
    name_error,
    attribute_error,
    key_error,
    type_error,
)

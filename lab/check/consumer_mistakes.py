"""Mistakes in the consumer that raise nothing: silence, a wrong answer, a closed socket."""

import ast
import difflib
import json

from lab.check.evidence import Evidence
from lab.check.findings import Finding
from lab.check.python_mistakes import file_missing
from lab.check.source import CONSUMERS, Source, calls, key_line, mentions

HANDLERS = ("connect", "receive", "disconnect", "receive_json")
PROBES = ("consumer", "routing", "application", "server", "browser")


def _method_line(source: Source, name: str) -> int | None:
    method = source.methods().get(name)
    return method.lineno if method else None


def _found(kind: str, line: int | None, **values: object) -> Finding:
    return Finding(kind, CONSUMERS, line, values)


def class_missing(evidence: Evidence, source: Source) -> Finding | None:
    """No class in chat/consumers.py that a route could lead to."""
    if evidence.kind != "structure" or evidence.seen.get("part") != "consumer":
        return None
    if evidence.seen.get("missing"):
        return file_missing(CONSUMERS, source)
    if source.empty(CONSUMERS):
        return Finding("file-empty", CONSUMERS, None, {"name": "ChatConsumer"})
    node = source.consumer()
    if node is not None:
        return _found("consumer-base", node.lineno, name=node.name)
    line = source.line(CONSUMERS, r"^\s*(def|class)\s")
    return _found("consumer-missing", line, name="ChatConsumer")


def event_without_handler(evidence: Evidence, source: Source) -> Finding | None:
    """An event whose type names no method."""
    if evidence.saying(r"Incoming message has no 'type'"):
        return _found("event-type-missing", _call_line(source, "group_send"))
    if evidence.saying(r"Malformed type in message"):
        asked = evidence.seen.get("asked") or []
        sent = [e["event"].get("type") for e in asked if e["call"] == "group_send"]
        name = sent[-1] if sent else "_"
        return _found("event-type", _type_line(source), name=name, near="chat_message")
    found = evidence.saying(r"No handler for message type (\S+)")
    if not found:
        if evidence.of_type("AttributeError") and evidence.saying(r"has no attribute 'replace'"):
            return _found("event-type", _type_line(source), name="type", near="chat_message")
        return None
    kind = found[1]
    if kind.startswith("websocket."):
        node = source.consumer()
        return _found(
            "consumer-base", node.lineno if node else None, name=node.name if node else ""
        )
    wanted = kind.replace(".", "_")
    strays = source.strays()
    if wanted in strays:
        return _found("method-outside-class", strays[wanted], name=wanted)
    methods = [name for name in source.methods() if name not in HANDLERS]
    near = difflib.get_close_matches(wanted, methods, 1, 0.5)
    if wanted == "chat_message" and near:
        return _found("handler-name", _method_line(source, near[0]), name=near[0], near=wanted)
    if near or methods:
        target = near[0] if near else methods[-1]
        return _found("event-type", _type_line(source, kind), name=kind, near=target)
    return _found("handler-missing", _type_line(source, kind), name=kind)


def _type_line(source: Source, kind: str | None = None) -> int | None:
    for method in source.methods().values():
        if "group_send" in ast.unparse(method):
            for node in ast.walk(method):
                if isinstance(node, ast.Dict):
                    line = key_line(node, "type")
                    if line:
                        return line
    return source.line(CONSUMERS, kind) if kind else None


def _call_line(source: Source, name: str) -> int | None:
    node = source.consumer()
    found = mentions(node, name)
    return found[0].lineno if found else None


def group_name(evidence: Evidence, source: Source) -> Finding | None:
    """A group's, or a channel's, name that a layer refuses."""
    if not evidence.saying(r"(Group|Channel) name must be"):
        return None
    add = next(iter(_layer_calls(source, "group_add")), None)
    if add and len(add) == 2 and "channel_name" in ast.unparse(add[0]):
        return _found("group-add-swapped", add[0].lineno)
    place = evidence.place
    line = place.line if place and place.file == CONSUMERS else None
    send = next(iter(_layer_calls(source, "group_send")), None)
    if send and "channel_name" in ast.unparse(send[0]):
        values = {"added": "self.room_group_name", "sent": "self.channel_name"}
        return _found("group-differs", send[0].lineno, **values)
    assigned = source.line(CONSUMERS, r"self\.room_group_name\s*=|group_name\s*=")
    return _found("group-name-invalid", assigned or line)


def _layer_calls(source: Source, name: str) -> list[list[ast.expr]]:
    """The arguments of each call of a layer's method, wrapped in async_to_sync or awaited."""
    found = []
    for call in ast.walk(source.consumer() or ast.Module([], [])):
        if isinstance(call, ast.Call):
            function = call.func
            if isinstance(function, ast.Call) and function.args:
                function = function.args[0]  # async_to_sync(layer.group_add)(...)
            if isinstance(function, ast.Attribute) and function.attr == name:
                found.append(call.args)
    return found


def refused(evidence: Evidence, source: Source) -> Finding | None:
    """A connection that the consumer itself refuses or closes."""
    if evidence.kind not in ("refused", "closed") or evidence.errors:
        return None
    node = source.consumer()
    for name in ("connect", "websocket_connect", "receive", "chat_message"):
        method = source.methods().get(name)
        closing = calls(method, "close")
        if closing:
            kind = "connect-refused" if evidence.kind == "refused" else "closes-itself"
            return _found(kind, closing[0].lineno)
    line = source.line(CONSUMERS, r"raise DenyConnection|\.close\(")
    if line is None or node is None:
        return None
    return _found("connect-refused" if evidence.kind == "refused" else "closes-itself", line)


def sent_too_early(evidence: Evidence, source: Source) -> Finding | None:
    """A frame that was sent before the connection was accepted."""
    if evidence.kind != "sent-early":
        return None
    sending = calls(source.methods().get("connect"), "send")
    own = [call for call in sending if _is_self(call)]
    return _found("send-before-accept", own[0].lineno) if own else None


def silent_connect(evidence: Evidence, source: Source) -> Finding | None:
    """A handshake without an answer."""
    if evidence.kind != "silence" or evidence.seen.get("where") != "connect":
        return None
    if evidence.probe not in ("consumer", "routing", "application"):
        return None
    method = source.methods().get("connect")
    if method is None:
        return None
    reached = calls(method, "accept")
    if reached:
        ends = [node.lineno for node in ast.walk(method) if isinstance(node, ast.Return)]
        early = [line for line in ends if line < reached[0].lineno]
        return _found("accept-not-reached", early[0] if early else reached[0].lineno)
    bare = mentions(method, "accept")
    if bare:
        return _found("not-called", bare[0].lineno, name="self.accept")
    elsewhere = calls(source.consumer(), "accept")
    if elsewhere:
        return _found("accept-elsewhere", elsewhere[0].lineno)
    return _found("accept-missing", method.lineno)


def misnamed_handler(evidence: Evidence, source: Source) -> Finding | None:
    """A method that Channels never calls, because its name is another or it's in no class."""
    if evidence.kind not in ("silence", "answer", "twice") or evidence.probe not in PROBES:
        return None
    asked = evidence.seen.get("asked") or []
    calls_seen = {entry["call"] for entry in asked}
    if {"group_add", "group_send"} <= calls_seen:
        return None  # both handlers ran
    methods = source.methods()
    strays = source.strays()
    for name in ("connect", "receive"):
        missing = "group_add" if name == "connect" else "group_send"
        if missing in calls_seen or name in methods:
            continue
        if name in strays:
            return _found("method-outside-class", strays[name], name=name)
        others = [other for other in methods if other not in HANDLERS]
        near = difflib.get_close_matches(name, others, 1, 0.6)
        if not near:
            doing = [o for o in others if missing in ast.unparse(methods[o])]
            near = doing
        if near:
            return _found("handler-name", methods[near[0]].lineno, name=near[0], near=name)
        node = source.consumer()
        if node is not None and "receive_json" not in methods:
            return _found(f"{name}-missing", node.lineno, name=name)
    return None


def silent_group(evidence: Evidence, source: Source) -> Finding | None:
    """A message that does not come back, or not to everybody."""
    if evidence.kind not in ("silence", "answer", "closed") or evidence.probe not in PROBES:
        return None
    asked = evidence.seen.get("asked")
    if asked is None or evidence.seen.get("where") == "connect" or evidence.errors:
        return None
    adds = [entry for entry in asked if entry["call"] == "group_add"]
    sends = [entry for entry in asked if entry["call"] == "group_send"]
    if evidence.kind == "answer" and sends and all(entry["members"] for entry in sends):
        return None
    add_line, send_line = _call_line(source, "group_add"), _call_line(source, "group_send")
    to_self = [c for c in calls(source.methods().get("receive"), "send") if _is_self(c)]
    if not sends:
        if any(entry["call"] == "send" for entry in asked):
            return _found("layer-send", source.line(CONSUMERS, r"channel_layer\.send\b"))
        if send_line is None:
            if to_self:
                return _found("not-to-group", to_self[0].lineno)
            line = _method_line(source, "receive") or _method_line(source, "receive_json")
            return _found("group-send-missing", line)
        if _never_called(source, "group_send"):
            return _found("not-called", send_line, name="group_send")
        receive = source.methods().get("receive") or source.methods().get("receive_json")
        if receive is None or not mentions(receive, "group_send"):
            return None
        ends = [node.lineno for node in ast.walk(receive) if isinstance(node, ast.Return)]
        early = [line for line in ends if line < send_line]
        return _found("group-send-not-reached", early[0] if early else send_line)
    if not adds:
        if _never_called(source, "group_add") and add_line:
            return _found("not-called", add_line, name="group_add")
        if add_line is None:
            return _found("group-add-missing", _method_line(source, "connect"))
        return None
    if not all(entry["known"] for entry in adds):
        return _found("group-add-channel", add_line)
    if any(entry["members"] == 0 for entry in sends):
        values = {"added": adds[0]["group"], "sent": sends[-1]["group"]}
        if any(entry["call"] == "group_discard" for entry in asked):
            return _found("group-discarded", _call_line(source, "group_discard"))
        adds_to = {entry["group"] for entry in adds}
        if len(adds_to) > 1:
            return _found("group-each-own", add_line, **values)
        return _found("group-differs", _group_line(source, adds[0]["group"], send_line), **values)
    if any(entry["members"] == 1 for entry in sends):
        return _found("group-each-own", _assigned_group(source) or add_line)
    handler = _handler_of(sends[-1]["event"], source)
    if handler is not None and not calls(handler, "send") and not calls(handler, "send_json"):
        bare = mentions(handler, "send") + mentions(handler, "send_json")
        if bare:
            return _found("not-called", bare[0].lineno, name="self.send")
        return _found("send-missing", handler.lineno, name=handler.name)
    return None


def _group_line(source: Source, added: str, send_line: int | None) -> int | None:
    """The odd one of the two group names: the one that's written out beside a variable."""
    sends = _layer_calls(source, "group_send")
    adds = _layer_calls(source, "group_add")
    if sends and sends[0] and isinstance(sends[0][0], ast.Constant):
        return sends[0][0].lineno
    if adds and adds[0] and isinstance(adds[0][0], ast.Constant):
        return adds[0][0].lineno
    del added
    return sends[0][0].lineno if sends and sends[0] else send_line


def _assigned_group(source: Source) -> int | None:
    return source.line(CONSUMERS, r"group\w*\s*=")


def _is_self(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "self"
    )


def _never_called(source: Source, name: str) -> bool:
    """Whether the layer's method stands there, wrapped or not, without its second pair of parens."""
    return bool(mentions(source.consumer(), name)) and not _layer_calls(source, name)


def _handler_of(event: dict, source: Source) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    return source.methods().get(str(event.get("type", "")).replace(".", "_"))


def wrong_answer(evidence: Evidence, source: Source) -> Finding | None:
    """A frame that isn't what the page expects."""
    if evidence.kind != "answer" or not evidence.seen.get("frames"):
        return None
    said = evidence.seen["said"]
    frame = _telling(evidence.seen["frames"], said)
    handler = _sender(source)
    node = handler or source.consumer()
    if isinstance(frame, dict) or not isinstance(frame, str):
        return _found("json-dumps-missing", _send_line(node), frame=str(frame))
    try:
        data = json.loads(frame)
    except ValueError:
        return _found("json-dumps-missing", _send_line(node), frame=frame)
    if isinstance(data, str):
        return _found("json-dumps-twice", _send_line(node), frame=frame)
    if not isinstance(data, dict):
        return _found("json-key-sent", _send_line(node), name=frame, near="type, message, message2")
    sent_event = next(
        (e["event"] for e in evidence.seen.get("asked") or () if e["call"] == "group_send"), {}
    )
    for key in ("type", "message", "message2"):
        if key in data:
            continue
        odd = [other for other in data if other not in ("type", "message", "message2")]
        near = difflib.get_close_matches(key, odd, 1, 0.3) or odd[:1]
        if near:
            line = key_line(node, near[0]) or key_line(source.consumer(), near[0])
            return _found("json-key-sent", line or _send_line(node), name=near[0], near=key)
        return _found("json-key-missing", _send_line(node), name=key, frame=frame)
    if data["type"] != "chat":
        line = key_line(node, "type") or _send_line(node)
        if sent_event and data["type"] == sent_event.get("type") and not _has_dict(handler):
            line = _send_line(node)
        return _found("json-type", line, name=data["type"])
    for key in ("message", "message2"):
        if data[key] == said[key]:
            continue
        other = "message2" if key == "message" else "message"
        in_event = sent_event.get(key) if sent_event else None
        line = None
        if sent_event and in_event != said[key]:
            line = _value_line(source, key, other)
        return _found(
            "json-value",
            line or _value_line_in(handler, key, other) or key_line(node, key) or _send_line(node),
            name=key,
            value=data[key],
        )
    return None


def _has_dict(node: ast.AST | None) -> bool:
    return any(isinstance(found, ast.Dict) for found in ast.walk(node or ast.Module([], [])))


def _value_line(source: Source, key: str, other: str) -> int | None:
    """In receive: the line that gives key another key's value."""
    methods = source.methods()
    return _value_line_in(methods.get("receive") or methods.get("receive_json"), key, other)


def _value_line_in(node: ast.AST | None, key: str, other: str) -> int | None:
    for found in ast.walk(node or ast.Module([], [])):
        if isinstance(found, ast.Assign):
            names = [t.id for t in found.targets if isinstance(t, ast.Name)]
            value = ast.unparse(found.value)
            if names == [key] and f"'{key}'" not in value and f'"{key}"' not in value:
                return found.lineno
        if isinstance(found, ast.Dict):
            for name, value in zip(found.keys, found.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == key:
                    text = ast.unparse(value)
                    if text == other or isinstance(value, ast.Constant) or f"'{other}'" in text:
                        return name.lineno
    return None


def _telling(frames: list, said: dict) -> object:
    """The frame that comes nearest to the answer."""
    return next((f for f in frames if any(v in str(f) for v in said.values())), frames[-1])


def _sender(source: Source) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The method that answers a group's event."""
    own = [m for name, m in source.methods().items() if name not in HANDLERS]
    sending = [m for m in own if calls(m, "send") or calls(m, "send_json")]
    named = [m for m in sending if m.name == "chat_message"]
    return (named or sending or [None])[0]


def _send_line(node: ast.AST | None) -> int | None:
    found = calls(node, "send") + calls(node, "send_json")
    own = [call for call in found if _is_self(call)]
    return own[0].lineno if own else None


def twice(evidence: Evidence, source: Source) -> Finding | None:
    """A message that arrives more than once."""
    if evidence.kind != "twice":
        return None
    receive = source.methods().get("receive") or source.methods().get("receive_json")
    direct = [call for call in calls(receive, "send") if _is_self(call)]
    if direct:
        return _found("message-twice", direct[0].lineno)
    lines = [found.lineno for found in mentions(source.consumer(), "group_send")]
    if len(lines) > 1:
        return _found("message-twice", lines[-1])
    sender = _sender(source)
    lines = [call.lineno for call in calls(sender, "send") if _is_self(call)]
    return _found("message-twice", lines[-1]) if len(lines) > 1 else None


def json_decode(evidence: Evidence, source: Source) -> Finding | None:
    """A text that json.loads can't read, though the client sent JSON."""
    error = evidence.of_type("JSONDecodeError")
    if error is None or error.place is None or error.place.file != CONSUMERS:
        return None
    del source
    return Finding("json-loads-argument", CONSUMERS, error.place.line, {"error": error.text})


# Said by Channels in so many words.
FIRST_RULES = (class_missing, event_without_handler, group_name, json_decode)
RULES = (
    sent_too_early,
    misnamed_handler,
    silent_connect,
    refused,
    twice,
    silent_group,
    wrong_answer,
)

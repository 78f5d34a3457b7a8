"""Mistakes around the consumer: the machine, settings, addresses, templates, routes, asgi.py."""

import ast
import difflib
import re

from lab.check.evidence import Evidence
from lab.check.findings import Finding, at
from lab.check.python_mistakes import as_asgi, file_missing, glued_strings
from lab.check.source import (
    ASGI,
    MANAGE,
    ROUTING,
    SETTINGS,
    TEMPLATE,
    URLS,
    VIEWS,
    Source,
    calls,
)

WEBSOCKET_PATH = "ws/socket-server/"


def machine(evidence: Evidence, _: Source) -> Finding | None:
    """A Python, a package, a port or a proxy that stands in the way."""
    kinds = {
        "python": "env-python-old",
        "package": "env-package-missing",
        "package-version": "env-package-version",
        "proxy": "env-proxy",
        "port": "env-port",
        "settings-variable": "env-settings-module",
    }
    kind = kinds.get(evidence.kind)
    return Finding(kind, None, None, dict(evidence.seen)) if kind else None


def no_manage(evidence: Evidence, source: Source) -> Finding | None:
    """No manage.py where the project should be."""
    if evidence.kind == "manage-idle":
        line = source.line(MANAGE, r"if .*__name__") or source.line(MANAGE, r"^def main")
        return Finding("manage-idle", MANAGE, line)
    if evidence.kind != "no-manage":
        return None
    deeper = [file for file in source.files if file.endswith("/manage.py")]
    if deeper:
        values = {"found": deeper[0], "expected": MANAGE}
        return Finding("wrong-folder", MANAGE, None, values)
    like = source.like(MANAGE)
    if like and "/" not in like:
        return Finding("file-name", MANAGE, None, {"found": like, "expected": MANAGE})
    return Finding("file-missing", MANAGE, None, {"expected": MANAGE})


def settings_errors(evidence: Evidence, source: Source) -> Finding | None:
    """What Django says of settings."""
    if evidence.saying(r"daphne\.E001"):
        return Finding("daphne-order", SETTINGS, source.line(SETTINGS, r"""["']daphne["']"""))
    found = evidence.saying(r"Model class (\S+) doesn't declare an explicit app_label")
    if found:
        app = ".".join(found[1].split(".")[:3])
        near = _app_like(app, source)
        return Finding(
            "app-required", SETTINGS, near or _line_of(source, "INSTALLED_APPS"), {"name": app}
        )
    found = evidence.saying(r"Unknown parameters: (\w+)")
    if found and difflib.get_close_matches(found[1], ["APP_DIRS"], 1, 0.7):
        line = source.line(SETTINGS, rf"""["']{found[1]}["']""")
        return Finding("template-app-dirs", SETTINGS, line)
    found = evidence.saying(r"Application labels aren't unique, duplicates: (\S+)")
    if found:
        first = source.line(SETTINGS, rf"""["'](\w+\.)*{found[1]}["']""")
        second = source.line(SETTINGS, rf"""["'](\w+\.)*{found[1]}["']""", after=first or 0)
        return Finding("app-twice", SETTINGS, second or first, {"name": found[1]})
    if evidence.saying(r"SECRET_KEY setting must not be empty"):
        return _setting(source, "SECRET_KEY")
    if evidence.saying(r"must be (a list|a tuple|a list or a tuple|a list or tuple|strings)"):
        found = evidence.saying(r"The (\w+) setting must be")
        if found:
            return Finding("setting-list", SETTINGS, _line_of(source, found[1]), {"name": found[1]})
    found = evidence.saying(r"Cannot import '([^']+)'\. Check that '([^']+)' is correct")
    if found:
        place = evidence.place
        return at("setting-path", place, name=found[1])
    found = evidence.saying(
        r"has no attribute 'ROOT_URLCONF'|'Settings' object has no attribute '(\w+)'"
    )
    if found and found[1] != "ASGI_APPLICATION":
        return _setting(source, found[1] or "ROOT_URLCONF")
    return None


def _app_like(app: str, source: Source) -> int | None:
    parts = app.split(".")
    for file_line, text in enumerate(source.lines(SETTINGS), 1):
        quoted = re.findall(r"""["']([^"']+)["']""", text)
        for name in quoted:
            if name != app and difflib.SequenceMatcher(None, name, ".".join(parts)).ratio() > 0.85:
                return file_line
    return None


def _line_of(source: Source, name: str) -> int | None:
    node = source.setting(name)
    return node.lineno if node else None


def _setting(source: Source, name: str) -> Finding:
    """A setting that is missing, or that is called almost so."""
    like = source.setting_like(name)
    if like and source.setting(name) is None:
        return Finding("setting-name", SETTINGS, like[1], {"name": like[0], "near": name})
    return Finding("setting-missing", SETTINGS, None, {"name": name})


def settings_variable(evidence: Evidence, source: Source) -> Finding | None:
    """Settings that nobody told Django the name of."""
    if not evidence.saying(
        r"settings are not configured|must either define the environment variable"
    ):
        return None
    order = _import_before_django(source)
    if evidence.probe in ("server", "application", "browser"):
        if order:
            return Finding("asgi-order", ASGI, order)
        line = source.line(ASGI, r"environ")
        return Finding("settings-variable", ASGI, line)
    file = MANAGE
    return Finding("settings-variable", file, source.line(file, r"environ"))


def _import_before_django(source: Source) -> int | None:
    """In asgi.py: the import of the project's code that comes before Django is loaded."""
    tree = source.tree(ASGI)
    for node in tree.body if tree else ():
        if any(calls(node, "get_asgi_application")) or any(calls(node, "setup")):
            return None
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            if any(name.partition(".")[0] in ("chat", "mywebsite") for name in names):
                return node.lineno
            if isinstance(node, ast.ImportFrom) and node.level:
                return node.lineno
    return None


def asgi_order(evidence: Evidence, source: Source) -> Finding | None:
    """Models or settings used before Django's apps are loaded."""
    if not evidence.of_type("AppRegistryNotReady"):
        return None
    line = _import_before_django(source)
    if evidence.probe in ("server", "application", "browser", "settings") and line:
        return Finding("asgi-order", ASGI, line)
    place = evidence.place
    return at("apps-not-ready", place) if place else None


def not_a_websocket_application(evidence: Evidence, source: Source) -> Finding | None:
    """An asgi.py without the part that answers WebSockets, or HTTP."""
    if evidence.saying(r"Django can only handle ASGI/HTTP connections, not websocket"):
        line = source.line(ASGI, r"^application\s*=")
        router = source.line(ASGI, r"ProtocolTypeRouter\(")
        if router:
            return Finding("websocket-to-django", ASGI, source.line(ASGI, r"""["']websocket["']"""))
        return Finding("protocol-router-missing", ASGI, line)
    found = evidence.saying(r"No application configured for scope type '(\w+)'")
    if found:
        wanted = found[1]
        keys = _router_keys(source)
        near = difflib.get_close_matches(wanted, [key for key in keys if key != wanted], 1, 0.5)
        if near:
            return Finding("protocol-key", ASGI, keys[near[0]], {"name": near[0], "near": wanted})
        others = [key for key in keys if key not in ("http", "websocket")]
        if others:
            return Finding(
                "protocol-key", ASGI, keys[others[0]], {"name": others[0], "near": wanted}
            )
        return Finding(
            "protocol-missing", ASGI, source.line(ASGI, "ProtocolTypeRouter\\("), {"name": wanted}
        )
    if evidence.saying(r"'(dict|list|set|tuple)' object is not callable") and evidence.probe in (
        "settings",
        "application",
        "server",
    ):
        return None
    return None


def _router_keys(source: Source) -> dict[str, int]:
    tree = source.tree(ASGI)
    found: dict[str, int] = {}
    for call in calls(tree, "ProtocolTypeRouter"):
        for node in ast.walk(call):
            if isinstance(node, ast.Dict):
                for key in node.keys:
                    if isinstance(key, ast.Constant):
                        found.setdefault(str(key.value), key.lineno)
    return found


def asgi_application(evidence: Evidence, source: Source) -> Finding | None:
    """An ASGI_APPLICATION that leads nowhere."""
    line = _line_of(source, "ASGI_APPLICATION")
    if evidence.saying(r"Cannot find ASGI_APPLICATION setting"):
        like = source.setting_like("ASGI_APPLICATION")
        if line is None and like:
            return Finding(
                "setting-name", SETTINGS, like[1], {"name": like[0], "near": "ASGI_APPLICATION"}
            )
        return Finding(
            "asgi-application", SETTINGS, line, {"name": source.source_line(SETTINGS, line) or "—"}
        )
    found = evidence.saying(r"Cannot find '([^']+)' in ASGI_APPLICATION module (\S+)")
    if found:
        circular = source.line(ASGI, r"get_default_application\(") or source.line(
            ASGI, r"import get_default_application"
        )
        if circular:
            return Finding("old-import", ASGI, circular, {"name": "get_default_application"})
        if found[1] == "application" and found[2] == "mywebsite.asgi":
            return _application_name(source)
        return Finding("asgi-application", SETTINGS, line, {"name": f"{found[2]}.{found[1]}"})
    found = evidence.saying(r"Cannot import ASGI_APPLICATION module '([^']+)'")
    if found and (found[1] != "mywebsite.asgi"):
        return Finding("asgi-application", SETTINGS, line, {"name": found[1]})
    found = evidence.saying(r"module 'mywebsite\.asgi' has no attribute 'application'")
    return _application_name(source) if found else None


def _application_name(source: Source) -> Finding:
    tree = source.tree(ASGI)
    names = {
        target.id: node.lineno
        for node in (tree.body if tree else ())
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    routers = [
        name
        for name, line in names.items()
        if "ProtocolTypeRouter(" in source.source_line(ASGI, line)
    ]
    near = routers or difflib.get_close_matches("application", names, 1, 0.3) or list(names)[-1:]
    if source.empty(ASGI):
        return Finding("file-empty", ASGI, None, {"name": "application"})
    values = {"name": "application", "found": near[0] if near else "—"}
    return Finding("application-name", ASGI, names.get(near[0]) if near else None, values)


def channel_layers(evidence: Evidence, source: Source) -> Finding | None:
    """A channel layer that isn't there, or that doesn't carry."""
    line = _line_of(source, "CHANNEL_LAYERS")
    if evidence.kind == "layer-unset":
        like = source.setting_like("CHANNEL_LAYERS")
        if line is None and like:
            return Finding(
                "setting-name", SETTINGS, like[1], {"name": like[0], "near": "CHANNEL_LAYERS"}
            )
        if line is None:
            return Finding("channel-layers-missing", SETTINGS, None)
        return Finding("channel-layers-default", SETTINGS, _key_below(source, line) or line)
    found = evidence.saying(r"Cannot import BACKEND '([^']*)'")
    if found:
        if "redis" in found[1].lower():
            missing = evidence.of_type("ModuleNotFoundError")
            if missing and missing.more.get("name") == "channels_redis":
                name = "channels_redis"
                return Finding(
                    "redis-package",
                    SETTINGS,
                    source.line(SETTINGS, re.escape(found[1])),
                    {"name": name},
                )
        at_line = source.line(SETTINGS, re.escape(found[1])) if found[1] else line
        return Finding("channel-layers-backend", SETTINGS, at_line, {"name": found[1]})
    if evidence.saying(r"No BACKEND specified"):
        return Finding(
            "channel-layers-backend", SETTINGS, _inner_key(source, line) or line, {"name": "—"}
        )
    if (
        evidence.of_type("ConnectionError", "ConnectionRefusedError", "TimeoutError", "OSError")
        and "redis" in source.text(SETTINGS).lower()
    ):
        return Finding("redis-not-running", SETTINGS, source.line(SETTINGS, r"[Rr]edis"))
    if evidence.probe == "settings" and evidence.kind == "exception" and line:
        inner = evidence.error
        if inner and inner.place is None and any("channels/layers" in f.file for f in inner.frames):
            return Finding("channel-layers-backend", SETTINGS, line, {"name": inner.text})
    return None


def _key_below(source: Source, line: int) -> int | None:
    return source.line(SETTINGS, r"""["']\w*["']\s*:""", after=line - 1)


def _inner_key(source: Source, line: int | None) -> int | None:
    node = source.setting("CHANNEL_LAYERS")
    for found in ast.walk(node) if node else ():
        if isinstance(found, ast.Dict) and found is not node.value and found.keys and found.keys[0]:
            return found.keys[0].lineno
    return line


def runserver(evidence: Evidence, source: Source) -> Finding | None:
    """A runserver that isn't Daphne's."""
    if evidence.kind != "runserver":
        return None
    glued = glued_strings("daphne", source)
    if glued:
        return glued
    return Finding("daphne-missing", SETTINGS, _line_of(source, "INSTALLED_APPS"))


def template(evidence: Evidence, source: Source) -> Finding | None:
    """A template that Django doesn't find, or can't read."""
    found = evidence.of_type("TemplateDoesNotExist")
    if found:
        name = found.message.strip()
        place = found.place or evidence.place
        expected = f"chat/templates/{name}"
        exact = [f for f in source.files if f.endswith(f"templates/{name}")]
        if exact:
            return _template_not_looked_for(exact[0], source)
        alike = [file for file in source.files if file.endswith(".html")]
        known = [f.partition("/templates/")[2] for f in alike if "/templates/" in f]
        inner = [other for other in known if other.endswith("/" + name)]
        if inner:
            return at("template-name", place, name=name, near=inner[0])
        if any(file.endswith("/" + name) or file == name for file in alike) or not any(
            "/templates/" in file for file in alike
        ):
            moved = next(
                (f for f in alike if f.rpartition("/")[2] == name.rpartition("/")[2]), None
            )
            if moved:
                return Finding(
                    "template-folder", expected, None, {"found": moved, "expected": expected}
                )
        if name == "chat/index.html":
            like = source.like(TEMPLATE)
            if like:
                return Finding(
                    "template-folder", expected, None, {"found": like, "expected": expected}
                )
            return Finding("file-missing", expected, None, {"expected": expected})
        there = [f.partition("templates/")[2] for f in alike]
        near = difflib.get_close_matches(name, there, 1, 0.3) or there[:1]
        return at("template-name", place, name=name, near=near[0] if near else "—")
    found = evidence.of_type("TemplateSyntaxError")
    if found:
        tag = re.search(r"'([^']+)'", found.message)
        line = None
        for number, text in enumerate(source.lines(_page_file(source)), 1):
            if "{%" in text or "{{" in text:
                words = re.findall(r"\w+", text)
                if not tag or tag[1].split()[0] in words or tag[1] in text:
                    line = number
                    break
        return Finding("template-syntax", _page_file(source), line, {"error": found.text})
    if evidence.of_type("NoReverseMatch"):
        line = source.line(_page_file(source), r"{%\s*url")
        return Finding(
            "template-syntax",
            _page_file(source),
            line,
            {"error": evidence.of_type("NoReverseMatch").text},
        )
    if evidence.saying(r"Could not parse|Invalid template library"):
        return Finding("template-syntax", _page_file(source), None, {"error": evidence.error.text})
    if evidence.of_type("InvalidTemplateEngineError", "InvalidTemplateLibrary"):
        return Finding(
            "setting-path", SETTINGS, source.line(SETTINGS, "BACKEND"), {"name": "TEMPLATES"}
        )
    return None


def _page_file(source: Source) -> str:
    if TEMPLATE in source.files:
        return TEMPLATE
    return next((file for file in source.files if file.endswith(".html")), TEMPLATE)


def _template_not_looked_for(file: str, source: Source) -> Finding | None:
    app = file.partition("/")[0]
    for name in ("TEMPLATES", "INSTALLED_APPS"):
        if not source.setting(name):
            return _setting(source, name)
    line = source.line(SETTINGS, r"APP_DIRS")
    if line and not re.search(r"APP_DIRS.*True", source.lines(SETTINGS)[line - 1]):
        return Finding("template-app-dirs", SETTINGS, line)
    if app == "chat" and not re.search(r"""["']chat(\.apps\.\w+)?["']""", source.text(SETTINGS)):
        return Finding("app-chat-missing", SETTINGS, _line_of(source, "INSTALLED_APPS"))
    if line is None:
        near = source.line(SETTINGS, r"DIRS")
        return Finding("template-app-dirs", SETTINGS, near or _line_of(source, "TEMPLATES"))
    if file == TEMPLATE:
        return None
    return Finding("template-folder", TEMPLATE, None, {"found": file, "expected": TEMPLATE})


def no_engine(evidence: Evidence, source: Source) -> Finding | None:
    """TEMPLATES without Django's engine."""
    if evidence.saying(r"No DjangoTemplates backend is configured"):
        return _setting(source, "TEMPLATES")
    return None


def addresses(evidence: Evidence, source: Source) -> Finding | None:
    """An urls.py that doesn't lead to the page."""
    if evidence.saying(r"does not appear to have any patterns in it"):
        tree = source.tree(URLS)
        names = {
            t.id: n.lineno
            for n in (tree.body if tree else ())
            if isinstance(n, ast.Assign)
            for t in n.targets
            if isinstance(t, ast.Name)
        }
        if source.empty(URLS):
            return Finding("file-empty", URLS, None, {"name": "urlpatterns"})
        near = list(names)[:1]
        line = names[near[0]] if near else None
        return Finding("urlpatterns-name", URLS, line, {"found": near[0] if near else "—"})
    if evidence.saying(r"view must be a callable"):
        place = evidence.place
        return at("view-not-callable", place)
    odd = evidence.of_type("AttributeError") if evidence.probe == "page" else None
    if evidence.saying(r"didn't return an HttpResponse") or (odd and not odd.place):
        line = source.line(VIEWS, r"def ")
        return Finding("view-returns-nothing", VIEWS, line)
    if evidence.kind != "http" or evidence.seen.get("through"):
        return None
    if evidence.seen["status"] == 404:
        return Finding("url-path", URLS, source.line(URLS, r"path\("))
    if evidence.seen["status"] == 400:
        return Finding("allowed-hosts", SETTINGS, _line_of(source, "ALLOWED_HOSTS"))
    return None


def hosts(evidence: Evidence, source: Source) -> Finding | None:
    """A host that ALLOWED_HOSTS doesn't allow."""
    if evidence.kind == "hosts-empty":
        return Finding("allowed-hosts", SETTINGS, _line_of(source, "DEBUG"))
    if evidence.of_type("DisallowedHost") or evidence.saying(
        r"Invalid HTTP_HOST header|set ALLOWED_HOSTS"
    ):
        line = _line_of(source, "ALLOWED_HOSTS") or _line_of(source, "DEBUG")
        return Finding("allowed-hosts", SETTINGS, line)
    return None


def database(evidence: Evidence, source: Source) -> Finding | None:
    """A page that needs tables that nobody made."""
    del source
    if evidence.saying(r"no such table: (\w+)"):
        table = evidence.saying(r"no such table: (\w+)")[1]
        return Finding("database-tables", None, None, {"name": table})
    return None


def routes(evidence: Evidence, source: Source) -> Finding | None:
    """A routing.py that doesn't lead from the page's address to the consumer."""
    if evidence.kind == "structure" and evidence.seen.get("part") == "routing":
        if evidence.seen.get("missing"):
            return file_missing(ROUTING, source)
        if source.empty(ROUTING):
            return Finding("file-empty", ROUTING, None, {"name": "websocket_urlpatterns"})
        names = evidence.seen["names"]
        near = difflib.get_close_matches("websocket_urlpatterns", names, 1, 0.5)
        values = {"name": "websocket_urlpatterns", "found": near[0] if near else "—"}
        line = source.line(ROUTING, rf"^{re.escape(near[0])}\b") if near else None
        return Finding("routes-name", ROUTING, line, values)
    if evidence.kind == "not-a-list":
        line = source.line(ROUTING, rf"^{evidence.seen['name']}\b")
        return Finding("routes-list", ROUTING, line)
    if evidence.kind == "no-routes":
        line = source.line(ROUTING, rf"^{evidence.seen['name']}\b")
        return Finding("routes-empty", ROUTING, line)
    if evidence.saying(r"include\(\) is not supported in URLRouter"):
        return Finding("routes-include", ROUTING, source.line(ROUTING, r"include\("))
    found = evidence.saying(r"No route found for path '([^']*)'")
    if found and not found[1].strip("/") and evidence.probe in ("application", "server"):
        line = source.line(ASGI, r"""["']http["']""")
        return Finding("protocol-swapped", ASGI, line)
    if found:
        return _no_route(evidence, source)
    routes = evidence.seen.get("routes") or []
    for route in routes:
        if route["is_class"] or route["is_instance"]:
            return as_asgi(source)
        if route["is_method"]:
            return Finding("as-asgi-not-called", ROUTING, source.line(ROUTING, r"\.as_asgi"))
    if evidence.of_type("error") or evidence.saying(r"is not a valid regular expression"):
        return Finding("route-regex", ROUTING, source.line(ROUTING, r"re_path\("))
    return None


def _no_route(evidence: Evidence, source: Source) -> Finding:
    file = ROUTING if "path(" in source.text(ROUTING) else ASGI
    line = source.line(file, r"\b(re_)?path\(\s*r?[\"']") or source.line(file, r"\b(re_)?path\(")
    literal = source.line(file, r"""r?["'][^"']*["']""", after=(line or 1) - 1)
    patterns = [route["pattern"] for route in evidence.seen.get("routes") or ()]
    if not patterns:
        patterns = re.findall(r"""path\(\s*r?["']([^"']*)["']""", source.text(file))
    pattern = patterns[0] if patterns else "—"
    values = {"pattern": pattern, "expected": WEBSOCKET_PATH}
    plain = re.search(r"\bpath\(", source.lines(file)[line - 1]) if line else None
    if pattern.lstrip("^").startswith("/"):
        return Finding("route-leading-slash", file, literal or line, values)
    if plain and re.search(r"[\^$\\(]", pattern) and "re_path" not in source.lines(file)[line - 1]:
        return Finding("route-regex-in-path", file, literal or line, values)
    bare = pattern.strip("^$")
    if bare == WEBSOCKET_PATH.rstrip("/"):
        return Finding("route-slash", file, literal or line, values)
    return Finding("route-path", file, literal or line, values)


def asgi_parts(evidence: Evidence, source: Source) -> Finding | None:
    """Parts of asgi.py put together wrongly."""
    if evidence.probe not in ("settings", "application", "server", "browser"):
        return None
    text = source.text(ASGI)
    if evidence.saying(r"'module' object is not iterable"):
        line = source.line(ASGI, r"URLRouter\(")
        inner = source.line(ASGI, r"routing\b", after=(line or 1) - 1)
        return Finding("routes-module", ASGI, inner or line)
    if evidence.saying(r"'(list|tuple)' object is not callable"):
        line = source.line(ASGI, r"urlpatterns")
        if "URLRouter(" not in text:
            return Finding("urlrouter-missing", ASGI, line)
    if evidence.saying(r"(takes|missing|unexpected).*(argument)") and evidence.saying(
        r"ProtocolTypeRouter"
    ):
        return Finding("protocol-router-call", ASGI, source.line(ASGI, r"ProtocolTypeRouter\("))
    if evidence.kind == "not-callable":
        return Finding(
            "application-not-callable",
            ASGI,
            source.line(ASGI, r"^application\s*="),
            {"value": evidence.seen["value"]},
        )
    if evidence.kind == "http" and evidence.seen.get("through") and evidence.errors:
        return None
    if evidence.saying(r"'str' object is not callable") and evidence.place is None:
        for call in calls(source.tree(ASGI), "ProtocolTypeRouter"):
            for node in ast.walk(call):
                texts = [v for v in getattr(node, "values", ()) if isinstance(v, ast.Constant)]
                if isinstance(node, ast.Dict) and texts:
                    return Finding("protocol-text", ASGI, texts[0].lineno, {"name": texts[0].value})
    if re.search(r"get_wsgi_application\(", text) and evidence.of_type("TypeError"):
        return Finding("wsgi-in-asgi", ASGI, source.line(ASGI, r"get_wsgi_application\("))
    return None


def origin(evidence: Evidence, source: Source) -> Finding | None:
    """A handshake that is refused because of where the page comes from."""
    status = evidence.seen.get("status")
    refused = evidence.kind == "refused" or (evidence.kind == "handshake" and status == 403)
    if not refused or evidence.errors:
        return None
    line = source.line(ASGI, r"^\s+.*OriginValidator|= .*OriginValidator\(")
    if line and evidence.probe in ("application", "server"):
        if "AllowedHosts" in source.lines(ASGI)[line - 1]:
            hosts = _line_of(source, "ALLOWED_HOSTS")
            if hosts:
                return Finding("origin", SETTINGS, hosts)
        return Finding("origin", ASGI, line)
    return None


FIRST_RULES = (
    machine,
    no_manage,
    asgi_order,
    settings_variable,
    settings_errors,
    template,
    no_engine,
    hosts,
    database,
    addresses,
    origin,
    routes,
    not_a_websocket_application,
    asgi_parts,
    channel_layers,
)
RULES = (asgi_application, runserver)

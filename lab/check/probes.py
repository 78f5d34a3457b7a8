"""What is tried for a lesson, in order, up to the first failure."""

import dataclasses
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from urllib.parse import urlsplit

from lab import course
from lab.check import browse, own_tests, page_mistakes, product, scale, serving
from lab.check.environment import wrong_version
from lab.check.evidence import Evidence, from_process
from lab.check.inside_patience import PATIENCE
from lab.check.sandbox import INSIDE, Process, Sandbox
from lab.check.shadowing import shadowing
from lab.check.visitor import Answer
from lab.errors import LabError
from lab.run.browser import find_browser
from lab.run.server import WEBSOCKET_PATH
from lab.run.valkey import Valkey

TESTS = 8
"""The lesson that writes tests."""
PRODUCT = 9
"""The lesson from which on the chat becomes a product: it is judged as a whole, and served by
uvicorn, as Daphne sends no close code of the protocol's own, such as 1009."""
ACCOUNTS = 10
"""The lesson from which on there are accounts, and so a database."""
ROOMS = 11
"""The lesson from which on a page for each room holds the form."""
SCALE = 13
"""The lesson from which on frames have a way of their own to each connection, and several servers
share their rooms over Valkey."""
FAST = "chat.connection:Connection"
"""What serves the WebSockets then, as after uvicorn's --ws."""
LATEST = 99
STEPS = {
    "environment": (0, LATEST),
    "project": (1, LATEST),
    "database": (ACCOUNTS, LATEST),
    "page": (1, LATEST),
    "consumer": (2, PRODUCT - 1),
    "routing": (3, PRODUCT - 1),
    "settings": (4, LATEST),
    "application": (5, LATEST),
    "reader": (PRODUCT, LATEST),
}
"""The steps of inside.py in their order; the first and the last lesson for which each is tried."""
BROWSE_SECONDS = 5.5 * PATIENCE
LEARNERS_DATABASE = "learners.sqlite3"
"""What inside_database.py looks for."""
MARGIN = 0.6
"""Seconds that ending everything may take."""


class Tried:
    """The probes that passed, with what they saw, and the evidence of the one that failed."""

    def __init__(self) -> None:
        self.passed: dict[str, str] = {}
        self.failure: Evidence | None = None
        self.seen: dict[str, dict] = {}
        self.unable = ""


def try_lesson(number: int, box: Sandbox) -> Tried:
    """Try what the project should do after the lesson of that number."""
    with _valkey(box) if number >= SCALE else nullcontext() as valkey:
        return _try_lesson(number, box, valkey)


@contextmanager
def _valkey(box: Sandbox) -> Iterator[Valkey | None]:
    """A Valkey server of the check's own, or None where there is none for this system."""
    try:
        valkey = Valkey.start(box.notes / "valkey.log")
    except (LabError, OSError):
        yield None
        return
    try:
        yield valkey
    finally:
        with suppress(LabError):  # the check's own trouble
            valkey.stop()


def _try_lesson(number: int, box: Sandbox, valkey: Valkey | None) -> Tried:
    tried = Tried()
    tried.failure = shadowing(box) if number else None
    if tried.failure is not None:
        return tried
    if number >= ACCOUNTS:
        _own_database(box)
    browser = number >= 1 and find_browser() is not None
    # Started together, as each takes its time to be ready; used one after the other.
    inside = _start_inside(number, box, then_serve=browser)
    box.variables["CHANNEL_LAYER_URL"] = valkey.url if valkey else None
    server = _start_server(number, box) if number >= 5 else None
    beside = _start_server(number, box, "server beside") if valkey else None
    browsing = box.start(["-m", "lab.check.browse"], course.ROOT) if browser else None
    deferred = _follow_inside(inside, number, browser, box, tried)
    if tried.failure is not None or tried.unable or number < 1:
        return tried
    if server is None:
        _page(box, tried, browsing, None)
        return tried
    tests = own_tests.start(box) if number == TESTS else None
    try:
        with serving.served(server, box) as port:
            serving.talk(port, box)
            deferred = None  # what two clients of a server see is right, however it came about
            tried.passed["server"] = ""
            site = product.Site(port, lambda: box.left)
            for trial in product.trials(number):
                _attempt(trial, site, server, tried)
            if number >= SCALE:
                _attempt(scale.STOPPED, site, server, tried)
                _two_servers(box, tried, site, server, beside, valkey)
            if number < ACCOUNTS:
                _page(box, tried, browsing, f"http://127.0.0.1:{port}/")
            else:
                with serving.trying("browser", server):
                    _products_page(number, box, tried, browsing, site)
            if number >= product.LAST.since and tried.failure is None:
                _attempt(product.LAST, site, server, tried)
        if tests is not None and tried.failure is None:
            _own_tests(tests, box, tried)
    except product.OutOfTime:
        tried.unable = "slow"
    except serving.NotServed as failure:
        # What it saw of the project's tables, for a table that is missing.
        failure.evidence.seen.update(tables=tried.seen.get("database"))
        if deferred:
            _fail(tried, deferred)
        else:
            _fail(tried, failure.evidence, box)
    return tried


def _start_server(number: int, box: Sandbox, name: str = "server") -> serving.Served:
    program = "uvicorn" if number >= PRODUCT else "daphne"
    return serving.start(box, program, FAST if number >= SCALE else "auto", name)


def _two_servers(
    box: Sandbox,
    tried: Tried,
    site: product.Site,
    server: serving.Served,
    beside: serving.Served | None,
    valkey: Valkey | None,
) -> None:
    """What two servers tell each other over Valkey, where there is one."""
    if beside is None or valkey is None:
        tried.passed[scale.BESIDE.name] = "check_no_valkey"
        return
    with serving.served(beside, box) as port:
        site.beside = dataclasses.replace(site, port=port)
        site.valkey_port = valkey.port
        _attempt(scale.BESIDE, site, server, tried, beside)


def _own_tests(runs: own_tests.Runs, box: Sandbox, tried: Tried) -> None:
    tried.failure, in_time = own_tests.judge(runs, box, MARGIN)
    if not in_time:
        tried.unable = "slow"
    elif tried.failure is None:
        tried.passed["tests"] = ""


def _attempt(
    trial: product.Trial,
    site: product.Site,
    server: serving.Served,
    tried: Tried,
    *others: serving.Served,
) -> None:
    with serving.trying(trial.name, server, *others):
        trial.attempt(site)
    tried.passed[trial.name] = ""


def _own_database(box: Sandbox) -> None:
    """A database of the check's own, and the learner's out of the project's reach."""
    for file in box.folder.glob("*.sqlite3"):
        file.rename(box.notes / LEARNERS_DATABASE)
    for file in box.folder.glob("*.sqlite3-*"):
        file.rename(box.notes / file.name.replace(file.name.partition("-")[0], LEARNERS_DATABASE))
    box.variables |= {
        "DATABASE_URL": f"sqlite:///{box.notes / 'db.sqlite3'}",
        "SECRET_KEY": secrets.token_urlsafe(50),  # else both processes would make one at once
        "ALLOWED_HOSTS": None,  # as on somebody's own machine
        "CSRF_TRUSTED_ORIGINS": None,
        "CHANNEL_LAYER_URL": None,  # the lesson's own Valkey, which may have stopped
    }


def _fail(tried: Tried, evidence: Evidence, box: Sandbox | None = None) -> None:
    """Note a failure; one that only the machine's slowness explains is none of the project's."""
    late = box is not None and box.left < MARGIN + 1 and not evidence.errors
    kinds = ("hang", "server-silent", *(("silence", "no-http") if late else ()))
    if evidence.kind in kinds and not evidence.running:
        tried.unable = "slow"
    else:
        tried.failure = evidence


def _start_inside(number: int, box: Sandbox, then_serve: bool) -> Process:
    steps = ",".join(_steps(number))
    command = [str(INSIDE), str(box.folder), str(box.notes / "results"), steps]
    return box.start([*command, *(["serve"] if then_serve else [])])


def _steps(number: int) -> list[str]:
    return [name for name, (first, last) in STEPS.items() if first <= number <= last]


def _follow_inside(
    inside: Process, number: int, browser: bool, box: Sandbox, tried: Tried
) -> Evidence | None:
    """Wait for inside.py; returns the failure that stands only if the server fails too."""
    results = box.notes / "results"
    last = "serve" if browser else None
    while box.left > MARGIN:
        ended = inside.wait(0.02)
        if ended or (last and f'"{last}", "state": "passed"' in _read(results)):
            break
    passed, failure = from_process(inside, results)
    names = _steps(number)
    tried.passed = {name: "" for name in names if name in passed}
    tried.seen = passed
    if "environment" in passed:
        wrong = wrong_version(passed["environment"]["versions"])
        if wrong is not None:
            tried.passed.pop("environment")
            tried.failure = wrong
            return None
    if failure is not None and "database" in passed:
        failure.seen.update(tables=passed["database"])
    if "through" in passed:
        return failure
    if failure is None:
        tried.unable = "slow"
        return None
    _fail(tried, failure)
    return None


def _read(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


def _page(box: Sandbox, tried: Tried, browsing: Process | None, address: str | None) -> None:
    """Use the page in a browser, or without one look at what it is made of."""
    html = tried.seen["page"]["html"]
    if "serve" not in tried.seen:
        page = page_mistakes.parsed(html)
        if page.fields < 2:
            tried.failure = Evidence("browser", "no-form", seen={"html": html})
        else:
            tried.passed["browser"] = "check_no_browser"
        return
    static = f"http://127.0.0.1:{tried.seen['serve']['port']}"
    order = {
        "address": address or f"{static}/",
        "play": address is None,
        "seconds": max(1.0, min(BROWSE_SECONDS, box.left - MARGIN - 1)),
        "static": static if address else None,
    }
    seen = _browsed(browsing, order, box)
    if seen is None:
        tried.passed["browser"] = "check_browser_failed"
        return
    seen |= {"html": html}
    if seen["reached"] == "connected" and seen["form"].get("fields", 0) < 2:
        tried.failure = Evidence("browser", "no-form", seen={"html": html})
    elif _works(seen):
        tried.passed["browser"] = ""
    else:
        tried.failure = Evidence("browser", "page", seen=seen)


def _browsed(browsing: Process, order: dict, box: Sandbox) -> dict | None:
    """What the browser saw, or None: its own trouble is nobody's mistake."""
    browsing.tell(json.dumps(order))
    lines: list[str] = []
    while not lines and box.left > MARGIN and not browsing.ended:
        lines = [line for line in browsing.output.splitlines(True) if line.endswith("}\n")]
        time.sleep(0.01)
    return json.loads(lines[-1]) if lines else None


def _products_page(
    number: int, box: Sandbox, tried: Tried, browsing: Process | None, site: product.Site
) -> None:
    """Use the page that holds the form: something that looks like HTML has to stay text."""
    path = product.open_room(site) if number >= ROOMS else "/"
    page = site.visitor().get(path)
    typed = (browse.ATTACK,) if number >= ROOMS else (browse.ATTACK, browse.TYPED[1])
    if browsing is None:
        _form(page, len(typed), tried, "check_no_browser")
        return
    order = {
        "address": f"http://127.0.0.1:{site.port}{page.path}",
        "play": False,
        "seconds": max(1.0, min(BROWSE_SECONDS, box.left - MARGIN - 1)),
        "typed": typed,
        "talks": True,
    }
    seen = _browsed(browsing, order, box)
    if seen is None:
        _form(page, len(typed), tried, "check_browser_failed")
        return
    seen |= {"html": page.html, "path": page.path}
    if seen["reached"] == "connected" and seen["form"].get("fields", 0) < len(typed):
        tried.failure = Evidence("browser", "no-form", seen=seen)
    elif _shows_what_is_said(seen):
        tried.passed["browser"] = ""
    elif seen["failure"] and box.left < MARGIN + 2:
        raise product.OutOfTime
    else:
        tried.failure = Evidence("browser", "product-page", seen=seen)


def _form(page: Answer, fields: int, tried: Tried, remark: str) -> None:
    if page_mistakes.parsed(page.html).fields < fields:
        tried.failure = Evidence("browser", "no-form", seen={"html": page.html})
    else:
        tried.passed["browser"] = remark


def _shows_what_is_said(seen: dict) -> bool:
    """Whether what was typed went out as a message, came back, and stands in the page as text."""
    text = seen["typed"][0]
    if seen["failure"] or seen["errors"] or seen["loads"] > 0 or seen["injected"]:
        return False
    told = any(_message(frame) == text for frame in seen["sent"])
    heard = any(_message(frame) == text for frame in seen["received"])
    return told and heard and text in seen["shown"]


def _message(frame: str) -> object:
    try:
        data = json.loads(frame)
    except ValueError:
        return None
    return data.get("message") if isinstance(data, dict) else None


def _works(seen: dict) -> bool:
    """Whether the page did all that it should."""
    if seen["failure"] or seen["errors"] or seen["loads"] > 0 or not seen["sent"]:
        return False
    try:
        data = json.loads(seen["sent"][0])
    except ValueError:
        return False
    socket, page = urlsplit(seen["sockets"][0]), urlsplit(seen["address"])
    if (socket.scheme, socket.netloc, socket.path) != ("ws", page.netloc, WEBSOCKET_PATH):
        return False
    first, second = seen["typed"]
    wanted = {"message": first, "message2": second}
    if not isinstance(data, dict) or not wanted.items() <= data.items():
        return False
    return first in seen["shown"] and (not seen["play"] or seen["pushed"] in seen["shown"])

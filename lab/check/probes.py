"""What is tried for a lesson, in order, up to the first failure."""

import json
import time
from pathlib import Path
from urllib.parse import urlsplit

from lab import course
from lab.browser import find_browser
from lab.check import page_mistakes, serving
from lab.check.environment import wrong_version
from lab.check.evidence import Evidence, from_process
from lab.check.inside_patience import PATIENCE
from lab.check.sandbox import INSIDE, Process, Sandbox
from lab.server import WEBSOCKET_PATH

STEPS = {
    "environment": 0,
    "project": 1,
    "page": 1,
    "consumer": 2,
    "routing": 3,
    "settings": 4,
    "application": 5,
}
"""The steps of inside.py, and the lesson from which on each is tried."""
BROWSE_SECONDS = 5.5 * PATIENCE
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
    tried = Tried()
    browser = number >= 1 and find_browser() is not None
    # Started together, as each takes its time to be ready; used one after the other.
    inside = _start_inside(number, box, then_serve=browser)
    daphne = serving.start(box) if number >= 5 else None
    browsing = box.start(["-m", "lab.check.browse"], course.ROOT) if browser else None
    deferred = _follow_inside(inside, number, browser, box, tried)
    if tried.failure is not None or tried.unable or number < 1:
        return tried
    if daphne is None:
        _page(box, tried, browsing, None)
        return tried
    try:
        with serving.served(daphne, box) as port:
            serving.talk(port, box)
            tried.passed["server"] = ""
            _page(box, tried, browsing, f"http://127.0.0.1:{port}/")
    except serving.NotServed as failure:
        _fail(tried, deferred or failure.evidence)
    return tried


def _fail(tried: Tried, evidence: Evidence) -> None:
    """Note a failure; one that only the machine's slowness explains is none of the project's."""
    if evidence.kind in ("hang", "server-silent") and not evidence.running:
        tried.unable = "slow"
    else:
        tried.failure = evidence


def _start_inside(number: int, box: Sandbox, then_serve: bool) -> Process:
    command = [str(INSIDE), str(box.folder), str(box.notes / "results"), str(number)]
    return box.start([*command, *(["serve"] if then_serve else [])])


def _follow_inside(
    inside: Process, number: int, browser: bool, box: Sandbox, tried: Tried
) -> Evidence | None:
    """Wait for inside.py; returns the failure that the whole may still make good."""
    results = box.notes / "results"
    last = "serve" if browser else None
    while box.left > MARGIN:
        ended = inside.wait(0.02)
        if ended or (last and f'"{last}", "state": "passed"' in _read(results)):
            break
    passed, failure = from_process(inside, results)
    names = [name for name, since in STEPS.items() if number >= since]
    tried.passed = {name: "" for name in names if name in passed}
    tried.seen = passed
    if "environment" in passed:
        wrong = wrong_version(passed["environment"]["versions"])
        if wrong is not None:
            tried.passed.pop("environment")
            tried.failure = wrong
            return None
    if failure is None and all(name in passed for name in names):
        return None
    if failure is not None and failure.kind == "structure" and "application" in passed:
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
    browsing.tell(json.dumps(order))
    lines: list[str] = []
    while not lines and box.left > MARGIN and not browsing.ended:
        lines = [line for line in browsing.output.splitlines(True) if line.endswith("}\n")]
        time.sleep(0.01)
    if not lines:
        # The browser's own trouble is nobody's mistake.
        tried.passed["browser"] = "check_browser_failed"
        return
    seen = json.loads(lines[-1]) | {"html": html}
    if seen["reached"] == "connected" and seen["form"].get("fields", 0) < 2:
        tried.failure = Evidence("browser", "no-form", seen={"html": html})
    elif _works(seen):
        tried.passed["browser"] = ""
    else:
        tried.failure = Evidence("browser", "page", seen=seen)


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

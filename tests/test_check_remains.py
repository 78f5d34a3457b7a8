"""After a check, however it ends: no process, no file, and a workspace as it was."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from checks.proof import make
from checks.remains import are_cleared, commands, remains
from checks.workspaces import digest

from lab import course
from lab.check import check, checking, sandbox
from lab.check.serving import Server
from regression.turns import in_turn

pytestmark = pytest.mark.usefixtures("patience")

CHECK = "import sys; from lab.check import check; check(sys.argv[1], sys.argv[2])"
WITHOUT_FORK = "from lab.check import sandbox; sandbox._FORKS = False; "
ON_TWO_SERVERS = """
import lab.check
lab.check.probes_of = lambda _: [probe for probe in lab.check.probes.PROBES if probe.lane == "beside"]
"""


@pytest.mark.usefixtures("browser_program")
def test_an_ordinary_end_leaves_nothing(spoilt, place, monkeypatch):
    monkeypatch.setattr("lab.check.probes.browser.SECONDS", 60)
    before = digest(spoilt)
    assert check("05-asgi", spoilt).ok
    assert not remains(place)
    assert digest(spoilt) == before
    make("js-name", spoilt)
    before = digest(spoilt)
    assert check("05-asgi", spoilt).findings
    assert not remains(place)
    assert digest(spoilt) == before


def test_one_that_is_interrupted_leaves_nothing(spoilt, place, monkeypatch):
    def interrupted(server: Server, deadline: float) -> int:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return waiting(server, deadline)

    waiting = Server.wait
    monkeypatch.setattr(Server, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check("05-asgi", spoilt)
    assert not remains(place)


def test_workspaces_that_share_a_check_know_nothing_of_each_other(
    spoilt, tmp_path, place, monkeypatch
):
    monkeypatch.setattr("lab.check.browsing.find_browser", lambda: None)
    others = [Path(shutil.copytree(spoilt, tmp_path / name)) for name in ("wrong", "right")]
    make("event-type", others[0])
    with checking() as check_one:
        reports = [check_one("02-consumers", folder) for folder in (spoilt, *others)]
        assert remains(place)  # it has a process, and a folder, until the last one is through
    assert [[f.mistake for f in report.findings] for report in reports] == [[], ["event-type"], []]
    assert not remains(place)


# -- where there is no fork -------------------------------------------------------


def test_without_fork_it_says_the_same_and_leaves_nothing(spoilt, place, monkeypatch):
    monkeypatch.setattr(sandbox, "_FORKS", False)
    monkeypatch.setattr("lab.check.browsing.find_browser", lambda: None)
    make("event-type", spoilt)
    report = check("02-consumers", spoilt)
    assert [found.mistake for found in report.findings] == ["event-type"], str(report)
    assert not remains(place)


# -- killed -------------------------------------------------------------------------


def runs(place: Path, word: str) -> bool:
    """Whether a process with that word in its command is there."""
    return any(word in command for command in commands(place))


def serves(place: Path) -> bool:
    return any("serve" in file.read_text("utf-8") for file in place.glob("*/*-notes/results"))


def repairs(place: Path) -> bool:
    """Whether a trial that isn't the first is laid out."""
    return len(list(place.glob("*/*-trial"))) > 1


@dataclass(frozen=True)
class Moment:
    """A moment of a check that comes for sure."""

    comes: Callable[[Path], bool]
    """Whether it is there, as the check's temporary folder tells."""
    lesson: str = "05-asgi"
    but_first: str = ""
    """What makes the check one where it comes soon."""


MOMENTS = {
    "its process begins": Moment(lambda place: runs(place, "main.py")),
    "its folder is there": Moment(lambda place: any(place.iterdir())),
    "the project is served": Moment(serves),
    "the browser is there": Moment(lambda place: runs(place, "--remote-debugging-pipe")),
    "a repair is tried": Moment(repairs),
    "Valkey is there": Moment(
        lambda place: runs(place, "valkey-server"), "28-relay", ON_TWO_SERVERS
    ),
    "the project is served without fork": Moment(serves, but_first=WITHOUT_FORK),
}


def kill(checker: subprocess.Popen[bytes]) -> None:
    checker.kill()


def tell_all_to_end(checker: subprocess.Popen[bytes]) -> None:
    """As who tells all Python programs of a machine, or all of a service's processes."""
    process = psutil.Process(checker.pid)
    for each in [*process.children(recursive=True), process]:
        with suppress(psutil.Error):
            each.terminate()


@pytest.mark.usefixtures("browser_program", "valkey_program")
@pytest.mark.parametrize("name", in_turn(list(MOMENTS), "moments to be killed"))
def test_killed_as(name, finished_after, tmp_path, place):
    ended_as(MOMENTS[name], kill, finished_after, tmp_path, place)


@pytest.mark.parametrize("but_first", ["", WITHOUT_FORK], ids=["with fork", "without"])
def test_told_to_end_with_all_of_its_processes(but_first, finished_after, tmp_path, place):
    ended_as(Moment(serves, but_first=but_first), tell_all_to_end, finished_after, tmp_path, place)


def ended_as(
    moment: Moment,
    end: Callable[[subprocess.Popen[bytes]], None],
    finished_after: Callable[[str], Path],
    tmp_path: Path,
    place: Path,
) -> None:
    """A check that is ended at that moment leaves nothing, and the workspace as it was."""
    folder = Path(shutil.copytree(finished_after(moment.lesson), tmp_path / "workspace"))
    if moment.comes is repairs:
        make("event-type", folder)
    before = digest(folder)
    checker = subprocess.Popen(
        [sys.executable, "-c", moment.but_first + CHECK, moment.lesson, folder],
        cwd=course.ROOT,
        env={**os.environ, "LAB_PATIENCE": "5", "TMPDIR": str(place)},
    )
    try:
        while not moment.comes(place):
            assert checker.poll() is None, "it came to its end"
            time.sleep(0.005)
        end(checker)
        checker.wait(60)
    finally:
        checker.kill()
        checker.wait()
    assert are_cleared(place)
    assert digest(folder) == before

"""A check as a whole: of nasty workspaces, from a shell, and what it says."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from unittest.mock import MagicMock

import httpx
import pytest
from checks.proof import make, needs_own_python, prove
from checks.remains import remains
from checks.workspaces import digest

from lab import LabError, course, language
from lab.check import Report, catalogue, check, checking, seen
from lab.check.evidence import Evidence, Frame
from lab.check.probes import Probe, limits, visitor
from lab.check.probes import site as sites
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered
from lab.check.serving import Failure, Server, Stage
from lab.messages import say
from lab.run.server import HOST
from regression.turns import in_turn

Check = Callable[[str, Path], Report]

pytestmark = pytest.mark.usefixtures("patience")

LEARNERS_SECONDS = 9
"""What a learner's check has until it gives up; then it clears away."""
LIMIT = 60
"""Seconds in which it has ended on any machine; on a quiet one it takes ten."""
KEYS = ["probe", "ok", "observed", "mistake", "file", "line", "advice"]

CONSUMERS, SETTINGS, ASGI = "chat/consumers.py", "mywebsite/settings.py", "mywebsite/asgi.py"
ROUTING, VIEWS, PAGE = "chat/routing.py", "chat/views.py", "chat/templates/chat/index.html"
ON_A_SERVER = "import os\nimport sys\n\nif 'manage.py' not in sys.argv[0]:\n    "
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="forks and links as on POSIX")


def change(file: Path, old: str, new: str) -> None:
    """Replace a text of a file's once."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def without_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser for checks that are no warm one's: it takes its time."""
    monkeypatch.setattr("lab.check.browsing.find_browser", lambda: None)


# -- nasty ones -----------------------------------------------------------------


@dataclass(frozen=True)
class Nasty:
    """A text of a file's replaced once, or the file as a whole; and what is named then."""

    file: str
    old: str | None
    new: str | bytes
    mistake: str | None
    """None: the difference itself is told."""
    lesson: str = "05-asgi"

    def make(self, folder: Path) -> None:
        """Make it so in folder."""
        path = folder / self.file
        if self.old is not None:
            change(path, self.old, str(self.new))
        else:
            path.write_bytes(self.new if isinstance(self.new, bytes) else self.new.encode())


LOOP = "never-ends"
NASTY = {
    "a loop at import": Nasty(CONSUMERS, "import json", "import json\nwhile True: pass", LOOP),
    "a loop in an async consumer": Nasty(
        CONSUMERS,
        None,
        "from channels.generic.websocket import AsyncWebsocketConsumer\n"
        "class ChatConsumer(AsyncWebsocketConsumer):\n"
        "    async def receive(self, text_data):\n        while True: pass\n",
        None,
    ),
    "a loop that only a server runs": Nasty(
        ASGI, "import os\n", ON_A_SERVER + "while True: pass\n", LOOP
    ),
    "a search that lets no other thread run": Nasty(
        CONSUMERS, "import json", "import json\nimport re\nre.match('(a+)+$', 'a' * 50 + 'b')", LOOP
    ),
    "a loop in the page": Nasty(
        PAGE, "<script>", "<script>while (true) {}", "js-never-ends", "01-template"
    ),
    "all the memory": Nasty(
        CONSUMERS,
        "import json",
        "import json\nx = []\nwhile True: x.append('y' * 10_000_000)",
        LOOP,
    ),
    "endless recursion": Nasty(
        CONSUMERS,
        "import json",
        "import json\ndef deep(): deep()\ndeep()",
        "error-in-line",
    ),
    "waiting for input": Nasty(CONSUMERS, "import json", "import json\ninput()", "error-in-line"),
    "os._exit in settings": Nasty(
        SETTINGS, "DEBUG = True", "DEBUG = True\nimport os; os._exit(3)", "exits-itself"
    ),
    "sys.exit in receive": Nasty(
        CONSUMERS,
        "        text_data_json =",
        "        import sys; sys.exit(1)\n        text_data_json =",
        "exits-itself",
    ),
    "prints without end": Nasty(
        ASGI, "import os\n", ON_A_SERVER + "while True: print('x' * 10_000)\n", LOOP
    ),
    "ten processes of its own that stay": Nasty(
        SETTINGS,
        "DEBUG = True",
        "DEBUG = True\nimport os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
        "        os.setsid()\n        time.sleep(600)\nimport missing_module",
        "module-missing",
    ),
    "writes beside itself": Nasty(
        VIEWS,
        "def index(request):",
        "def index(request):\n    from pathlib import Path\n    Path('written').touch()\n"
        "    (Path(__file__).parent / 'written').touch()\n    1 / 0",
        "error-in-line",
    ),
    "no output left": Nasty(
        SETTINGS,
        "DEBUG = True",
        "DEBUG = True\nimport sys; sys.stdout = sys.stderr = None",
        "error-in-line",
    ),
    "an error that can't be told": Nasty(
        SETTINGS,
        "DEBUG = True",
        "DEBUG = True\nclass E(Exception):\n    def __str__(self): raise self\nraise E",
        "error-in-line",
    ),
    "five megabytes": Nasty(CONSUMERS, None, b"x = 1\n" * 850_000, None),
    "rubbish": Nasty(CONSUMERS, None, bytes(range(256)) * 40, "file-encoding"),
}


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less time for each step, as none of these ever ends."""
    monkeypatch.setattr("lab.check.trial.STEP_SECONDS", 3)


@pytest.fixture(scope="module")
def shared_check() -> Iterator[Check]:
    """A check whose processes serve all tests of this file."""
    with checking() as check_one:
        yield check_one


@POSIX
@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("name", in_turn(list(NASTY), "nasty workspaces"))
def test_a_nasty_workspace_is_explained_and_not_changed(name, spoilt, shared_check, request):
    nasty = NASTY[name]
    if nasty.file == PAGE:
        request.getfixturevalue("browser_program")
    nasty.make(spoilt)
    before = digest(spoilt)
    found = shared_check(nasty.lesson, spoilt).findings
    assert [(each.mistake, each.file) for each in found] == [(nasty.mistake, nasty.file)]
    assert digest(spoilt) == before


@POSIX
@pytest.mark.parametrize("name", in_turn(list(NASTY), "nasty workspaces, with a limit"))
def test_the_limit_holds_and_nothing_is_left(name, spoilt, place, monkeypatch):
    monkeypatch.setattr("lab.check.SECONDS", LEARNERS_SECONDS)
    NASTY[name].make(spoilt)
    began = time.monotonic()
    report = check("05-asgi", spoilt)
    assert time.monotonic() - began < LIMIT
    # A browser that has no time to answer on a busy machine is no pass: that is told.
    assert report.exit_code in (1, 2) or any(each.remark for each in report.tried)
    assert not remains(place)


@POSIX
@pytest.mark.usefixtures("without_browser")
def test_processes_that_stay_end_with_the_check(spoilt, place):
    NASTY["ten processes of its own that stay"].make(spoilt)
    assert check("01-template", spoilt).findings
    assert not remains(place)


@POSIX
def test_what_is_raised_in_a_fork_ends_no_more_than_that(spoilt, correct, place, without_browser):
    change(spoilt / SETTINGS, "DEBUG = True", "DEBUG = True\nimport sys; sys.stdout = None")
    with checking() as check_one:
        assert not check_one("05-asgi", spoilt).unable
        assert check_one("05-asgi", correct).ok
    assert not remains(place)


@POSIX
@pytest.mark.usefixtures("without_browser")
def test_who_kills_the_checks_own_process_spoils_it_for_nobody_else(spoilt, correct, place):
    killing = "DEBUG = True\nimport os; os.kill(os.getppid(), 9)"
    change(spoilt / SETTINGS, "DEBUG = True", killing)
    with checking() as check_one:
        began = time.monotonic()
        assert check_one("05-asgi", spoilt).unable
        assert time.monotonic() - began < LIMIT
        assert check_one("05-asgi", correct).ok
        assert check_one("05-asgi", spoilt).unable
    assert not remains(place)


@POSIX
@pytest.mark.usefixtures("without_browser")
@pytest.mark.parametrize("when", ["as it starts", "as it is used"])
def test_a_process_killed_from_outside_accuses_nobody(when, correct, monkeypatch):
    def killed(server: Server, deadline: float) -> int:
        if when == "as it starts":
            server.stop()
        port = waiting(server, deadline)
        server.stop()
        return port

    waiting = Server.wait
    monkeypatch.setattr(Server, "wait", killed)
    report = check("05-asgi", correct)
    assert report.unable, str(report)
    assert not report.findings


@POSIX
def test_a_link_out_of_the_workspace_is_followed_and_left_alone(spoilt, tmp_path, shared_check):
    outside = tmp_path / "outside.py"
    (spoilt / VIEWS).rename(outside)
    (spoilt / VIEWS).symlink_to(outside)
    change(outside, "def index", "1 / 0\ndef index")
    before = outside.read_text("utf-8")
    (found,) = shared_check("01-template", spoilt).findings
    assert found.file == VIEWS
    assert outside.read_text("utf-8") == before
    assert (spoilt / VIEWS).is_symlink()


BUSY = """
import asyncio, sys, threading, time
from lab.check.inside import watch

async def deep(calls):
    await (deep(calls - 1) if calls else asyncio.sleep(0))

async def loop():
    while True:
        await asyncio.gather(*(deep(10) for _ in range(20)))

for _ in range(2):
    threading.Thread(target=asyncio.run, args=[loop()], daemon=True).start()
until = time.monotonic() + 1
while time.monotonic() < until:
    writing = threading.Thread(target=watch.write_stacks, args=[sys.stdout])
    writing.start()
    writing.join()
"""


def test_a_busy_processs_stacks_are_written_and_it_goes_on():
    done = subprocess.run(
        [sys.executable, "-c", BUSY], check=False, cwd=course.ROOT, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert b" in _run_once\n" in done.stdout


LIMITED = """
import os, sys, time
from lab.check.inside import watch

os.sched_setaffinity(0, {{0}})
until = time.process_time() + float(sys.argv[1])
limit = watch.Limit(0.5, sys.stdout)
{step}
limit.cancel()
"""
WORKS = "while time.process_time() < until: pass"
BLOCKS = "time.sleep(60)"


@pytest.fixture
def crowded_processor() -> Iterator[None]:
    """The first processor has much else to do."""
    busy = "import os; os.sched_setaffinity(0, {0})\nwhile True: pass"
    others = [subprocess.Popen([sys.executable, "-c", busy]) for _ in range(5)]
    yield
    for other in others:
        other.kill()
        other.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits for a processor")
@pytest.mark.usefixtures("crowded_processor")
@pytest.mark.parametrize(("step", "code"), [(WORKS, 0), (BLOCKS, 1)])
def test_a_step_has_its_seconds_though_others_have_the_processor(step, code):
    program = LIMITED.format(step=step)
    done = subprocess.run(
        [sys.executable, "-c", program, "0.3"], check=False, cwd=course.ROOT, timeout=60
    )
    assert done.returncode == code


# -- what is said ------------------------------------------------------------------


def told_of(report: Report) -> list[tuple[str | None, str | None]]:
    """The mistakes that are named, each with its file."""
    return [(found.mistake, found.file) for found in report.findings]


MISTAKES = {
    ("event-type", "route-slash"): {("event-type", CONSUMERS), ("route-slash", ROUTING)},
    ("view-name", "group-add-missing", "application-name"): {
        ("view-name", VIEWS),
        ("group-add-missing", CONSUMERS),
        ("application-name", ASGI),
    },
}


@pytest.mark.parametrize("names", MISTAKES, ids=" and ".join)
def test_mistakes_at_once_are_each_named(names, spoilt, check_without_browser):
    for name in names:
        make(name, spoilt)
    assert set(told_of(check_without_browser("05-asgi", spoilt))) == MISTAKES[names]


def test_a_mistake_among_harmless_changes_accuses_nothing_else(spoilt, check_without_browser):
    change(spoilt / CONSUMERS, "import json", "import json\nimport logging")
    change(
        spoilt / CONSUMERS, "        self.accept()", "        print('hi')\n        self.accept()"
    )
    change(
        spoilt / ROUTING, "websocket_urlpatterns", "# the chat's only route\nwebsocket_urlpatterns"
    )
    change(spoilt / SETTINGS, "DEBUG = True", "DEBUG = True\nLANGUAGE_CODE = 'pt-br'")
    (spoilt / "chat/notes.py").write_text("QUESTIONS = []\n", "utf-8")
    assert check_without_browser("05-asgi", spoilt).ok
    make("event-type", spoilt)
    report = check_without_browser("05-asgi", spoilt)
    assert told_of(report) == [("event-type", CONSUMERS)]
    lines = (spoilt / CONSUMERS).read_text("utf-8").splitlines()
    assert "chat_mesage" in lines[report.findings[0].line - 1]


def test_no_advice_without_a_repair_that_was_seen(spoilt, check_without_browser, monkeypatch):
    def never(_: Site) -> None:
        raise Unanswered("silence", where="connect")

    asked = Probe("talk", "02-consumers", never)
    monkeypatch.setattr("lab.check.probes_of", lambda _: [asked])
    make("js-name", spoilt)
    report = check_without_browser("05-asgi", spoilt)
    assert report.exit_code == 1
    assert not report.findings
    assert "I'd rather not guess" in str(report)
    (entry,) = [each for each in json.loads(report.as_json()) if not each["ok"]]
    assert (entry["mistake"], entry["file"], entry["line"]) == (None, None, None)


def test_a_step_that_takes_long_in_nothing_of_the_learners_accuses_nobody(tmp_path):
    """Such as a database's, while others have the disk."""
    notes = tmp_path / "results.stack"
    fork = MagicMock(notes=tmp_path, code=1, output="", lines=[], ended=True)
    notes.write_text(
        'Thread 0x1 (most recent call first):\n  File "/usr/lib/a.py", line 3 in write\n'
    )
    with pytest.raises(TimeoutError):
        Stage(fork)._wait_for("database", 0)
    notes.write_text("")
    with pytest.raises(Failure, match="died"):
        Stage(fork)._wait_for("database", 0)


ONCE = """\
        from pathlib import Path
        import os
        if not (done := Path(os.environ['TMPDIR'], 'done')).exists():
            done.touch()
            {first}
"""
PARSED = "        text_data_json = json.loads(text_data)"


def test_what_fails_only_the_first_time_is_nobodys_mistake(spoilt, check_without_browser):
    change(spoilt / CONSUMERS, PARSED, ONCE.format(first="return self.close()") + PARSED)
    report = check_without_browser("02-consumers", spoilt)
    assert report.exit_code == 2
    assert say("check_talk") in report.unable, str(report)
    assert "the second time, with nothing changed, it worked" in report.unable
    assert not report.findings


@pytest.mark.parametrize("first", ["return", "raise TimeoutError"])
def test_what_is_late_once_and_then_in_time_has_passed(first, spoilt, check_without_browser):
    """In CI the check of a right project of lesson 19 had once told that the machine was busy."""
    change(spoilt / CONSUMERS, PARSED, ONCE.format(first=first) + PARSED)
    report = check_without_browser("02-consumers", spoilt)
    assert report.ok, str(report)
    told = ["environment", "project", "page", "talk", "browser"]
    assert [each.name for each in report.tried] == told


def test_what_is_late_every_other_time_has_not_passed(spoilt, check_without_browser, monkeypatch):
    times = count()

    def late(site: Site) -> None:
        if next(times) % 2 == 0:
            raise Unanswered("silence", where="connect") from TimeoutError()

    monkeypatch.setattr("lab.check.probes_of", lambda _: [Probe("talk", "02-consumers", late)])
    report = check_without_browser("05-asgi", spoilt)
    assert report.exit_code == 2
    assert say("check_talk") in report.unable, str(report)
    assert not report.findings


@pytest.mark.parametrize("written", ["as in the lesson", "otherwise"])
def test_a_machine_on_which_everything_is_late_accuses_nobody(
    written, spoilt, check_without_browser, monkeypatch
):
    """With load 22 a right project of lesson 28 was called wrong: the page had timed out."""
    if written == "otherwise":
        change(spoilt / VIEWS, "def index(request):", "def index(request):\n    print('olá')")
    monkeypatch.setattr(sites, "ANSWER_SECONDS", 0.0001)
    report = check_without_browser("05-asgi", spoilt)
    assert report.exit_code == 2
    assert "not even the lesson's own files" in report.unable, str(report)
    assert not report.findings


def test_what_is_late_is_late_though_a_line_of_theirs_is_under_way(monkeypatch):
    """In company of a soak the right project's own view was just at work when the time was up."""
    busy = Evidence("page", "no-http", running=(Frame("chat/views.py", 7),))
    monkeypatch.setattr(Server, "__init__", lambda self: setattr(self, "_fork", MagicMock()))
    monkeypatch.setattr(Server, "evidence", lambda *_: busy)
    server = Server()
    with pytest.raises(Failure) as failed, server.trying("page"):
        raise Unanswered("no-http") from TimeoutError()
    assert failed.value.evidence.late


def test_what_is_late_though_the_lessons_own_files_are_not_is_no_machines(
    spoilt, check_without_browser, monkeypatch
):
    """A file that nobody compares is to blame: nothing that is turned back repairs it."""
    change(spoilt / VIEWS, "def index(request):", "def index(request):\n    print('olá')")
    (spoilt / "wait.bin").touch()

    def late(site: Site) -> None:
        if (site.folder / "wait.bin").exists():
            raise Unanswered("silence", where="connect") from TimeoutError()

    monkeypatch.setattr("lab.check.probes_of", lambda _: [Probe("talk", "02-consumers", late)])
    report = check_without_browser("05-asgi", spoilt)
    assert report.exit_code == 1, str(report)
    assert not report.findings


def test_what_no_entry_knows_is_told_as_the_difference(spoilt, check_without_browser):
    change(
        spoilt / CONSUMERS,
        "        self.send(\n",
        "        if event is None:\n         self.send(\n",
    )
    report = check_without_browser("02-consumers", spoilt)
    assert told_of(report) == [(None, CONSUMERS)]
    assert "    - if event is None:" in str(report)


def test_what_a_person_reads(spoilt, check_without_browser, monkeypatch):
    make("accept-missing", spoilt)
    report = check_without_browser("02-consumers", spoilt)
    told = {}
    for spoken in language.LANGUAGES:
        monkeypatch.setattr(language, "_chosen", spoken)
        told[spoken] = str(report)
    assert "connect() não chama self.accept()" in told["pt-br"]
    assert "Onde: chat/consumers.py, linha " in told["pt-br"]
    assert "What to do next: End connect() with self.accept()." in told["en"]
    assert "The lesson that explains it: 02-consumers" in told["en"]


def test_long_evidence_is_cut():
    assert len(seen._short("x" * 1000)) == seen.LINE_LENGTH


def test_the_environment_is_checked_for_lesson_00(tmp_path, monkeypatch):
    monkeypatch.setenv("PORT", "0")
    assert check("00-websockets", tmp_path).ok


@pytest.mark.usefixtures("without_browser")
@pytest.mark.parametrize(
    "mistake",
    in_turn(
        list(filter(needs_own_python, catalogue.mistakes())), "mistakes that take a fresh Python"
    ),
    ids=lambda mistake: mistake.id,
)
def test_mistake_that_only_a_fresh_python_shows(mistake, spoilt, monkeypatch):
    monkeypatch.setenv("PORT", "0")
    prove(mistake, spoilt)


def test_without_a_browser_the_form_is_looked_at(spoilt, check_without_browser):
    found = check_without_browser("01-template", spoilt)
    assert found.ok
    assert "no browser" in str(found)
    make("html-input", spoilt)
    assert told_of(check_without_browser("01-template", spoilt)) == [("html-input", PAGE)]


def test_a_page_that_is_but_a_files_name_warns_of_nothing(recwarn):
    request = httpx.Request("GET", "http://127.0.0.1/")
    page = visitor.Page(httpx.Response(200, text="chat/index.html", request=request))
    assert page.forms == []
    assert not recwarn.list


class AnswersOnce(BaseHTTPRequestHandler):
    """Says that it stays for more, and hangs up on what comes next without a word."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        self.connection.recv(1)
        self.close_connection = True


def test_a_visitors_next_page_needs_no_connection_that_is_still_there():
    """Such as one whose server was kept waiting, and hung up only when it was used again."""
    with ThreadingHTTPServer((HOST, 0), AnswersOnce) as site:
        serving = threading.Thread(target=site.serve_forever)
        serving.start()
        try:
            somebody = visitor.Visitor(site.server_port, lambda: 30)
            assert [somebody.get("/").html for _ in range(3)] == ["", "", ""]
        finally:
            site.shutdown()
            serving.join()


def test_could_not_check(tmp_path, correct, monkeypatch):
    with pytest.raises(LabError):
        check("05-asgy", tmp_path)
    assert check("05-asgi", tmp_path / "nowhere").exit_code == 2
    # A machine too busy to get anywhere is nobody's mistake.
    monkeypatch.setattr("lab.check.SECONDS", 0.5)
    found = check("05-asgi", correct)
    assert found.exit_code == 2
    assert found.unable


def test_a_lesson_that_asks_for_more_has_more_seconds(monkeypatch):
    """A right project of the last lesson took 8.8 s of the 9 that it had, on two quiet cores."""
    module = sys.modules[check.__module__]
    monkeypatch.setattr(module, "SECONDS", LEARNERS_SECONDS)
    given = [module._seconds(lesson.name) for lesson in course.lessons()[1:]]
    assert set(given[:5]) == {module.SECONDS}
    assert module._seconds("32-rush") >= 2 * module.SECONDS


def test_the_browsers_process_is_not_held_up_by_what_it_has_no_use_for():
    told = (
        "import sys, lab.run.browse; print({'IPython', 'lab.check', 'lab.lesson'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", told]
    assert subprocess.check_output(command, cwd=course.ROOT, text=True, timeout=60) == "set()\n"


# -- from a shell ----------------------------------------------------------------------


def shell(*arguments: str, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess:
    """Run `python -m lab check`."""
    return subprocess.run(
        [sys.executable, "-m", "lab", "check", *arguments],
        cwd=course.ROOT,
        env=os.environ | {"LAB_PATIENCE": "3"},
        stdout=subprocess.PIPE,
        stderr=stderr,
        check=False,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


@POSIX
@pytest.mark.parametrize(("seconds", "is_late"), [(0.01, False), (0.1, True)])
def test_a_slow_machine_lets_a_right_limit_refill(seconds, is_late, monkeypatch):
    """A hundred messages are too many at once; ten a second aren't."""
    clock = iter(range(1000))
    monkeypatch.setattr(limits.time, "monotonic", lambda: seconds * limits.MANY * next(clock))
    wire = MagicMock()
    wire.__enter__.return_value.closed_within.return_value = limits.TOO_LARGE
    wire.__enter__.return_value.hear.return_value = {"type": "chat"}
    with pytest.raises(Unanswered) as missing:
        limits.limits.attempt(MagicMock(wire=lambda: wire))
    assert missing.value.is_late == is_late


def test_a_terminal_is_told_what_is_tried_in_a_line_that_is_gone_afterwards():
    terminal, end = os.openpty()
    try:
        found = shell("00-websockets", "--language", "en", stderr=end)
        told = os.read(terminal, 10_000).decode()
    finally:
        os.close(terminal)
        os.close(end)
    assert told.startswith("\r\x1b[KTrying: ")
    assert told.endswith("\r\x1b[K")
    assert "Trying" not in found.stdout
    assert "All is well" in found.stdout


def test_a_correct_workspace_from_a_shell(correct):
    before = digest(correct)
    found = shell("06-live", "--workspace", str(correct), "--language", "pt-br")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "Tudo certo" in found.stdout
    assert not found.stderr
    assert digest(correct) == before


def test_a_mistake_from_a_shell_as_json(spoilt):
    make("event-type", spoilt)
    found = shell("02-consumers", "--workspace", str(spoilt), "--language", "en", "--json")
    assert found.returncode == 1
    tried = json.loads(found.stdout)
    assert [list(each) for each in tried] == [KEYS] * len(tried)
    (failed,) = [each for each in tried if not each["ok"]]
    assert failed["probe"] == "talk"
    assert failed["observed"] == "ValueError: No handler for message type chat_mesage"
    assert (failed["mistake"], failed["file"]) == ("event-type", CONSUMERS)
    assert "chat_mesage" in (spoilt / CONSUMERS).read_text().splitlines()[failed["line"] - 1]
    assert "chat_message" in failed["advice"]


def test_what_a_shell_can_not_check(tmp_path):
    for arguments in (["05-asgi", "--workspace", str(tmp_path / "nowhere")], ["05-asgy"]):
        found = shell(*arguments)
        assert found.returncode == 2
        assert found.stderr
        assert not found.stdout

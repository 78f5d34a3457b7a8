"""lab.check with nothing warmed up: from a shell, in nasty workspaces, without a browser."""

import json
import os
import re
import subprocess
import sys
import time

import psutil
import pytest
from checks.proof import needs_own_python, prove
from checks.workspaces import digest

from lab import LabError, course, language
from lab.check import catalogue, check, probes, report, sandbox, serving
from lab.messages import catalogue as messages

LIMIT = 10
"""Seconds that a check may take, whatever happens."""
KEYS = ["probe", "ok", "observed", "mistake", "file", "line", "advice"]

CONSUMERS, SETTINGS, ASGI = "chat/consumers.py", "mywebsite/settings.py", "mywebsite/asgi.py"
PAGE = "chat/templates/chat/index.html"
ONLY_ON_A_SERVER = "import os\nimport sys\n\nif 'manage.py' not in sys.argv[0]:\n    "
NASTY = {
    "a loop at import": (CONSUMERS, "import json", "import json\nwhile True: pass", "never-ends"),
    "a loop in an async receive": (
        CONSUMERS,
        None,
        (
            "from channels.generic.websocket import AsyncWebsocketConsumer\n"
            "class ChatConsumer(AsyncWebsocketConsumer):\n"
            "    async def receive(self, text_data):\n        while True: pass\n"
        ),
        "never-ends",
    ),
    "a loop that only the server runs": (
        ASGI,
        "import os\n",
        ONLY_ON_A_SERVER + "while True: pass\n",
        "never-ends",
    ),
    "a search that lets no other thread run": (
        CONSUMERS,
        "import json",
        "import json\nimport re\nre.match('(a+)+$', 'a' * 50 + 'b')",
        "never-ends",
    ),
    "a loop in the page": (PAGE, "<script>", "<script>while (true) {}", "js-never-ends"),
    "all the memory": (
        CONSUMERS,
        "import json",
        "import json\nx = []\nwhile True: x.append('y' * 10_000_000)",
        "never-ends",
    ),
    "waiting for input": (CONSUMERS, "import json", "import json\ninput()", "never-ends"),
    "os._exit in settings": (
        SETTINGS,
        "DEBUG = True",
        "DEBUG = True\nimport os; os._exit(3)",
        "exits-itself",
    ),
    "sys.exit in receive": (
        CONSUMERS,
        "        text_data_json =",
        "        import sys; sys.exit(1)\n        text_data_json =",
        "exits-itself",
    ),
    "prints without end": (
        ASGI,
        "import os\n",
        ONLY_ON_A_SERVER + "while True: print('x' * 10_000)\n",
        "never-ends",
    ),
    "a process of its own that stays": (
        SETTINGS,
        "DEBUG = True",
        (
            "DEBUG = True\nimport os, time\nif os.fork() == 0:\n    os.setsid()\n"
            "    time.sleep(60)\nimport missing_module"
        ),
        "module-missing",
    ),
    "writes beside itself": (
        "chat/views.py",
        "def index(request):",
        (
            "def index(request):\n    from pathlib import Path\n    Path('written').touch()\n"
            "    (Path(__file__).parent / 'written').touch()\n    1 / 0"
        ),
        "error-in-line",
    ),
}


@pytest.fixture
def mark(monkeypatch):
    """What the test's checks mark their processes with."""
    monkeypatch.setattr(sandbox, "MARK", f"LAB_CHECK_MARK_{os.getpid()}_{time.monotonic_ns()}")
    return sandbox.MARK


def processes_with(mark: str) -> list[psutil.Process]:
    """The processes that a check has left."""
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.environ() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.skipif(sys.platform == "win32", reason="forks and loops as on POSIX")
def test_ends_by_itself_and_leaves_nothing(name, spoilt, mark, request, monkeypatch):
    file, old, new, mistake = NASTY[name]
    # Less for each step, more for all of them: other tests keep both cores busy meanwhile.
    monkeypatch.setenv("LAB_CHECK_STEP_SECONDS", "2")
    monkeypatch.setattr(serving, "START_SECONDS", 2)
    monkeypatch.setattr("lab.check.SECONDS", 30)
    if file == PAGE:
        request.getfixturevalue("browser_program")
    path = spoilt / file
    text = path.read_text("utf-8")
    path.write_text(new if old is None else text.replace(old, new, 1), "utf-8")
    before = digest(spoilt)
    found = check("01-template" if file == PAGE else "05-asgi", spoilt)
    assert found.mistake == mistake, str(found)
    assert found.failed.finding.file == file
    assert digest(spoilt) == before
    assert not processes_with(mark)


BUSY = """
import asyncio, sys, threading, time
from lab.check import inside_watch

async def deep(calls):
    await (deep(calls - 1) if calls else asyncio.sleep(0))

async def loop():
    while True:
        await asyncio.gather(*(deep(10) for _ in range(20)))

for _ in range(2):
    threading.Thread(target=asyncio.run, args=[loop()], daemon=True).start()
until = time.monotonic() + 2
while time.monotonic() < until:
    brief = [threading.Thread(target=sum, args=[range(1000)]) for _ in range(10)]
    for thread in brief:
        thread.start()
    inside_watch.after(0, sys.stdout).join()
"""


def test_a_busy_servers_stacks_are_written_and_it_goes_on():
    done = subprocess.run(
        [sys.executable, "-c", BUSY], check=False, cwd=course.ROOT, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert b" in _run_once\n" in done.stdout


def test_the_limit_holds_however_busy_the_machine_is(spoilt, mark):
    (spoilt / "mywebsite/settings.py").write_text("while True:\n    pass\n", "utf-8")
    began = time.monotonic()
    found = check("05-asgi", spoilt)
    assert time.monotonic() - began < LIMIT
    assert found.exit_code in (1, 2)
    assert not processes_with(mark)


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `python -m lab check`."""
    return subprocess.run(
        [sys.executable, "-m", "lab", "check", *arguments],
        cwd=course.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        timeout=30,
    )


def test_a_correct_workspace_from_a_shell(correct, mark):
    before = digest(correct)
    for again in range(2):
        began = time.monotonic()
        found = shell("06-live", "--workspace", str(correct), "--language", "pt-br")
        assert found.returncode == 0, found.stdout + found.stderr
        assert "Tudo certo" in found.stdout
        assert not found.stderr
        assert time.monotonic() - began < LIMIT + 2, f"run {again}"
    assert digest(correct) == before
    assert not processes_with(mark)


def test_a_mistake_from_a_shell_as_json(spoilt):
    catalogue.make("event-type", spoilt)
    found = shell("02-consumers", "--workspace", str(spoilt), "--language", "en", "--json")
    assert found.returncode == 1
    probes_told = json.loads(found.stdout)
    assert [list(probe) for probe in probes_told] == [KEYS] * len(probes_told)
    assert [probe["ok"] for probe in probes_told] == [True, True, True, False]
    last = probes_told[-1]
    assert last["probe"] == "consumer"
    assert last["observed"] == "ValueError: No handler for message type chat_mesage"
    assert last["mistake"] == "event-type"
    assert last["file"] == CONSUMERS
    assert "chat_mesage" in (spoilt / CONSUMERS).read_text().splitlines()[last["line"] - 1]
    assert "chat_message" in last["advice"]


def test_what_a_person_reads(spoilt, monkeypatch):
    catalogue.make("accept-missing", spoilt)
    told = {}
    for spoken in language.LANGUAGES:
        monkeypatch.setattr(language, "_chosen", spoken)
        told[spoken] = str(check("02-consumers", spoilt))
    assert "Causa mais provável: connect() não chama self.accept()" in told["pt-br"]
    assert "Onde: chat/consumers.py, linha " in told["pt-br"]
    assert "What to do next: End connect() with self.accept()." in told["en"]
    assert told["en"].endswith("The lesson that explains it: 02-consumers")


def test_could_not_check(tmp_path, monkeypatch, correct):
    assert shell("05-asgi", "--workspace", str(tmp_path / "nowhere")).returncode == 2
    assert shell("05-asgy").returncode == 2
    with pytest.raises(LabError):
        check("05-asgy", tmp_path)
    # A machine too busy to get anywhere is nobody's mistake.
    monkeypatch.setattr("lab.check.SECONDS", probes.MARGIN + 0.1)
    found = check("05-asgi", correct)
    assert found.exit_code == 2
    assert found.unable


def test_an_unknown_failure_is_not_guessed(spoilt):
    path = spoilt / CONSUMERS
    text = path.read_text("utf-8")
    odd = text.replace("        self.send(\n", "        if event is None:\n         self.send(\n")
    path.write_text(odd, "utf-8")
    found = check("02-consumers", spoilt)
    assert found.exit_code == 1
    assert found.mistake is None
    assert "I'd rather not guess" in str(found)
    assert found.failed.as_json()["mistake"] is None


def test_the_environment_is_checked_for_lesson_00(tmp_path, monkeypatch):
    monkeypatch.setenv("PORT", "0")
    assert check("00-websockets", tmp_path).ok


@pytest.mark.parametrize(
    "mistake", list(filter(needs_own_python, catalogue.mistakes())), ids=lambda mistake: mistake.id
)
def test_mistake_that_only_a_fresh_python_shows(mistake, spoilt, monkeypatch):
    monkeypatch.setenv("PORT", "0")
    prove(mistake, spoilt)


def test_without_a_browser_the_form_is_looked_at(spoilt, monkeypatch):
    monkeypatch.setattr(probes, "find_browser", lambda: None)
    found = check("01-template", spoilt)
    assert found.ok
    assert "no browser" in str(found)
    catalogue.make("html-input", spoilt)
    assert check("01-template", spoilt).mistake == "html-input"


def test_the_catalogue_is_whole():
    mistakes = catalogue.mistakes()
    assert len(mistakes) >= 60
    assert len({mistake.id for mistake in mistakes}) == len(mistakes)
    for mistake in mistakes:
        course.find(mistake.lesson)
        for texts in (mistake.shows, mistake.causes, mistake.advices):
            assert set(texts) == set(language.LANGUAGES), mistake.id
            assert all(text.strip() for text in texts.values()), mistake.id
        for texts in (mistake.causes, mistake.advices):
            named = [set(re.findall(r"(?<!{){(\w+)}", text)) for text in texts.values()]
            assert named[0] == named[1], f"{mistake.id}: the languages fill in different values"


def test_every_diagnosis_is_in_the_catalogue():
    code = "".join(
        path.read_text("utf-8") for path in (course.ROOT / "lab" / "check").glob("*_mistakes.py")
    )
    named = re.findall(r"""(?:Finding|at|_found|at_error)\(\s*"([a-z]+(?:-[a-z0-9]+)*)\"""", code)
    assert set(named) <= {mistake.id for mistake in catalogue.mistakes()}


def test_every_kind_of_evidence_can_be_told():
    told = {key.removeprefix("check_seen_") for key in messages() if key.startswith("check_seen_")}
    code = "".join(path.read_text("utf-8") for path in (course.ROOT / "lab" / "check").glob("*.py"))
    raised = set(re.findall(r"""(?:Failed|failed|Unanswered)\(\s*"([a-z-]+)\"""", code))
    assert raised - told <= {"silence"}


def test_making_and_mending_a_mistake(spoilt):
    before = digest(spoilt)
    with catalogue.made("file-name", spoilt):
        assert digest(spoilt) != before
    assert digest(spoilt) == before
    with pytest.raises(LabError):
        catalogue.make("env-proxy", spoilt)
    with pytest.raises(LabError):
        catalogue.make("no-such-mistake", spoilt)
    catalogue.make("accept-missing", spoilt)
    with pytest.raises(LabError):
        catalogue.make("accept-missing", spoilt)


def test_long_evidence_is_cut():
    assert len(report._short("x" * 1000)) == report.LINE_LENGTH

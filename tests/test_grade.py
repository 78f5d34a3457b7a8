"""A class is graded: what is right is right, what is wrong is wrong, and nothing is gained by tricks.

`make proof` grades a class of thirty, of whose mistakes the catalogue doesn't know ten; `make test` a
few of them.
"""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest
from support import hand_ins

from lab import LabError, course, exercises, project
from lab.check import Report
from lab.check.evidence import Evidence
from lab.check.report import Tried
from lab.grade import confined, exercising, grading, inside, results
from lab.grade.confined import Confinement, Stopped
from lab.grade.results import Graded, Part
from lab.grade.submissions import Answers
from regression.turns import FULL, in_turn

LESSON = hand_ins.LESSON
EXERCISES = ("no-websocket", "router", "who")
DIED = Evidence("talk", "died", seen={"output": ""})
CONSUMERS, PAGE = "chat/consumers.py", "chat/templates/chat/index.html"


@pytest.fixture(scope="session")
def confinement() -> Confinement:
    """This machine's sandbox; without one the test is skipped, but fails in CI."""
    try:
        return Confinement.found()
    except LabError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def changed(path: str, old: str, new: str) -> dict[str, str]:
    """The lesson's project with one text of a file replaced."""
    text = project.files_of(course.up_to(LESSON))[path]
    assert old in text
    return {path: text.replace(old, new, 1)}


# What the catalogue has no entry for; each is wrong for somebody who chats.
UNSEEN = {
    "speaks in capitals": changed(
        CONSUMERS,
        '"message": message,\n                    "',
        '"message": message.upper(),\n                    "',
    ),
    "swaps the two": changed(CONSUMERS, 'event["message2"]\n\n', 'event["message"][::-1]\n\n'),
    "forgets all but the first letter": changed(
        CONSUMERS, 'text_data_json["message"]', 'text_data_json["message"][:1]'
    ),
    "speaks every other time": changed(
        CONSUMERS,
        "        text_data_json = json.loads",
        "        self.count = getattr(self, 'count', 0) + 1\n        if self.count % 2 == 1:\n            return\n        text_data_json = json.loads",
    ),
    "hangs up after a message": changed(
        CONSUMERS, "            )\n        )\n", "            )\n        )\n        self.close()\n"
    ),
    "lets one in": changed(
        CONSUMERS,
        "    def connect(self):\n",
        "    here = []\n\n    def connect(self):\n        ChatConsumer.here.append(self)\n        if len(ChatConsumer.here) > 1:\n            return self.close()\n",
    ),
    "shows the second text": changed(PAGE, "${data.message}", "${data.message2}"),
    "shows it upside down": changed(
        PAGE, "${data.message}", "${[...data.message].reverse().join('')}"
    ),
    "sends what was there before": changed(
        PAGE,
        '"message": e.target.message.value',
        '"message": (window.before || ""), "was": (window.before = e.target.message.value)',
    ),
    "shows one message at most": changed(
        PAGE,
        'messages.insertAdjacentHTML("beforeend",',
        'messages.childElementCount || messages.insertAdjacentHTML("beforeend",',
    ),
}
KNOWN = (
    *("accept-missing", "handler-name", "group-add-missing", "json-key-sent", "daphne-missing"),
    *(
        "route-path",
        "channel-layers-missing",
        "as-asgi-missing",
        "js-key-shown",
        "js-parse-missing",
    ),
)
RIGHT: dict[str, dict[str, str]] = {
    "as it is": {},
    "with a comment": changed(CONSUMERS, "import json", "import json  # mine"),
    "with another group": changed(CONSUMERS, '"test"', '"sala"'),
    "with another title": changed(PAGE, "<h1>Chat</h1>", "<h1>O chat da Ana</h1>"),
    "with both texts": changed(
        PAGE, "${data.message}</p>", "${data.message}</p><p>${data.message2}</p>"
    ),
    "with a print": changed(
        CONSUMERS, "        self.accept()", "        self.accept()\n        print('entrou')"
    ),
}


def wrong_in(name: str) -> dict[str, str]:
    """Right answers, but for one."""
    return hand_ins.right_answers() | {name: exercises.of_lesson(LESSON)[name].wrong[0]}


# Each prints a pass, puts itself in the judge's place, or is equal to everything.
FORGED = {
    "no-websocket": "print('✓ no-websocket: solved!')",
    "router": "from lab import exercises\n\n\nasync def judge(*_):\n    return True, ''\n\n\nexercises.judge = judge\nawait lesson.exercise('router', 1)",
    "who": "class Yes:\n    def __eq__(self, other):\n        return True\n\n    __hash__ = None\n\n\nawait lesson.exercise('who', Yes())",
}


def grade(folder: Path, confinement: Confinement, **more: object) -> dict[str, Graded]:
    order = grading.Order([LESSON], confinement, **{"workers": 2, **more})
    return {graded.name: graded for graded in grading.grade(folder, order, print)}


def verdicts(graded: Graded) -> list[str]:
    return [part.verdict for part in graded.parts]


def test_a_class_is_graded_as_a_teacher_would(confinement, browser_program, tmp_path):
    key: dict[str, list[bool]] = {}
    answers = hand_ins.right_answers()

    def add(name: str, right: list[bool], **more: object) -> None:
        key[name] = right
        hand_ins.made(tmp_path / name, **{"answers": answers, **more})

    for name, files in in_turn(list(RIGHT.items()), "right hand-ins"):
        add(name, [True] * 4, files=files)
    for mistake in KNOWN if FULL else ():  # one is graded without a sandbox, below
        add(mistake, [False, True, True, True], mistake=mistake)
    for name, files in in_turn(list(UNSEEN.items()), "wrong hand-ins"):
        wrong = {} if FULL else {"answers": wrong_in(EXERCISES[0])}
        add(name, [False, FULL, True, True], files=files, **wrong)
    if FULL:
        for name in EXERCISES:
            right = [True, *(each != name for each in EXERCISES)]
            add(f"wrong-{name}", right, answers=wrong_in(name))
        add("nothing-answered", [True, False, False, False], answers={})
        assert len(key) == 30
    begun = time.monotonic()
    graded = grade(tmp_path, confinement)
    print(f"{len(graded)} hand-ins in {time.monotonic() - begun:.0f} s")
    found = {name: [part.right for part in each.parts] for name, each in graded.items()}
    assert found == key
    for mistake in key.keys() & KNOWN:
        assert mistake in graded[mistake].parts[0].mistakes
        assert graded[mistake].parts[0].places


def test_nothing_is_gained_by_forging_and_the_others_are_graded(confinement, tmp_path):
    folder = hand_ins.made(tmp_path / "forged", FORGED, mistake="accept-missing")
    solved = {LESSON: {"opened": True, "check": True, "exercises": list(EXERCISES)}}
    (folder / "workspace-progress.json").write_text(json.dumps(solved))
    (tmp_path / "broken.zip").write_bytes(b"no zip file")
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.jpg").write_bytes(b"")
    graded = grade(tmp_path, confinement)
    assert len(graded) == 3
    assert all(each.points == 0 for each in graded.values())
    assert "neither a zip file nor a folder" in graded["broken"].trouble
    assert "nothing of the course" in graded["holiday"].trouble
    parts = {part.name: part for part in graded["forged"].parts}
    assert {name: parts[name].verdict for name in EXERCISES} == {
        "no-websocket": "wrong",
        "router": "look",
        "who": "wrong",
    }
    assert "the answer uses lab" in parts["router"].told


# -- what an answer can do ----------------------------------------------------------------


def said(confinement: Confinement, folder: Path, seconds: float = 120) -> Mapping[str, dict]:
    """What comes of the exercises of a hand-in, by name."""
    order = {"part": "exercises", "lessons": [LESSON], "language": "en"}
    found = confinement.run(order, folder, seconds)[LESSON]
    return {each["name"]: each for each in found}


def test_an_answer_reads_nothing_and_reaches_nobody(confinement, tmp_path):
    """Not the teacher's files, not another's hand-in, no network, not even the machine's own."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the key")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answers = {
            "router": f"raise ValueError(open({str(secret)!r}).read())",
            "who": f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)",
            "no-websocket": "open('/hand-in/workspace/manage.py', 'a')",
        }
        found = said(confinement, hand_ins.made(tmp_path / "ana", answers))
    assert "FileNotFoundError" in found["router"]["told"]
    assert "ConnectionRefusedError" in found["who"]["told"]
    assert "Read-only file system" in found["no-websocket"]["told"]
    assert {each["verdict"] for each in found.values()} == {"wrong"}


def test_an_answer_that_ends_the_kernel_takes_none_with_it(confinement, tmp_path):
    answers = hand_ins.right_answers() | {"no-websocket": "import os\n\nos._exit(0)"}
    found = said(confinement, hand_ins.made(tmp_path / "ana", answers))
    assert [found[name]["verdict"] for name in EXERCISES] == ["look", "right", "right"]
    assert found["no-websocket"]["told"] == "The answer ended the kernel."


def test_what_never_ends_is_stopped_and_leaves_nothing(confinement, tmp_path):
    """Not even a process that has put itself apart."""
    mark = f"mark{os.getpid()}"
    detached = f"[sys.executable, '-c', 'import time; time.sleep(600)', {mark!r}]"
    answer = f"import subprocess, sys\n\nsubprocess.Popen({detached}, start_new_session=True)\nwhile True: pass"
    folder = hand_ins.made(tmp_path / "ana", {"router": answer})
    with pytest.raises(Stopped, match="Stopped after 12 seconds"):
        said(confinement, folder, seconds=12)
    running = [
        each for each in psutil.process_iter(["cmdline"]) if mark in (each.info["cmdline"] or [])
    ]
    assert running == []


def test_what_takes_too_much_memory_is_stopped(confinement, tmp_path, monkeypatch):
    monkeypatch.setattr(confined, "MEMORY", 600 << 20)
    answer = "held = bytes(range(256)) * (4 << 20)\nimport time\n\ntime.sleep(60)"
    with pytest.raises(Stopped, match="it took more than"):
        said(confinement, hand_ins.made(tmp_path / "ana", {"router": answer}))


def test_what_starts_too_many_processes_is_stopped(confinement, tmp_path, monkeypatch):
    monkeypatch.setattr(confined, "PROCESSES", 30)
    answer = "import subprocess\n\nall_of_them = [subprocess.Popen(['sleep', '60']) for _ in range(40)]\nall_of_them[0].wait()"
    with pytest.raises(Stopped, match="more than 30 processes"):
        said(confinement, hand_ins.made(tmp_path / "ana", {"router": answer}))


FORGING = """
import glob, json, os, signal

passed = json.dumps({"05-asgi": [{"name": "who", "verdict": "right", "told": ""}]})
own = {os.stat(f"/proc/self/fd/{each}").st_ino for each in (0, 1, 2)}
for place in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        pipe = os.stat(place).st_ino
        if "pipe" in os.readlink(place) and pipe not in own:
            own.add(pipe)
            with open(place, "w") as file:
                file.write(passed)
    except OSError:
        pass
for place in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        if "lab.grade.inside" in open(place).read():
            os.kill(int(place.split("/")[2]), signal.SIGKILL)
    except OSError:
        pass
"""


def test_an_answer_can_write_no_verdict(confinement, tmp_path):
    """It writes a pass wherever it can, and ends whoever would write something else afterwards."""
    found = said(confinement, hand_ins.made(tmp_path / "ana", {"who": FORGING}))
    assert set(found) == set(EXERCISES)  # so it isn't the answer's own
    assert found["who"]["verdict"] != "right"


@pytest.mark.parametrize(
    ("verdict", "told"),
    [(True, "one that is wrong passed as well"), (False, "not even the course's")],
)
async def test_a_judge_that_was_talked_round_is_noticed(monkeypatch, tmp_path, verdict, told):
    """Whatever it is asked, it says the same: so what it says of the answer is worth nothing."""

    async def always(self, name, source):
        return verdict, ""

    monkeypatch.setattr(exercising._Judging, "_tried", always)
    answers = Answers({"who": "who = ..."})
    judged = await exercising.judge(course.find(LESSON), answers, tmp_path / "workspace")
    [who] = [each for each in judged if each.name == "who"]
    assert who.verdict == "look"
    assert told in who.told


LATE = """
import time

kernel = get_ipython().kernel
abort = kernel._abort_queues
kernel._abort_queues = lambda *given: (time.sleep(0.5), abort(*given))
"""
"""After an error a kernel drops what waits for it; with that, also what came half a second later."""


async def test_what_is_asked_after_an_error_is_answered(tmp_path):
    """On a busy machine the kernel had taken the question for one that had waited for the answer."""
    kernel = await exercising._Kernel.start(course.find(LESSON), tmp_path / "workspace")
    try:
        await kernel.begin()
        await kernel.run(LATE)
        assert await kernel.run("1 / 0") == "ZeroDivisionError: division by zero"
        assert await kernel.judged() == []
    finally:
        await kernel.end()


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        (Report(LESSON, (Tried("talk"), Tried("browser"))), "right"),
        (Report(LESSON, (Tried("talk"), Tried("browser", remark="check_browser_failed"))), "look"),
        (Report(LESSON, (Tried("talk"),), unable="no time"), "look"),
        (Report(LESSON, (Tried("talk", DIED),)), "wrong"),
    ],
)
def test_what_could_not_be_tried_is_no_pass(report, verdict):
    assert inside._told(report)["verdict"] == verdict


# -- without a sandbox -----------------------------------------------------------------


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
    )


def test_without_a_sandbox_nothing_is_graded_unless_it_is_told_to(tmp_path):
    folder = tmp_path / "hand-ins"
    hand_ins.made(folder / "ana", {"who": "print('mine')"})
    done = run("grade", str(folder), "--language", "en", PATH="/nowhere")
    assert done.returncode == 1
    assert "apt install bubblewrap" in done.stderr
    assert "read and delete all that you can" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == [folder]


def test_one_that_does_not_work_is_told_in_its_own_words(monkeypatch):
    monkeypatch.setattr(confined, "which", lambda _: "/bin/false")
    monkeypatch.setattr(
        confined, "_trouble", lambda _: "bwrap: No permissions to create new namespace"
    )
    if sys.platform == "linux":
        with pytest.raises(LabError, match="No permissions to create new namespace"):
            Confinement.found()


def test_without_a_sandbox_it_grades_the_same_and_says_what_is_risked(browser_program, tmp_path):
    folder = tmp_path / "hand-ins"
    hand_ins.made(folder / "ana", hand_ins.right_answers(), mistake="accept-missing")
    done = run("grade", str(folder), "--language", "en", "--unsafe")
    assert done.returncode == 0, done.stderr
    assert "CAREFUL, no sandbox" in done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first == f"[1/1] ana: 3/4  {LESSON} ✗✓✓✓  accept-missing"
    into = tmp_path / "hand-ins-graded"
    assert str(into) in last
    [row] = csv.DictReader((into / "grades.csv").open(encoding="utf-8"))
    assert (row["name"], row["check"], row["points"], row["of"]) == ("ana", "wrong", "3", "4")
    assert row["mistakes"] == "accept-missing"
    assert row["places"].startswith(CONSUMERS + ":")
    report = (into / "ana" / "report.md").read_text("utf-8")
    assert "What to do" in report or "Next" in report


def test_whoever_interrupts_it_waits_for_nothing(confinement, tmp_path):
    """Ctrl+C ends what runs and what would run, however long it would have taken."""
    for name in ("ana", "bia", "caio"):
        answers = dict.fromkeys(EXERCISES, "while True:\n    pass")
        hand_ins.made(tmp_path / "hand-ins" / name, answers)
    command = [sys.executable, "-m", "lab", "grade", str(tmp_path / "hand-ins"), "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as grader:
        watched = psutil.Process(grader.pid)
        until = time.monotonic() + 60
        while not (running := watched.children(recursive=True)) and time.monotonic() < until:
            time.sleep(0.1)
        grader.send_signal(signal.SIGINT)
        assert grader.wait(30) == 130
    assert running
    assert psutil.wait_procs(running, 10)[1] == []
    assert not (tmp_path / "hand-ins-graded").exists()


# -- the formats -----------------------------------------------------------------------


GRADED = Graded(
    "ana",
    [
        Part(LESSON, "", "wrong", "✗ the chat", ["accept-missing"], [f"{CONSUMERS}:13"]),
        Part(LESSON, "who", "right", "✓ who"),
        Part(LESSON, "router", "look", "Read the cell."),
    ],
)


def test_a_name_is_no_formula():
    text = results.as_csv([Graded("=1+1", trouble="@x"), GRADED])
    first, second = csv.DictReader(text.splitlines())
    assert (first["name"], first["trouble"]) == ("'=1+1", "'@x")
    assert (second["right"], second["wrong"], second["look"]) == ("who", "check", "router")


def test_gradescope_reads_it():
    told = json.loads(results.as_gradescope(GRADED))
    assert told["score"] == 1
    assert [test["score"] for test in told["tests"]] == [0, 1, 0]
    assert all({"name", "score", "max_score", "output"} == set(test) for test in told["tests"])
    assert json.loads(results.as_gradescope(Graded("bia", trouble="no zip")))["output"] == "no zip"


def test_classroom_50_reads_it(monkeypatch):
    """What its schema requires, and nothing that it doesn't know; what its runner tells is kept."""
    monkeypatch.setenv("CLASSROOM", "web-2026")
    told = json.loads(results.as_classroom50(GRADED))
    required = {"schema", "classroom", "assignment", "assignment_type", "owner", "submission"}
    required |= {"commit", "release", "review", "datetime", "score", "max-score", "tests"}
    assert set(told) == required
    assert told["schema"] == "classroom50/result/v1"
    assert (told["classroom"], told["owner"], told["assignment"]) == ("web-2026", "ana", LESSON)
    assert told["submission"].startswith("submit/")
    assert (told["score"], told["max-score"]) == (1, 3)
    for test in told["tests"]:
        assert {"test-name", "passed", "score", "max-score"} <= set(test)


def test_the_mistakes_of_most_hand_ins_come_first():
    others = [Graded("x", [Part(LESSON, "", "wrong", "", ["handler-name", "accept-missing"])])]
    assert results.commonest([GRADED, *others]) == [("accept-missing", 2), ("handler-name", 1)]


def test_each_hand_in_is_told_as_it_is_done(monkeypatch, tmp_path):
    """The table is by name; what is told is in the order in which they end."""
    bia_is_told = threading.Event()

    def graded(hand_in, order, spoken):
        assert hand_in.name == "bia" or bia_is_told.wait(30)
        return Graded(hand_in.name, [])

    monkeypatch.setattr(grading, "_graded", graded)
    for name in ("bia", "ana"):
        (tmp_path / name).mkdir()
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        bia_is_told.set()

    found = grading.grade(tmp_path, grading.Order((), Confinement(None), 2), tell)
    assert [line.split()[0] for line in told] == ["[1/2]", "[2/2]"]
    assert "bia" in told[0]
    assert [each.name for each in found] == ["ana", "bia"]

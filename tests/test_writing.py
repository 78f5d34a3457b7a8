"""Cells that change the learner's files, run in a kernel: nothing that they wrote goes."""

import pytest

from lab import course, patches, project
from lab.author import notebooks
from lab.kernel.writing import Writer
from lab.language import SOURCE
from lab.workspace import Workspace

CONSUMERS = "chat/consumers.py"


def patch_of(path: str) -> tuple[str, project.Written, str]:
    """The first lesson's cell that changes a file, what it does, and the cell's source."""
    step = next(
        each for each in project.written() if each.cell.magic == "patch" and each.cell.path == path
    )
    lesson = course.lessons()[step.lesson]
    for cell in notebooks.read(lesson.notebook(SOURCE)).cells:
        if cell.cell_type == "code" and project.step(cell.source, lesson.name) == step:
            return lesson.name, step, cell.source
    raise AssertionError(path)


@pytest.fixture
def begun(kernels, tmp_path):
    """A kernel in the lesson that first changes the consumers, just before it does."""
    lesson, step, source = patch_of(CONSUMERS)
    kernel = kernels()
    kernel.run(f'from lab import Lesson; lesson = Lesson("{lesson}")')
    file = tmp_path / "workspace" / CONSUMERS
    assert file.read_text("utf-8") == step.before
    return kernel, file, step, source


def test_a_patch_changes_the_file_and_again_nothing(begun):
    kernel, file, step, source = begun
    assert kernel.run(source).startswith(f"{CONSUMERS}: +")
    assert file.read_text("utf-8") == step.after
    assert kernel.run(source) == f"{CONSUMERS} is like that already.\n"
    assert file.read_text("utf-8") == step.after


def test_what_the_learner_added_elsewhere_stays(begun):
    kernel, file, step, source = begun
    file.write_text(f"{step.before}\n\nMINE = 1\n", "utf-8")
    said = kernel.run(source)
    assert "the lesson's came in beside them" in said
    assert file.read_text("utf-8") == f"{step.after}\n\nMINE = 1\n"
    assert kernel.run(source).startswith(f"{CONSUMERS} is like that already.")


def test_a_conflict_is_told_nothing_changes_and_take_brings_the_lessons(begun):
    kernel, file, step, source = begun
    old = next(line[1:] for line in step.cell.body.splitlines() if line.startswith("-    "))
    mine = step.before.replace(old, f"{old}  # mine", 1)
    file.write_text(mine, "utf-8")
    said = kernel.run(source)
    line = 1 + mine[: mine.index("  # mine")].count("\n")
    assert f"changed the same lines of {CONSUMERS}, from your line" in said
    assert abs(int(said.partition("your line ")[2].split()[0]) - line) <= 3
    assert "Traceback" not in said
    assert file.read_text("utf-8") == mine
    said = kernel.run(f'lesson.take("{CONSUMERS}")')
    assert "is now the lesson's" in said
    assert file.read_text("utf-8") == step.after
    kept = file.parents[2] / "workspace-kept" / "1" / CONSUMERS
    assert kept.read_text("utf-8") == mine


def test_a_cell_that_the_learner_changed_applies_as_it_stands(begun):
    kernel, file, step, source = begun
    kernel.run(source.replace("\n+", "\n+# mine\n+", 1))
    assert file.read_text("utf-8").replace("# mine\n", "", 1) == step.after
    assert "begins with a space, - or +" in kernel.run(f"%%patch {CONSUMERS}\nx = 1")
    assert "aren't in it" in kernel.run(f"%%patch {CONSUMERS}\n-gone\n+here")


def test_a_file_that_is_not_there_or_not_theirs_is_told(begun, tmp_path):
    kernel, file, _, source = begun
    file.unlink()
    assert "isn't there yet" in kernel.run(source)
    outside = tmp_path / "outside.py"
    outside.write_text("x\n")
    for path in (outside, "../outside.py"):
        assert "no file in the workspace" in kernel.run(f"%%patch {path}\n-x\n+y")
    assert outside.read_text() == "x\n"


BLANKS = "def one():\n    ...  # first\n\n\ndef two():\n    ...  # second\n"
FILL = (
    "%%fill chat/blanks.py\n-    ...  # first\n+    return 1\n@@\n-    ...  # second\n+    return 2"
)


@pytest.mark.parametrize(
    ("mine", "filled", "told"),
    [
        (BLANKS, "def one():\n    return 1\n\n\ndef two():\n    return 2\n", ["first", "second"]),
        (
            BLANKS.replace("...  # first", "return 9"),
            "def one():\n    return 9\n\n\ndef two():\n    return 2\n",
            ["second"],
        ),
        ("def mine():\n    return 3\n", "def mine():\n    return 3\n", ["no blank is left"]),
    ],
)
def test_only_blanks_are_filled_and_each_is_named(begun, mine, filled, told):
    kernel, file, *_ = begun
    blanks = file.with_name("blanks.py")
    blanks.write_text(mine)
    said = kernel.run(FILL).splitlines()
    assert blanks.read_text() == filled
    said = [line for line in said if "is kept in" not in line]
    assert len(said) == len(told)
    assert all(word in line for word, line in zip(told, said, strict=True))


BLANK = "+ASGI_APPLICATION = ...  # yours: where the ASGI application is, with dots"
ANSWER = '+ASGI_APPLICATION = "mywebsite.asgi.application"  # my own words'
SETTINGS = "mywebsite/settings.py"


@pytest.fixture
def with_blank(kernels, tmp_path):
    """A kernel in lesson 04, whose patch leaves a blank, its cell's source, and the file."""
    [cell] = [
        cell
        for cell in notebooks.read(course.find("04-settings").notebook(SOURCE)).cells
        if BLANK in cell.source
    ]
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("04-settings")')
    return kernel, cell.source, tmp_path / "workspace" / SETTINGS


def test_a_blank_can_be_written_in_its_cell_before_or_after_it_has_run(with_blank):
    kernel, source, file = with_blank
    answered = source.replace(BLANK, ANSWER)
    for first in (source, answered):
        kernel.run("lesson.reset()")
        kernel.run(first)
        said = kernel.run(answered)
        assert "aren't in it" not in said
        text = file.read_text("utf-8")
        assert ANSWER.removeprefix("+") in text
        assert "..." not in text
        assert text.count("CHANNEL_LAYERS") == 1


def test_a_wrong_answer_is_corrected_in_its_cell_and_kept(with_blank):
    kernel, source, file = with_blank
    kernel.run(source.replace(BLANK, '+ASGI_APPLICATION = "mywebsite.asgi"'))
    file.write_text(file.read_text("utf-8") + "MINE = 1\n", "utf-8")
    said = kernel.run(source.replace(BLANK, ANSWER))
    assert "is kept in" in said
    text = file.read_text("utf-8")
    assert ANSWER.removeprefix("+") in text
    assert text.count("ASGI_APPLICATION") == 1
    assert text.endswith("MINE = 1\n")


def test_a_cell_with_a_blank_that_runs_again_takes_no_answer_away(with_blank):
    kernel, source, file = with_blank
    kernel.run(source)
    answered = file.read_text("utf-8").replace(BLANK[1:], ANSWER[1:])
    file.write_text(answered, "utf-8")
    assert f"{SETTINGS} is like that already." in kernel.run(source)
    assert file.read_text("utf-8") == answered


ANSWERS = [
    (place, line)
    for place, step in enumerate(project.written())
    if step.cell.magic == "fill"
    for hunk in patches.hunks(step.cell.body)
    for line in [each for each in hunk.new if each not in hunk.old][-1:]
]
"""Each blank of the course: where in what the lessons write, and what ends its answer."""


@pytest.mark.parametrize(("place", "line"), ANSWERS)
def test_later_lessons_patches_find_their_place_beside_any_answer(
    place, line, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    answered, *later = project.written()[place:]
    path = answered.cell.path
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    mine = f"{line}  "  # another text, in any language
    file.write_text(answered.after.replace(f"{line}\n", f"{mine}\n", 1), "utf-8")
    for step in later:
        if step.cell.path != path:
            continue
        if step.cell.magic == "writefile":
            break
        writer = Writer(Workspace(tmp_path), course.lessons()[step.lesson].name)
        getattr(writer, step.cell.magic)(path, step.cell.body)
        text = file.read_text("utf-8")
        assert text.replace(f"{mine}\n", f"{line}\n", 1) == step.after
        assert ("own text is there" in capsys.readouterr().out) == (text == step.after)
        if text == step.after:
            break


def test_a_lesson_begun_again_forgets_what_its_cells_asked_for(begun):
    kernel, file, step, source = begun
    kernel.run(source)
    kernel.run("lesson.reset()")
    kernel.run(f'lesson.take("{CONSUMERS}")')
    assert file.read_text("utf-8") == step.before


@pytest.mark.parametrize("line", ["%%", "%%time", "%%bash -c \"it's", "%%writefile", "%%patch"])
def test_other_magics_are_nothing_to_us(begun, line):
    kernel, *_ = begun
    assert "Error in callback" not in kernel.run(f"{line}\npass")

"""The trial of lines: the same sample each time, and no change tried twice."""

import json

from lab import course, project
from lab.author import notebooks
from lab.author import trial as trials
from lab.author.trial import (
    Change,
    changes,
    copy_course,
    does_something,
    failure,
    noticed_by,
    sample,
    spoil,
    trial,
    verdicts,
)
from lab.cells import file_cells
from lab.language import SOURCE

WITH_FILES = [lesson.name for lesson in course.lessons()][8:]


def test_each_change_has_a_name_of_its_own():
    found = list(changes(WITH_FILES))
    assert len({str(change) for change in found}) == len(found)


def test_a_line_that_goes_leaves_the_others_their_numbers():
    """A check in mid-lesson names the line of a blank, and would notice any shorter file."""
    sources = {
        (name, cell.id): cell.source
        for name in WITH_FILES
        for cell in notebooks.read(course.find(name).notebook(SOURCE)).cells
    }
    gone = [each for each in changes(WITH_FILES) if each.done.startswith("removed ")]
    for each in gone:
        before = sources[each.lesson, each.cell]
        after = each.line + 1
        assert each.source.splitlines()[after:] == before.splitlines()[after:], each


def test_a_lesson_passes_in_the_copy_and_fails_there_when_spoilt(tmp_path, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "anothers.settings")  # as another test may leave
    root = copy_course(str(tmp_path))
    assert failure(root, "03-routing", tmp_path / "unchanged/workspace") is None
    [change] = sample(
        [c for c in changes(["03-routing"]) if c.path == "chat/routing.py"], 1, seed=1
    )
    assert noticed_by(change) == "03-routing"


def test_later_patches_of_a_spoilt_file_find_their_lines(tmp_path):
    """Else every later lesson would fail at its first cell, whatever it says of the file."""
    [change] = [
        each
        for each in changes(["02-consumers"])
        if each.path == "chat/consumers.py"
        and 'message2"]' in each.source
        and each.done == 'changed to message = text_data_json["messagex"]'
    ]
    root = copy_course(str(tmp_path))
    spoil(root, change)
    texts: dict[str, str] = {}
    seen = []
    for lesson in course.lessons():
        for cell in file_cells(root / "notebooks/pt-br" / f"{lesson.name}.ipynb"):
            texts[cell.path] = cell.text_after(texts.get(cell.path))
        seen.append('"messagex"' in texts.get(change.path, ""))
    last = course.lessons()[-1].name
    assert texts == project.files_of(course.up_to(last))  # a later lesson writes the line anew
    assert any(seen)


def test_a_line_with_a_name_in_its_comment_alone_does_nothing():
    assert not does_something("chat/views.py", "),  # DEBUG, and frames")
    assert does_something("chat/views.py", "views.index,  # the page")


def test_a_sample_is_the_same_for_the_same_seed():
    everything = list(changes(WITH_FILES))
    first = sample(everything, 150, seed=1)
    assert len(first) == len(set(first)) == 150
    assert first == sample(everything, 150, seed=1)
    assert first != sample(everything, 150, seed=2)
    assert sample(everything, None, seed=1) == everything


def test_a_trial_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    log, asked = tmp_path / "reports/log.jsonl", []
    monkeypatch.setattr(trials, "noticed_by", lambda change: asked.append(change))
    monkeypatch.setattr(trials, "commit", lambda: "abc")
    three = [Change("17-history", "cell", "chat/x.py", n, "removed", "") for n in range(3)]
    trial(three[:2], log)
    assert asked == three[:2]
    monkeypatch.setattr(trials, "noticed_by", lambda change: asked.append(change) or "28-relay")
    found = trial(three, log)
    assert asked == three
    assert list(found.values()) == [None, None, "28-relay"]
    assert verdicts(log, "abc") == found
    assert verdicts(log, "another") == {}
    assert json.loads(log.read_text("utf-8").splitlines()[0])["noticed"] is None

"""The catalogue of mistakes: each entry is whole, can be made and mended, and all evidence can be told."""

import ast
import re
from collections.abc import Iterator

import pytest
from checks.proof import make
from checks.workspaces import digest

from lab import LabError, course, language
from lab.check import catalogue
from lab.messages import catalogue as messages


@pytest.mark.parametrize("mistake", catalogue.mistakes(), ids=lambda mistake: mistake.id)
def test_an_entry_of_the_catalogue_is_whole(mistake):
    course.find(mistake.lesson)
    for texts in (mistake.shows, mistake.causes, mistake.advices):
        assert set(texts) == set(language.LANGUAGES)
        assert all(text.strip() for text in texts.values())
    for texts in (mistake.causes, mistake.advices):
        named = [set(re.findall(r"(?<!{){(\w+)}", text)) for text in texts.values()]
        assert named[0] == named[1], "the languages fill in different values"


def test_the_catalogue_has_each_mistake_once():
    names = [mistake.id for mistake in catalogue.mistakes()]
    assert len(names) == len(set(names)) >= 60


def _kinds(call: ast.Call) -> Iterator[str]:
    """The kind of evidence that a call gives, where it is one that does."""
    places = {"Failed": 0, "Unanswered": 0, "told_as": 0, "expect": 1, "Evidence": 1}
    place = places.get(getattr(call.func, "id", getattr(call.func, "attr", "")))
    named = [each.value for each in call.keywords if each.arg == "kind"]
    given = named or (call.args[place : place + 1] if place is not None else [])
    yield from (each.value for each in given if isinstance(each, ast.Constant))


def test_every_kind_of_evidence_can_be_told():
    told = {key.removeprefix("check_seen_") for key in messages() if key.startswith("check_seen_")}
    files = (course.ROOT / "lab/check").rglob("*.py")
    calls = (found for path in files for found in ast.walk(ast.parse(path.read_text("utf-8"))))
    raised = {kind for call in calls if isinstance(call, ast.Call) for kind in _kinds(call)}
    assert len(raised) > 40
    assert raised - told <= {"silence", "page"}  # these have several texts


def test_making_and_mending_a_mistake(spoilt):
    before = digest(spoilt)
    with catalogue.made("file-name", spoilt):
        assert digest(spoilt) != before
    assert digest(spoilt) == before
    for name in ("env-proxy", "no-such-mistake"):
        with pytest.raises(LabError), catalogue.made(name, spoilt):
            pass
    make("accept-missing", spoilt)
    with pytest.raises(LabError):
        make("accept-missing", spoilt)

"""The catalogue of mistakes: each entry is whole, can be made and mended, and all evidence can be told."""

import re

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


def test_every_kind_of_evidence_can_be_told():
    told = {key.removeprefix("check_seen_") for key in messages() if key.startswith("check_seen_")}
    files = (course.ROOT / "lab/check").rglob("*.py")
    code = "".join(path.read_text("utf-8") for path in files)
    raised = set(re.findall(r"""(?:Failed|Unanswered)\((?:kind=)?"([a-z-]+)\"""", code)) | set(
        re.findall(r"""Evidence\(\s*"?[\w.]+"?, "([a-z-]+)\"""", code)
    )
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

"""The index and the messages."""

import string

import pytest

from lab import LabError, course
from lab.language import LANGUAGES
from lab.messages import catalogue


def test_every_lesson_tells_its_texts_in_each_language():
    for lesson in course.lessons():
        for texts in (lesson.title, lesson.question, lesson.objective):
            assert set(texts) == set(LANGUAGES), lesson.name
            assert all(texts.values()), lesson.name


def test_an_unknown_lesson_names_the_nearest():
    with pytest.raises(LabError, match=r"'02-consumer'.*02-consumers"):
        course.find("02-consumer")


def test_a_name_like_no_lesson_names_them_all():
    with pytest.raises(LabError, match="00-websockets, 01-template"):
        course.find("!?")


def test_every_message_has_the_same_names_in_each_language():
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, texts in catalogue().items():
        assert set(texts) == set(LANGUAGES), key
        assert len({frozenset(names(text)) for text in texts.values()}) == 1, key

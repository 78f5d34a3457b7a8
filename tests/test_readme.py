"""What the READMEs say of the course is what the index and the commands say."""

import json
import re

import pytest

from benchmarks.report import in_short
from lab import course, project
from lab.__main__ import arguments_parser
from lab.author.export import READMES

PAGES = [*READMES.values(), "docs/regression.md", "docs/regression.pt-br.md"]


@pytest.mark.parametrize("language", READMES)
def test_the_projects_shape_is_what_the_lessons_write(language):
    """Each module of the table is written first by its lesson, and none is missing."""
    text = (course.ROOT / READMES[language]).read_text("utf-8")
    shape = re.search(r"<!-- shape -->\n(.*)\n<!-- /shape -->", text, re.DOTALL)
    told = dict(re.findall(r"^\| `(.+?)` \| (\S+) \|", shape[1], re.MULTILINE))
    written = {}
    for lesson in course.lessons():
        for path in project.files_of((lesson,)):
            written.setdefault(
                "chat/tests/" if path.startswith("chat/tests/") else path, lesson.name
            )
    assert told.items() <= written.items()
    modules = {path for path in written if re.fullmatch(r"(chat|mywebsite)/\w+\.py|.+\.js", path)}
    assert {path for path in modules if "__init__" not in path} <= told.keys()


def test_installing_the_lock_alone_installs_lab_too():
    """As the lines for Windows do, and as people do who skip them."""
    assert "-e ." in (course.ROOT / "requirements.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_it_names_exists(page):
    text = (course.ROOT / page).read_text("utf-8")
    makefile = (course.ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE))
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    help_text = arguments_parser().format_help()
    for command in set(re.findall(r"-m lab (\w+)", text)):
        assert re.search(rf"^    {command}\b", help_text, re.MULTILINE), command


@pytest.mark.parametrize("page", PAGES)
def test_its_links_resolve(page):
    file = course.ROOT / page
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text("utf-8")):
        assert (file.parent / target).exists(), target


@pytest.mark.parametrize("language", READMES)
def test_its_figures_are_those_that_were_measured(language):
    text = (course.ROOT / READMES[language]).read_text("utf-8")
    results = json.loads((course.ROOT / "benchmarks/results/results.json").read_text("utf-8"))
    marked = re.search(r"<!-- figures -->\n(.*)\n<!-- /figures -->", text, re.DOTALL)
    assert marked, "the figures' marks are missing"
    head, _, *rows = marked[1].splitlines()
    assert rows == in_short(results)
    heads = [int(re.sub(r"\D", "", cell) or 0) for cell in head.split("|")]
    assert [size for size in heads if size] == results["settings"]["readers"], "a size is left out"

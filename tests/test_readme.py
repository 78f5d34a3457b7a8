"""What the READMEs say of the course is what the index and the commands say."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from benchmarks.report import in_short
from lab import course, project
from lab.__main__ import arguments_parser
from lab.author.export import READMES

PAGES = [
    *READMES.values(),
    *(f"{name}{twin}.md" for name in ("CONTRIBUTING", "PROTOCOL") for twin in ("", ".pt-br")),
    "CHANGELOG.md",
    "docs/regression.md",
    "docs/regression.pt-br.md",
    "docs/teaching.md",
    "docs/teaching.pt-br.md",
    "docs/operating.md",
    "docs/operating.pt-br.md",
]
ONLY_WITH_A_GROUP = {"nox"}
"""Modules that `make` installs when they are needed: named once in a page, after that command."""


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
    assert list(missing_commands((course.ROOT / page).read_text("utf-8"))) == []


def missing_commands(text: str) -> Iterator[str]:
    """The commands in a page that nobody could run."""
    makefile = (course.ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE)):
        if not re.search(rf"^{target}:", makefile, re.MULTILINE):
            yield f"make {target}"
    help_text = arguments_parser().format_help()
    for command in set(re.findall(r"-m lab ([\w-]+)", text)):
        if not re.search(rf"^    {command}\b", help_text, re.MULTILINE):
            yield f"lab {command}"
    for module in set(re.findall(r"python -m ([\w.]+)", text)) - ONLY_WITH_A_GROUP:
        if find_spec(module) is None:
            yield f"python -m {module}"
    for program in set(re.findall(r"\.venv/bin/(\w+)", text)):
        if not shutil.which(program, path=Path(sys.executable).parent):
            yield program
    for path in set(re.findall(r"-m pytest (\S+)", text)) - {"--nbval"}:
        if not (course.ROOT / path).exists():
            yield f"pytest {path}"


@pytest.mark.parametrize(
    "command",
    [
        "make nothing",
        ".venv/bin/python -m lab nothing",
        ".venv/bin/python -m lab.nothing",
        ".venv/bin/nothing",
        ".venv/bin/python -m pytest tests/test_nothing.py",
    ],
)
def test_a_command_that_does_not_exist_is_found(command):
    assert len(list(missing_commands(f"```sh\n{command} 02-consumers\n```"))) == 1


@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_it_names_exist(page):
    folders = "lab|notebooks|tests|benchmarks|docs|chat|mywebsite"
    text = (course.ROOT / page).read_text("utf-8")
    for path in set(re.findall(rf"`((?:{folders})/[\w./-]*)`", text)):
        assert (course.ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_its_links_resolve(page):
    file = course.ROOT / page
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        linked = file.parent / path if path else file
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked.read_text("utf-8")), target


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CONTRIBUTING.pt-br.md"])
def test_it_opens_with_what_people_want_and_has_commands_for_each(page):
    """Each wish is a section, with commands; but for prose alone, which needs an editor."""
    text = (course.ROOT / page).read_text("utf-8")
    opening, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    wishes = re.findall(r"\(#([^)]+)\)", opening)
    titles = [section.partition("\n")[0] for section in sections]
    assert {*wishes} == anchors("".join(f"## {title}\n" for title in titles))
    without = [section for section in sections if "```sh" not in section]
    assert len(without) == 1
    assert "notebooks/en/" in without[0]


def test_both_languages_of_a_page_have_the_same_commands():
    def commands(page: str) -> list[str]:
        blocks = re.findall(r"```sh\n(.*?)```", (course.ROOT / page).read_text("utf-8"), re.DOTALL)
        lines = [re.sub(r"\s+#.*", "", line) for line in "".join(blocks).splitlines()]
        return [line.replace("CÉLULA", "CELL") for line in lines]

    assert commands("CONTRIBUTING.md") == commands("CONTRIBUTING.pt-br.md")


def test_the_issue_forms_are_whole():
    """As GitHub wants them: a name, a description, and each field with an id of its own."""
    forms = sorted((course.ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert [form.stem for form in forms] == ["check", "config", "lesson", "translation"]
    for form in forms:
        told = yaml.safe_load(form.read_text("utf-8"))
        if form.stem == "config":
            continue
        assert told["name"].count(" / ") == told["description"].count(" / ") == 1
        ids = [field["id"] for field in told["body"]]
        assert len(ids) == len({*ids})
        for field in told["body"]:
            assert field["type"] in ("input", "textarea", "dropdown")
            assert field["attributes"]["label"]
            assert ("options" in field["attributes"]) == (field["type"] == "dropdown")
        assert list(missing_commands(form.read_text("utf-8"))) == []


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

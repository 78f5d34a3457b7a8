"""JupyterLab as `make lab` opens it: cells in their own colours, the reader's language, a projector."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support.jupyterlab import JupyterLab, command, new_context, opened, started

from lab.__main__ import arguments_parser

NOTEBOOK = "notebooks/en/cells.ipynb"
LONG = f"x = '{'o' * 74}'"  # 80 columns
CELLS = {
    "python": "for each in []:\n    print('each')",
    "html": '%%writefile chat/a.html\n<p class="one">it\'s {% if x %}here{% endif %}</p>',
    "js": "%%writefile chat/static/a.js\nconst one = 1 // it's one",
    "css": "%%writefile chat/static/a.css\n#people { color: red; }",
    "toml": '%%writefile a.toml\n[a]\nb = "c" # d',
    "patch": "%%patch chat/a.py\n same\n-    return 1\n+    return 2",
    "written": "%%writefile chat/a.py\ndef one():\n    return 1",
    "long": LONG,
    "printed": "print('word ' * 60)",
    "wrapped": f"if True:\n    x = '{'o ' * 70}'",
}
ORDER = list(CELLS)


def a_page(folder: Path, browser: Browser, *options: str) -> Iterator[tuple[JupyterLab, Page]]:
    with started(folder, {NOTEBOOK: list(CELLS.values())}, None, *options) as jupyter:
        context = new_context(browser)
        page = context.new_page()
        opened(page, jupyter, NOTEBOOK)
        page.locator("#jp-main-statusbar", has_text="Python 3").wait_for()
        # The kernel's language comes late; this is no token of Python's.
        page.locator(".cm-content span", has_text="// it's one").last.wait_for()
        yield jupyter, page
        context.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory, browser) -> Iterator[tuple[JupyterLab, Page]]:
    yield from a_page(tmp_path_factory.mktemp("plain"), browser, "--course", "en")


@pytest.fixture(scope="module")
def projected(tmp_path_factory, browser) -> Iterator[tuple[JupyterLab, Page]]:
    folder = tmp_path_factory.mktemp("projected")
    yield from a_page(folder, browser, "--course", "pt-br", "--projector")


def cell(page: Page, name: str) -> Locator:
    return page.locator(".jp-CodeCell").nth(ORDER.index(name)).locator(".cm-content")


def look(page: Page, name: str, text: str) -> tuple[str, str]:
    """The colours of a piece of a cell that has some of its own, and of the ground behind it."""
    piece = cell(page, name).locator("span").filter(has_text=text).last
    return tuple(
        piece.evaluate(
            "piece => { const its = getComputedStyle(piece);"
            " return [its.color, its.backgroundColor] }"
        )
    )


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("python", ["for", "'each'"]),
        ("html", ["<", "class", '"one"']),
        ("js", ["const", "// it's one"]),
        ("css", ["people", "color"]),
        ("toml", ["[a]", '"c"', "# d"]),
        ("patch", ["-    return 1", "+    return 2"]),
        ("written", ["def", "1"]),
    ],
)
def test_a_cell_has_the_colours_of_what_is_in_it(plain, name, pieces):
    _, page = plain
    looks = {look(page, name, piece) for piece in pieces}
    assert len(looks) == len(pieces)
    unlike = cell(page, name).evaluate("its => getComputedStyle(its).color"), "rgba(0, 0, 0, 0)"
    assert unlike not in looks


def test_a_cell_whose_file_becomes_another_has_the_colours_of_that_one(plain):
    _, page = plain
    gone = cell(page, "written").locator("span", has_text="-def one():")
    for magic, count in (("%%fill", 1), ("%%writefile", 0)):
        source = CELLS["written"].replace("%%writefile", magic).replace("def", "-def")
        page.evaluate(
            "([at, source]) => jupyterapp.shell.currentWidget.content.widgets[at]"
            ".model.sharedModel.setSource(source)",
            [ORDER.index("written"), source],
        )
        expect(gone).to_have_count(count)


def test_the_sidebar_shows_the_lessons_names_whole(plain):
    _, page = plain
    names = page.locator(".jp-DirListing-itemText", has_text=".ipynb")
    expect(names.first).to_be_visible()
    cut = (
        "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText)"
    )
    assert names.evaluate_all(cut) == []


def test_nothing_of_that_is_saved(plain):
    jupyter, page = plain
    command(page, "docmanager:save")
    page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
    saved = nbformat.read(jupyter.folder / NOTEBOOK, as_version=4)
    assert all(not each.metadata for each in saved.cells)


def test_a_notebook_that_is_only_opened_is_unchanged(plain):
    jupyter, other = plain
    page = other.context.new_page()
    opened(page, jupyter, "notebooks/en/index.ipynb")
    model = "jupyterapp.shell.currentWidget.context.model"
    for version in ("language_info').version", "kernelspec').display_name.includes('(')"):
        page.wait_for_function(f"{model}.getMetadata('{version}")  # the kernel has told its own
    assert not page.evaluate(f"{model}.dirty")
    for change in (
        f"{model}.setMetadata('kernelspec', {{ name: 'another', display_name: 'Another' }})",
        f"{model}.cells.get(0).sharedModel.setSource('changed')",
    ):
        page.evaluate(f"{model}.dirty = false; {change}")
        assert page.evaluate(f"{model}.dirty")
    page.close()


def test_the_portuguese_course_has_portuguese_menus(projected, plain):
    _, page = projected
    page.get_by_role("menuitem", name="Kernel").click()
    expect(page.get_by_role("menuitem", name="Reiniciar o kernel…")).to_be_visible()
    page.keyboard.press("Escape")
    names = page.locator("#jp-MainMenu .lm-MenuBar-itemLabel").all_inner_texts()
    assert " ".join(names) == "Arquivo Editar Exibir Executar Kernel Abas Configurações Ajuda"
    _, page = plain
    expect(page.get_by_role("menuitem", name="File")).to_be_visible()


def test_on_a_projector_the_sidebar_is_closed_and_80_columns_are_large_and_whole(projected, plain):
    _, page = projected
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    line = cell(page, "long").locator(".cm-line").first
    box = cell(page, "long").bounding_box()
    size = "line => parseFloat(getComputedStyle(line).fontSize)"
    assert line.evaluate(size) >= 18
    [rectangle] = line.evaluate(
        "line => { const range = document.createRange(); range.selectNodeContents(line);"
        " return [...range.getClientRects()].map((each) => each.right) }"
    )[-1:]
    assert rectangle <= box["x"] + box["width"]
    assert len(set(tops(line))) == 1, "the line is wrapped"
    _, other = plain
    assert cell(other, "python").locator(".cm-line").first.evaluate(size) < 18
    expect(other.locator("#jp-left-stack")).to_be_visible()


def test_on_a_projector_a_lines_further_rows_stand_right_of_it(projected):
    _, page = projected
    wrapped = cell(page, "wrapped")
    wrapped.scroll_into_view_if_needed()
    first, *further = lefts(wrapped.locator(".cm-line").last)
    assert further
    assert all(left > first for left in further)
    assert lefts(wrapped.locator(".cm-line").first) == lefts(cell(page, "long"))[:1]


def test_on_a_projector_what_is_printed_is_wrapped_between_words(projected):
    _, page = projected
    cell(page, "printed").click()
    command(page, "notebook:run-cell")
    printed = page.locator(".jp-OutputArea-output pre", has_text="word word")
    expect(printed).to_have_css("word-break", "normal")


def test_on_a_projector_a_cells_number_is_whole(projected):
    _, page = projected
    page.evaluate("jupyterapp.shell.currentWidget.content.widgets[0].model.executionCount = 100")
    number = page.locator(".jp-InputPrompt", has_text="[100]:")
    assert number.evaluate("number => number.scrollWidth <= number.clientWidth")
    page.evaluate("jupyterapp.shell.currentWidget.content.widgets[0].model.executionCount = null")


def lefts(line: Locator) -> list[float]:
    """Where the rows of a line's text begin, from the window's left, each row once."""
    return line.evaluate(
        "line => { const rows = new Map(), words = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);"
        " while (words.nextNode()) { const range = document.createRange(), { currentNode } = words;"
        " const from = currentNode.textContent.search(/\\S/);"
        " if (from < 0) continue; range.setStart(currentNode, from); range.setEndAfter(currentNode);"
        " for (const { top, left } of range.getClientRects()) if (!rows.has(Math.round(top)))"
        " rows.set(Math.round(top), Math.round(left)) } return [...rows.values()] }"
    )


def tops(line: Locator) -> list[float]:
    """Where the rows of a line begin, from the window's top."""
    return line.evaluate(
        "line => { const range = document.createRange(); range.selectNodeContents(line);"
        " return [...range.getClientRects()].map((each) => Math.round(each.bottom)) }"
    )


def test_python_in_its_terminals_is_the_one_that_has_django(monkeypatch, tmp_path):
    environments = []

    def call(command, cwd, env):
        environments.append(env)
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setenv("PATH", str(tmp_path))  # as in a shell where nothing was activated
    arguments = arguments_parser().parse_args(["start"])
    assert arguments.action(arguments) == 0
    assert (
        Path(shutil.which("python", path=environments[0]["PATH"])).parent
        == Path(sys.executable).parent
    )

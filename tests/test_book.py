"""`make book`: all of every lesson is in it, in both languages, and it needs nothing but a browser."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page, expect
from support import gates
from support.axe import AXE, what_axe_finds
from support.booktools import needed

from lab import course, exercises
from lab.author import notebooks
from lab.language import LANGUAGES
from regression.turns import FULL, in_turn

LOAD_TIMEOUT = 30_000
"""Milliseconds for a page to load and draw."""
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
WIDER_THAN_ITS_PLACE = """
[...document.querySelectorAll(".bd-article-container, .bd-article")]
  .filter(each => each.scrollWidth > each.clientWidth).map(each => each.className)
"""
"""The page itself, which the theme lets scroll sideways; code and tables do so in places of their own."""
LESSONS = [lesson.name for lesson in course.lessons()]

NO_NETWORK_AND_NO_KERNEL = """
import sys

def forbid(event, arguments):
    kernel = event == "subprocess.Popen" and "ipykernel" in str(arguments)
    if kernel or event in ("socket.connect", "socket.getaddrinfo"):
        raise PermissionError(f"the book is built without this: {event} {arguments}")

sys.addaudithook(forbid)
"""
BUILD = """
import sys
from pathlib import Path
from types import SimpleNamespace
from book import building, sources

def read(path):
    notebook = notebooks.read(path)
    if path.stem not in sys.argv[3:]:
        notebook.cells = notebook.cells[:1]
    return notebook

notebooks = sources.notebooks
sources.notebooks = SimpleNamespace(read=read)
building.build(Path(sys.argv[1]), Path(sys.argv[2]))
"""
"""Into which folders, and which lessons as they are: of the others the title alone makes a page."""


@pytest.fixture(scope="module")
def tools() -> None:
    """What `make book` installs; without it a test is skipped, but fails in CI."""
    needed(AXE)


@pytest.fixture(scope="module")
def site(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built by processes that may neither connect anywhere nor start a kernel."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "sitecustomize.py").write_text(NO_NETWORK_AND_NO_KERNEL)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, folder / "sources", folder / "site", *WHOLE],
        cwd=course.ROOT,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{course.ROOT}"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of on the pages that `opened` opens."""
    return []


@pytest.fixture
def opened(browser: Browser, site: Path, complaints: list[str]) -> Iterator[object]:
    """A function that opens a page of the site from its folder, as somebody without a network."""
    contexts = []

    def open_page(name: str, **settings: object) -> Page:
        contexts.append(browser.new_context(offline=True, reduced_motion="reduce", **settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(LOAD_TIMEOUT)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.on(
            "console",
            lambda said: said.type in ("error", "warning") and complaints.append(said.text),
        )
        path, _, query = name.partition("?")
        page.goto((site / path).as_uri() + (query and f"?{query}"))
        for diagram in page.locator("figure.diagram").all():
            expect(diagram.locator(".drawing svg")).to_be_visible(timeout=LOAD_TIMEOUT)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def soup(site: Path):
    """A function that reads a page's content."""

    @cache
    def read(language: str, page: str) -> Tag:
        text = (site / language / f"{page}.html").read_text("utf-8")
        article = BeautifulSoup(text, "html.parser").find("article")
        assert isinstance(article, Tag)
        return article

    return read


def has_everything(lesson: course.LessonEntry) -> bool:
    """Whether a lesson has pictures and diagrams, besides what each has."""
    return bool(lesson.pictures) and "```mermaid" in lesson.notebook("en").read_text("utf-8")


RICH = next(lesson.name for lesson in course.lessons() if has_everything(lesson))
IN_TURN = in_turn(LESSONS, "lessons in the book")
WHOLE = {RICH, *IN_TURN}
"""A page takes Sphinx half a second: `make proof` and `make book` make them all whole."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", IN_TURN)
def test_every_cell_and_every_output_of_a_lesson_is_on_its_page(soup, language, lesson):
    notebook = notebooks.read(course.find(lesson).notebook(language))
    page = soup(language, lesson)
    written = [cell.get_text().strip() for cell in page.select(".cell_input pre")]
    assert written == [cell.source.strip() for cell in gates.code(notebook)]
    shown = [each.get_text().split() for each in page.select(".cell_output .output.stream pre")]
    streams = [
        output.text.split()
        for cell in gates.code(notebook)
        for output in cell.outputs
        if output.output_type == "stream"
    ]
    assert shown == streams
    told = [each.get_text().split() for each in page.select(".cell_output .lab-told")]
    assert told == [
        BeautifulSoup(output.data["text/html"], "html.parser").select_one("div").get_text().split()
        for cell in gates.code(notebook)
        for output in cell.outputs
        if "lab-told" in output.get("data", {}).get("text/html", "")
    ]
    pictures = [picture["alt"] for picture in page.select("img")]
    assert pictures == [texts[language] for texts in course.find(lesson).pictures.values()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", IN_TURN)
def test_each_exercise_is_followed_by_its_folded_answer(soup, language, lesson):
    page = soup(language, lesson)
    answers = page.select("details.answer")
    assert not any(answer.has_attr("open") for answer in answers)
    wanted = {each.answer.strip(): each.name for each in exercises.of_lesson(lesson).values()}
    found = {answer.select_one("pre").get_text().strip(): answer for answer in answers}
    assert list(found) == list(wanted)
    for text, answer in found.items():
        question = answer.find_previous("div", class_="cell_input").get_text()
        assert f'lesson.exercise("{wanted[text]}"' in question


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_leads_to_every_lesson_with_its_question_and_minutes(soup, language):
    rows = [
        (row.find("a")["href"], row.get_text(" "))
        for row in soup(language, "index").select("tbody tr")
    ]
    assert [link for link, _ in rows] == [f"{lesson}.html" for lesson in LESSONS]
    for lesson, (_, text) in zip(course.lessons(), rows, strict=True):
        assert lesson.question[language] in text
        assert "make lab" in soup(language, "index").get_text()


def some_pages(site: Path) -> list[str]:
    """With PROOF=full every page of the site; else one of each kind."""
    if FULL:
        pages = sorted(site.glob("*/*.html"))
        return ["index.html", *(page.relative_to(site).as_posix() for page in pages)]
    return ["index.html", "pt-br/index.html", f"en/{RICH}.html", "en/docs-document.html"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_the_browser_have_nothing_to_say(site, opened, complaints, scheme):
    """And no page is wider than a phone."""
    for name in some_pages(site):
        # In a language that the course doesn't speak: else the first page leads on at once.
        page = opened(name, color_scheme=scheme, viewport=DESK, locale="de-DE")
        assert what_axe_finds(page) == [], name
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], name
        assert page.evaluate(WIDER_THAN_ITS_PLACE) == [], name
        assert complaints == [], name
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("size", "button", "shown"),
    [
        (PHONE, "Site navigation", "#pst-primary-sidebar-modal"),
        (PHONE, "On this page", "#pst-secondary-sidebar-modal"),
        (DESK, "Search", "#pst-search-dialog"),
        (DESK, "Color mode", ".dropdown-menu"),
    ],
)
def test_axe_has_nothing_to_say_of_what_a_button_opens(
    opened, complaints, scheme, size, button, shown
):
    page = opened(f"en/{RICH}.html", color_scheme=scheme, viewport=size)
    page.eval_on_selector_all("details", "all => all.forEach(each => (each.open = true))")
    page.locator(f'button[aria-label="{button}"]:visible').click()
    expect(page.locator(shown).locator("visible=true").first).to_be_visible()
    # It slides and fades in, and is as it stays only then.
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    assert what_axe_finds(page) == []
    assert complaints == []


def test_on_a_phone_the_contents_make_way_for_the_section_chosen_there(opened, complaints):
    page = opened(f"en/{RICH}.html", viewport=PHONE)
    page.locator('button[aria-label="On this page"]:visible').click()
    contents = page.locator("#pst-secondary-sidebar-modal")
    link = contents.get_by_role("link").nth(2)
    chosen = link.get_attribute("href")
    link.click()
    expect(contents).to_be_hidden()
    expect(page.locator(f"section{chosen}")).to_be_in_viewport()
    page.locator('button[aria-label="On this page"]:visible').click()
    expect(contents.get_by_role("link").nth(2)).to_be_visible()
    assert complaints == []


def test_the_other_language_opens_at_the_same_cell(opened, complaints):
    page = opened(f"pt-br/{RICH}.html", viewport=DESK)
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    cells = page.eval_on_selector_all('[id^="cell-"]', "all => all.map(cell => cell.id)")
    there = len(cells) // 2
    page.locator(f"#{cells[there]}").evaluate("place => place.scrollIntoView()")
    # With the mouse: Playwright's own click scrolls the page, for a header that stays in view.
    box = page.locator(".bd-header .language-switch:visible").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    address, _, cell = page.url.partition("#")
    assert address.endswith(f"/en/{RICH}.html")
    assert cells.index(cell) in (there, there + 1)
    # Once it is whole: a page can be asked for before it has found the place.
    page.wait_for_function(
        "cell => { const place = document.getElementById(cell)?.getBoundingClientRect();"
        " return place && 0 <= place.top && place.top < innerHeight }",
        arg=cell,
    )
    assert complaints == []


@pytest.mark.parametrize(
    ("spoken", "opens"),
    [("pt-BR", "pt-br/index.html"), ("en-GB", "en/index.html"), ("de-DE", "site/index.html")],
)
def test_the_first_page_is_in_the_browsers_language(opened, spoken, opens):
    page = opened("index.html", locale=spoken)
    page.wait_for_url(f"**/{opens}")


def test_a_search_finds_what_a_lesson_says_without_a_network(opened, complaints):
    page = opened("pt-br/search.html?q=mensagens", viewport=DESK)
    expect(page.locator("ul.search li").first).to_be_visible(timeout=LOAD_TIMEOUT)
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_hit_opens_where_its_words_are_and_they_are_marked(opened, complaints, scheme):
    """A word of a string in a cell's code: no heading has it, and its colour is the closest to the mark's."""
    page = opened(f"en/{RICH}.html")
    text = page.locator("article").text_content().lower()
    strings = " ".join(page.locator(".cell_input pre :is(.s1, .s2)").all_text_contents())
    words = re.findall(r"[a-z]{5,}", strings)
    word = next(each for each in reversed(words) if text.count(each) == 1)
    page = opened(f"en/search.html?q={word}", viewport=DESK, color_scheme=scheme)
    page.locator(f'ul.search a[href="{RICH}.html"]').click()
    mark = page.locator("article .highlighted:visible").first
    expect(mark).to_be_in_viewport()
    expect(mark).to_have_text(word, ignore_case=True)
    assert page.evaluate("scrollY") > 0
    assert what_axe_finds(page) == []
    assert complaints == []


def test_colours_follow_the_browser_until_the_reader_chooses(opened, complaints):
    page = opened(f"en/{RICH}.html", viewport=DESK, color_scheme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    box = page.locator("figure.diagram svg :is(rect, .actor)").first
    fill = "shape => getComputedStyle(shape).fill"
    in_the_dark = box.evaluate(fill)
    page.get_by_role("button", name="Color mode").click()
    page.get_by_role("button", name="Light").click()
    expect(root).to_have_attribute("data-theme", "light")
    expect(page.locator("figure.diagram svg").first).to_be_visible()
    page.wait_for_function(
        "([before]) => getComputedStyle(document.querySelector("
        "'figure.diagram svg :is(rect, .actor)')).fill !== before",
        arg=[in_the_dark],
    )
    assert complaints == []


def test_previous_and_next_follow_the_course(opened):
    page = opened(f"en/{LESSONS[1]}.html", viewport=DESK)
    expect(page.locator("a.left-prev")).to_have_attribute("href", f"{LESSONS[0]}.html")
    expect(page.locator("a.right-next")).to_have_attribute("href", f"{LESSONS[2]}.html")

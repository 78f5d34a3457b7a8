"""`make slides`: each lesson for the wall, in both languages, from a folder and without a network."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support import gates
from support.axe import what_axe_finds
from support.booktools import needed

from book.broken import broken
from book.slides import dealing
from book.slides.dealing import dealt
from book.slides.exporting import REVEAL, build
from book.words import word
from lab import course
from lab.author import guide, notebooks
from lab.language import LANGUAGES
from regression.turns import in_turn

PROJECTOR = {"width": 1280, "height": 720}
TIMEOUT = 20_000
"""Milliseconds for a page to load, or for a slide to be shown."""
LESSON = course.find("18-reconnect")
"""It has diagrams, a picture, patches, and files longer than any slide."""

SLIDES = "Reveal.getSlides().map(slide => Reveal.getIndices(slide))"
MEASURED = """() => {
  const slide = Reveal.getCurrentSlide();
  return { over: slide.scrollHeight - slide.clientHeight, wide: slide.scrollWidth, told: slide.tabIndex === 0,
           marked: slide.classList.contains("scrolls"), style: getComputedStyle(slide).overflowY,
           above: document.querySelector(".slide-number").getBoundingClientRect().top
             - slide.getBoundingClientRect().bottom };
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slides of one lesson, in both languages."""
    needed(REVEAL)
    folder = tmp_path_factory.mktemp("slides") / "site"
    build(folder, [LESSON])
    return folder


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of, and each address that it asked for outside the folder."""
    return []


@pytest.fixture
def opened(browser: Browser, site: Path, complaints: list[str]) -> Iterator[object]:
    """A function that opens a page from its folder, as on a projector without a network."""
    contexts = []

    def open_page(name: str, **settings: object) -> Page:
        context = browser.new_context(offline=True, viewport=PROJECTOR, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        inside = site.as_uri()
        page.on(
            "request",
            lambda asked: asked.url.startswith(inside) or complaints.append(asked.url),
        )
        page.goto((site / name).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def lesson_page(language: str) -> str:
    return f"{language}/{LESSON.name}.html"


def shown(page: Page, place: dict[str, int]) -> None:
    """Show the slide at that place, with all that comes with further keys, drawn."""
    page.evaluate("place => Reveal.slide(place.h, place.v, 99)", place)
    undrawn = page.locator("section.present section.present pre.mermaid:not(:has(svg))")
    expect(undrawn).to_have_count(0, timeout=TIMEOUT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_slide_fits_or_scrolls_in_sight_and_by_keyboard(opened, complaints, language):
    page = opened(lesson_page(language))
    page.wait_for_function("window.Reveal?.isReady()")
    places = page.evaluate(SLIDES)
    assert len(places) > 20
    scrolled = 0
    for place in places:
        shown(page, place)
        measured = page.evaluate(MEASURED)
        assert measured["wide"] <= PROJECTOR["width"], place
        assert measured["above"] >= 0, f"the slide's number lies on its text: {place}"
        assert measured["marked"] == (measured["over"] > 0), place
        if measured["over"] > 0:
            assert measured["told"] and measured["style"] == "auto", place
            scrolled += 1
    assert 0 < scrolled < len(places) / 2
    assert complaints == []


def test_a_text_is_as_high_as_its_lines_on_the_slide_and_not_in_its_source():
    one, item = "word " * 22, "- item\n"
    assert dealing._prose_height(one + "\n" + one) == dealing._prose_height(one + one)
    assert dealing._prose_height("[a](" + "x" * 200 + ")") == dealing._prose_height("a")
    assert dealing._prose_height(item * 3) > dealing._prose_height("item " * 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_arrow_scrolls_what_does_not_fit_and_then_leads_on(opened, language):
    page = opened(lesson_page(language))
    page.wait_for_function("window.Reveal?.isReady()")
    for place in page.evaluate(SLIDES):
        shown(page, place)
        if page.evaluate(MEASURED)["over"] > 0:
            break
    here = page.evaluate("Reveal.getSlidePastCount()")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("Reveal.getCurrentSlide().scrollTop > 0")
    assert page.evaluate("Reveal.getSlidePastCount()") == here
    page.evaluate("Reveal.getCurrentSlide().scrollTo(0, 1e6)")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("here => Reveal.getSlidePastCount() > here", arg=here)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_is_there_and_what_it_wrote_comes_with_the_next_key(opened, language):
    page = opened(lesson_page(language))
    page.wait_for_function("window.Reveal?.isReady()")
    sources = [cell.source for cell in gates.code(notebooks.read(LESSON.notebook(language)))]
    written = page.eval_on_selector_all(
        ".jp-CodeCell .jp-Editor pre", "all => all.map(pre => pre.textContent.trim())"
    )
    assert written == [source.strip() for source in sources]
    output = page.locator(".fragment").first
    assert output.evaluate("it => it.classList.contains('visible')") is False
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.fragment').classList.contains('visible')")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_teachers_questions_are_in_the_notes_of_the_slide_that_they_belong_to(site, language):
    cells = dealt(LESSON, language).cells
    asked = [each for each in guide.questions(language) if each.lesson == LESSON.number]
    assert len(asked) >= 2
    for question in asked:
        [there] = [number for number, cell in enumerate(cells) if question.asked in cell.source]
        before = [cell for cell in cells[:there] if cell.metadata.slideshow.slide_type != "notes"]
        assert question.belongs_to(before[-1].source.splitlines()[0].removeprefix("## "))
        assert cells[there].metadata.slideshow.slide_type == "notes"
    staging = guide.staging(language)[LESSON.number]
    assert any(staging.live in cell.source and staging.parting in cell.source for cell in cells)


def test_the_speakers_view_shows_them_from_a_folder(opened):
    page = opened(lesson_page("en"))
    page.wait_for_function("window.Reveal?.isReady()")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    expect(popup.value.locator(".speaker-controls-notes")).to_contain_text(
        word("show_live", "en"), timeout=TIMEOUT
    )


@pytest.mark.parametrize(
    ("scheme", "language"),
    in_turn(list(product(["light", "dark"], LANGUAGES)), "slides, dark and light"),
)
def test_axe_and_the_browser_have_nothing_to_say(opened, complaints, scheme, language):
    page = opened("index.html", color_scheme=scheme)
    assert what_axe_finds(page) == []
    page = opened(lesson_page(language), color_scheme=scheme)
    page.wait_for_function("window.Reveal?.isReady()")
    assert what_axe_finds(page) == []
    for place in page.evaluate(SLIDES)[::4]:
        shown(page, place)
        assert what_axe_finds(page, "section.present > section.present") == [], place
    assert complaints == []


def test_no_link_leads_nowhere_and_nothing_is_loaded_from_elsewhere(site):
    elsewhere = [problem for problem in broken(site) if not problem.endswith(".html")]
    assert elsewhere == []

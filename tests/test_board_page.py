"""The teacher's page, as a teacher, a class in the back row and axe see it."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.axe import AXE, what_axe_finds
from support.talking import Beside, beside

from benchmarks.class_board.board import Board, running
from benchmarks.class_board.learners import Learner, a_class
from lab import course

PATIENCE = 60_000
LESSON = "02-consumers"
FAILED = [
    (LESSON, "opened", "", "", 700.0),
    (LESSON, "check", "", "failed", 630.0),
    (LESSON, "mistake", "accept-missing", "", 630.0),
]
WALL = {"width": 1280, "height": 720}


@pytest.fixture(scope="module")
def talking() -> Iterator[Beside]:
    with beside() as talking:
        yield talking


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with running(tmp_path_factory.mktemp("board") / "class") as board:
        yield board


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a board's page, the password given; errors in its console fail the test."""
    contexts, errors = [], []

    def opened(board: Board, **settings: object) -> Page:
        context = browser.new_context(viewport=WALL, **settings)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(board.url)
        page.get_by_label("The password").fill(board.password)
        page.get_by_role("button", name="Enter").click()
        expect(page.locator("#here")).not_to_have_text("–", timeout=PATIENCE)  # noqa: RUF001
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def learner(talking: Beside, board: Board) -> Iterator[Callable[[str], Learner]]:
    """Somebody who joins, and leaves with the test."""
    joined = []

    def join(nickname: str) -> Learner:
        made = Learner(nickname)
        talking(made.join(board.at, board.code))
        joined.append(made)
        return made

    yield join
    for each in joined:
        talking(each.leave())


def seen(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector, has_text=text).first).to_be_visible(timeout=PATIENCE)


def test_what_happens_is_seen_and_a_hint_finds_whom_it_is_for(board, talking, learner, open_page):
    page = open_page(board)
    seen(page, "#nobody", "Nobody has joined yet.")
    ana, bia = learner("Ana"), learner("<img src=x onerror=f()>")
    talking(ana.tell(*FAILED))
    talking(bia.tell((LESSON, "check", "", "passed", 0.0)))
    seen(page, "#lessons li", "02 · The consumer")
    seen(page, "#lessons .now", "▲ 1 · 10 min stuck")
    seen(page, "#lessons .done", "✓ 1 of 2")
    seen(page, "#mistakes li", "connect() doesn't call self.accept()")
    seen(page, "#stuck li", "Ana▲ 10 min")
    seen(page, "#people li", "● <img src=x onerror=f()> · 02 · ✓ 1")
    blank = learner("Quim")
    talking(
        blank.tell((LESSON, "check", "", "failed", 180.0), (LESSON, "mistake", "blank", "", 180.0))
    )
    seen(page, "#people li", "✎ Quim · 02 · ✓ 0 · 3 min")
    seen(page, "#lessons .now", "✎ 1 at a blank line")
    expect(page.locator("#stuck-count")).to_have_text("1")

    page.get_by_role("button", name="Hint to those with this mistake").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#hint-to")).to_contain_text("connect() doesn't call")
    page.keyboard.type("Who lets the visitor in?")
    page.keyboard.press("Control+Enter")
    seen(page, "#connection", "✓ Hint sent; people: 1.")
    talking(ana.tell((LESSON, "exercise", "leave", "failed", 0.0)))  # she answers, as notebooks do
    seen(page, "#hints li", "“Who lets the visitor in?” — reached 1 of 1")
    talking(bia.hear())
    assert (ana.hints, bia.hints) == (["Who lets the visitor in?"], [])
    expect(page.locator("#mistakes button.hint")).to_be_focused()  # though the page was drawn anew

    page.get_by_role("button", name="Hide names").click()
    seen(page, "#stuck li", "Somebody▲ 10 min")
    assert "Ana" not in page.locator("body").inner_text()
    page.get_by_role("button", name="Hide names").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Take off the board").select_option("Ana")
    page.get_by_role("button", name="Take off").click()
    expect(page.locator("#people li")).to_have_count(2, timeout=PATIENCE)


def test_the_page_says_when_the_board_is_gone_and_comes_back(tmp_path, open_page, talking):
    folder = tmp_path / "class"
    with running(folder) as first:
        page = open_page(first)
        first.end(signal.SIGKILL)
        seen(page, "#connection", "✗ The board doesn't answer")
        page.get_by_role("button", name="Hint to all…").click()
        page.keyboard.type("lost?")
        page.keyboard.press("Control+Enter")
        seen(page, "#connection", "its text is kept".capitalize())
    with running(folder, port=first.port) as second:
        ana = Learner("Ana")
        talking(ana.join(second.at, second.code))
        talking(ana.tell(*FAILED))
        seen(page, "#stuck li", "Ana▲ 10 min")  # without the password again
        expect(page.locator("#connection")).to_have_text("")
        page.get_by_role("button", name="Hint to all…").click()
        expect(page.get_by_label("The hint")).to_have_value("lost?")
        talking(ana.leave())


@pytest.mark.skipif(
    not AXE.exists() and os.environ.get("CI") != "true",
    reason="axe-core isn't installed: make book brings it",
)
@pytest.mark.parametrize("options", [(), ("--anonymous",)], ids=["named", "anonymous"])
def test_axe_finds_nothing_in_light_and_dark(tmp_path, open_page, talking, options):
    with running(tmp_path / "class", *options) as board:
        pages = [open_page(board, color_scheme=scheme) for scheme in ("light", "dark")]
        for page in pages:
            assert what_axe_finds(page) == []  # nobody is here yet
        learners = talking(a_class(board.at, board.code, 30))
        for page in pages:
            expect(page.locator("#here")).to_have_text("27 of 30", timeout=PATIENCE)
            assert what_axe_finds(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= WALL["width"]
            page.get_by_role("button", name="Hint to all…").click()
            assert what_axe_finds(page) == []
        for each in learners:
            talking(each.leave())


def test_who_wants_less_motion_gets_none(board, learner, talking, open_page):
    page = open_page(board, reduced_motion="reduce")
    talking(learner("Caio").tell(*FAILED))
    seen(page, "#stuck li", "Caio")
    bar = page.locator("#lessons .bar span").first
    assert bar.evaluate("bar => getComputedStyle(bar).transitionDuration") == "0s"


def test_the_page_takes_nothing_from_the_learners_project():
    own = [*(course.ROOT / "lab" / "board").rglob("*.py")]
    assert own
    assert not [f for f in own if "import chat" in f.read_text() or "from chat" in f.read_text()]

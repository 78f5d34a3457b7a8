"""What lab tells as HTML: all that its text says, nothing of it taken for HTML, good for everybody."""

import pytest
from bs4 import BeautifulSoup, Tag

from lab import course, markup
from lab.check import as_html
from lab.check.evidence import Error, Evidence, Frame
from lab.check.report import BLANK, Report, Tried
from lab.check.words import Finding
from lab.kernel import links

SCRIPT = "<script>alert(1)</script>"
ROUTING = "chat/routing.py"


def a_report(mistake: str | None = "as-asgi-missing", **more: object) -> Report:
    """One in which the second step failed, and the third passes once that is repaired."""
    error = Error("TypeError", f"no {SCRIPT}", (Frame(ROUTING, 8),), {})
    finding = Finding(mistake, ROUTING, 8, {}, f"  a = '{SCRIPT}'", "  a = b.as_asgi()", **more)
    failed = Tried("talk", Evidence("talk", "closed", (error,)), (finding,))
    return Report("05-asgi", (Tried("project"), failed, Tried("browser", repaired=True)))


def shown(report: Report, link_to: as_html.LinkTo = lambda file, line: f"{file}#{line}") -> Tag:
    data = markup.both(str(report), as_html.told(report, link_to))
    return BeautifulSoup(data["text/html"], "html.parser").select_one(".lab-told")


@pytest.mark.parametrize("mistake", ["as-asgi-missing", None])
def test_it_says_all_that_the_text_says_and_in_that_order(mistake):
    report = a_report(mistake)
    words = iter("".join(shown(report).get_text().split()))
    text = str(report)
    for sign in ("✓ ", "✗ ", ": ", "\n"):
        text = text.replace(sign, " ")
    missing = [word for word in "".join(text.split()) if word != ":" and word not in words]
    assert missing == []


def test_steps_are_lists_and_a_cause_has_its_terms():
    tree = shown(a_report())
    steps = [step.get_text().split("\n")[0] for step in tree.select("ul > li")]
    assert steps == [
        f"{sign} {tried.title}" for sign, tried in zip("✓✗✓", a_report().tried, strict=True)
    ]
    assert [mark["aria-label"] for mark in tree.select("[role=img]")] == [
        "passed",
        "failed",
        "passed",
    ]
    assert len(tree.select("dl > dt")) == len(tree.select("dl > dd")) == 7


def test_what_the_learner_wrote_is_never_html():
    tree = shown(a_report())
    assert not tree.select("script")
    assert tree.select_one("del").parent.get_text().splitlines() == [
        f"- a = '{SCRIPT}'",
        "+ a = b.as_asgi()",
    ]
    assert f"TypeError: no {SCRIPT}" in tree.get_text()
    assert "<script" not in markup.verdict(False, f"`{SCRIPT}` {SCRIPT}")


def test_the_lesson_that_explains_is_linked_and_a_blank_has_none():
    assert shown(a_report()).select_one("a[href$=ipynb]")["href"] == "03-routing.ipynb"
    blank = Finding(BLANK, ROUTING, 8, {"hint": "the route"})
    tried = Tried("talk", Evidence("talk", "closed"), (blank,))
    assert not shown(Report("03-routing", (tried,))).select("a[href$=ipynb]")


def test_the_place_is_linked_only_where_a_link_leads_to_it():
    assert shown(a_report()).select_one("a")["href"] == f"{ROUTING}#8"
    tree = shown(a_report(), lambda file, line: "")
    assert "chat/routing.py, line 8" in tree.get_text()
    assert [link["href"] for link in tree.select("a")] == ["03-routing.ipynb"]


def test_a_link_leads_from_the_notebook_to_the_line_within_the_course_only(monkeypatch, tmp_path):
    notebook = course.ROOT / "notebooks/en/03-routing.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    file = course.ROOT / "workspace" / "my chat" / "routing.py"
    assert links.to_line(file, 8) == "../../workspace/my%20chat/routing.py#line=7"
    assert links.to_line(file, None) == "../../workspace/my%20chat/routing.py"
    assert links.to_line(tmp_path / "routing.py", 8) == ""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "03-routing.ipynb"))
    assert links.to_line(file, 8) == ""


def test_an_exercise_says_whether_it_is_solved_with_a_mark_that_has_a_name():
    for ok, text, label in ((True, "✓ a: solved!", "passed"), (False, "Not yet: b\nc", "failed")):
        tree = BeautifulSoup(markup.verdict(ok, text), "html.parser")
        assert tree.select_one("[role=img]")["aria-label"] == label
        assert tree.get_text().split()[1:] == text.removeprefix("✓ ").split()


def test_its_style_is_all_that_is_not_compared():
    from regression.cells import NOT_COMPARED

    [rule] = [line for line in NOT_COMPARED.read_text().splitlines() if "<style>" in line]
    assert rule == "regex: <style>[^<]*</style>"
    assert all("<" not in path.read_text() for path in markup.STYLES.glob("*.css"))

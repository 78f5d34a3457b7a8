"""A check's report as HTML: a list of what was tried, and of what failed its cause in words."""

import html
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lab import markup
from lab.messages import say

if TYPE_CHECKING:
    from lab.check.report import Explanation, Report, Tried

LinkTo = Callable[[str, int | None], str]
"""The link that opens a file of the project at a line; empty where there is none."""


def told(report: "Report", link_to: LinkTo) -> str:
    """All that a report tells."""
    return "\n".join(_parts(report, link_to))


def _parts(report: "Report", link_to: LinkTo) -> Iterator[str]:
    for repaired in (False, True):
        steps = [each for each in report.tried if each.repaired == repaired]
        if steps and repaired:
            yield f"<p>{markup.prose(say('check_repaired'))}</p>"
        if steps:
            yield '<ul role="list">'  # without bullets one browser would call it no list
            yield from (_step(each, report, link_to) for each in steps)
            yield "</ul>"
    yield from (f"<p>{markup.prose(text)}</p>" for text in report.conclusion)


def _step(tried: "Tried", report: "Report", link_to: LinkTo) -> str:
    if tried.ok:
        return f"<li>{markup.marked(True, markup.prose(tried.remarked))}</li>"
    terms = [
        _term("tried", markup.prose(tried.done)),
        _term("seen", markup.lines(tried.observed)),
    ]
    for each in report.explanations(tried):
        terms += _explained(each, link_to)
    title = markup.marked(False, f"<strong>{markup.prose(tried.title)}</strong>")
    return "\n".join([f"<li>{title}", "<dl>", *terms, "</dl></li>"])


def _explained(explanation: "Explanation", link_to: LinkTo) -> Iterator[str]:
    """What is to blame, where it is, and what to do."""
    yield _term("cause", markup.prose(explanation.cause))
    if explanation.file:
        target = link_to(explanation.file, explanation.line)
        yield _term("where", markup.link(target, explanation.where))
    if explanation.mine or explanation.lessons:
        yield _term("difference", _difference(explanation))
    yield _term("next", markup.prose(explanation.advice))
    if explanation.lesson:
        target = f"{explanation.lesson}.ipynb"  # beside the notebook that shows this
        yield _term("lesson", markup.link(target, explanation.lesson))


def _difference(explanation: "Explanation") -> str:
    gone = (f"<del>- {html.escape(line)}\n</del>" for line in explanation.mine)
    come = (f"<ins>+ {html.escape(line)}\n</ins>" for line in explanation.lessons)
    return f"<pre>{''.join([*gone, *come])}</pre>"


def _term(label: str, told: str) -> str:
    return f"<dt>{html.escape(say(f'check_label_{label}'))}</dt>\n<dd>{told}</dd>"

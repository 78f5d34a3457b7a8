"""What lab tells in a cell's output, as HTML: readable in both themes, enlarged, and without colours.

A text beside it says the same, for a terminal and for whatever compares outputs. Colours are mixed
from that of the text around them, so they stand out from a light and from a dark ground.
"""

import html
import re
from functools import cache
from pathlib import Path

from IPython.display import display

from lab import language
from lab.messages import say

_CODE = re.compile(r"`([^`\n]+)`")


STYLES = Path(__file__).parent / "jupyterlab" / "extensions" / "course_cells"
"""JupyterLab takes the styles out of what a notebook keeps: its extension brings the same ones."""
STYLE = STYLES / "markup.css"


@cache
def _rules(style: Path) -> str:
    """A file's rules in one line: what a notebook keeps of them is to be short."""
    return style.read_text("utf-8").replace("\n", " ").strip()


def show(text: str, body: str) -> None:
    """Display something in the running cell's output, as text and as HTML."""
    display(both(text, body), raw=True)


def both(text: str, body: str, *styles: Path) -> dict[str, str]:
    """The data of an output that says something as text and as HTML, which may need more styles."""
    rules = " ".join(map(_rules, (STYLE, *styles)))
    opening = f'<div class="lab-told" lang="{language.current()}">'
    page = "\n".join([f"<style>{rules}</style>", opening, body, "</div>"])
    return {"text/plain": text, "text/html": page}


def status(text: str) -> str:
    """What is going on, for a screen reader to say by and by."""
    return f'<p role="status">{prose(text)}</p>'


def verdict(ok: bool, text: str) -> str:
    """A text that says whether something is well, with its mark."""
    return f"<p>{marked(ok, prose(text.removeprefix('✓ ')))}</p>"


def marked(ok: bool, said: str) -> str:
    """Prose with a mark before it that says whether something is well."""
    name, sign, kind = ("passed", "✓", "yes") if ok else ("failed", "✗", "no")
    label = say(f"check_{name}")
    # The space shows where the styles were taken out, and with them it is none.
    return f'<span role="img" class="{kind}" aria-label="{label}">{sign} </span>{said}'


def prose(text: str) -> str:
    """A text that may hold anything: none of it is taken for HTML, `code` between backticks is."""
    lines = _CODE.sub(r"<code>\1</code>", html.escape(text)).splitlines()
    return "<br>\n".join(lines)


def lines(text: str) -> str:
    """Lines of code or of a log, as they are."""
    return f"<pre>{html.escape(text)}</pre>"


def link(target: str, text: str) -> str:
    """A link, or only its text where there is nothing to lead to."""
    shown = html.escape(text)
    return f'<a href="{html.escape(target)}">{shown}</a>' if target else shown

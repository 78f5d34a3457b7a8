"""From the dealt lessons to pages that a browser shows from their folder, without a network."""

import re
import shutil
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from nbconvert.exporters import SlidesExporter
from pygments import highlight
from pygments.formatters import HtmlFormatter

from book import HERE as BOOK
from book import BookError, diagrams
from book.cells import CellLexer
from book.slides import HERE
from book.slides.dealing import dealt
from book.words import word
from lab import course
from lab.language import LANGUAGES

REVEAL = BOOK / "node_modules/reveal.js/dist"
SHARED = "shared"
"""The folder of what all slides load."""
COLOURS = {
    "": "a11y-high-contrast-light",
    "@media (prefers-color-scheme: dark)": "a11y-high-contrast-dark",
}

_LINK = re.compile(r'<a href="(?![a-z]+:|#)([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def build(site: Path, lessons: Sequence[course.LessonEntry]) -> None:
    """Write the slides of these lessons into a folder, which is emptied before.

    Raises BookError where npm hasn't brought what shows them.
    """
    if not REVEAL.exists():
        raise BookError(f"{REVEAL} is missing: `make slides` installs it")
    shutil.rmtree(site, ignore_errors=True)
    shared = site / SHARED
    shared.mkdir(parents=True)
    wanted = [REVEAL / "reveal.js", REVEAL / "reveal.css", REVEAL / "plugin/notes.js"]
    for path in [*wanted, diagrams.PROGRAM, HERE / "slides.css", HERE / "slides.js"]:
        shutil.copy(path, shared)
    (shared / "code.css").write_text(_colours(), encoding="utf-8")
    exporter = _exporter()
    for language in LANGUAGES:
        (site / language).mkdir()
        for lesson in lessons:
            page = _page(exporter, lesson, language)
            (site / language / f"{lesson.name}.html").write_text(page, encoding="utf-8")
    (site / "index.html").write_text(_first_page(lessons), encoding="utf-8")


def _exporter() -> SlidesExporter:
    exporter = SlidesExporter(
        extra_template_basedirs=[str(HERE / "template")],
        template_name="lesson",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    exporter.register_filter("highlight_code", _highlighted)
    return exporter


def _tag(language: str) -> str:
    """A language as HTML calls it."""
    return word("locale", language).replace("_", "-")


def _page(exporter: SlidesExporter, lesson: course.LessonEntry, language: str) -> str:
    title = f"{lesson.number} · {lesson.title[language]}"
    body, _ = exporter.from_notebook_node(
        dealt(lesson, language),
        resources={"title": title, "language": _tag(language), "shared": f"../{SHARED}"},
    )
    return _LINK.sub(_linked, body)


def _linked(found: re.Match[str]) -> str:
    """A link to a lesson leads to its slides; of others only the text stays: they aren't here."""
    target, text = found.groups()
    name = target.removesuffix(".ipynb")
    if name != target and any(lesson.name == name for lesson in course.lessons()):
        return f'<a href="{name}.html">{text}</a>'
    return text


def _highlighted(source: str, **_: Any) -> str:
    coloured: str = highlight(source, CellLexer(), HtmlFormatter(cssclass="highlight"))
    return coloured


def _colours() -> str:
    styles = []
    for media, name in COLOURS.items():
        style = HtmlFormatter(style=name, cssclass="highlight").get_style_defs(".highlight")
        styles.append(f"{media} {{\n{style}\n}}" if media else style)
    return "\n".join(styles)


def _first_page(lessons: Sequence[course.LessonEntry]) -> str:
    lists = []
    for language in LANGUAGES:
        links = "".join(
            f'<li><a href="{language}/{lesson.name}.html">'
            f"{lesson.number} · {escape(lesson.title[language])}</a></li>"
            for lesson in lessons
        )
        lists.append(
            f'<section lang="{_tag(language)}">'
            f"<h2>{word('slides', language)}</h2><p>{word('keys', language)}</p>"
            f"<ul>{links}</ul></section>"
        )
    template = (HERE / "index.html").read_text("utf-8")
    return template.replace("<!-- lessons -->", "\n".join(lists))

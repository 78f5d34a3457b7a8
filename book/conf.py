"""Sphinx's settings; book/building.py tells it the language (and the course's title)."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from book import diagrams, pages
from book.cells import CellLexer
from book.words import word
from lab.language import LANGUAGES

extensions = ["myst_nb"]
html_theme = "pydata_sphinx_theme"
templates_path = ["templates"]
html_static_path = ["static", str(diagrams.PROGRAM)]
html_css_files = ["book.css"]
html_js_files = [
    (f"{name}.js", {"defer": "defer"}) for name in ("language", "scrolling", "contents", "found")
]

nb_execution_mode = "off"
myst_enable_extensions = ["linkify"]
myst_linkify_fuzzy_links = False  # manage.py is no address
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
highlight_language = "text"
smartquotes = False
suppress_warnings = ["misc.highlighting_failure"]  # a lesson may show a file that is broken

html_use_index = False
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_show_search_summary = False  # it would fetch the pages, which no browser does from a folder
html_sidebars = {"**": ["lessons"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_persistent": ["language", "search-button"],
    "navbar_end": ["theme-switcher"],
    "article_header_start": [],
    "footer_start": [],
    "footer_end": [],
    "show_toc_level": 2,
    "primary_sidebar_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def speak(app: Sphinx, config: Config) -> None:  # noqa: ARG001 - Sphinx gives it
    """Give the templates the book's language, and the other one to switch to."""
    languages = {word("locale", language): language for language in LANGUAGES}
    spoken = languages[config.language]
    [other] = [language for language in LANGUAGES if language != spoken]
    config.html_title = config.project
    config.html_context |= {
        "book_language": spoken,
        "other_language": other,
        "other_name": word("language", other),
        "lessons_title": word("lessons", spoken),
        "default_mode": "auto",
    }
    config.html_theme_options["search_bar_text"] = word("search", spoken)


def setup(app: Sphinx) -> dict[str, Any]:
    """What the settings alone can't say."""
    app.add_lexer("cell", CellLexer)
    app.connect("config-inited", speak, priority=100)
    diagrams.setup(app)
    pages.setup(app)
    app.add_message_catalog("sphinx", str(Path(app.srcdir).parent / "locale"))
    return {"parallel_read_safe": True}

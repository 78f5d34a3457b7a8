"""What a page still needs once Sphinx has made its text: scripts, its language, better tables."""

import re
from typing import Any

from sphinx.application import Sphinx

from book import diagrams

_EMPTY_HEAD = re.compile(r'<th class="head[^"]*"><p></p></th>')


def finish(
    app: Sphinx,
    pagename: str,  # noqa: ARG001 - Sphinx gives them all
    templatename: str,  # noqa: ARG001
    context: dict[str, Any],
    doctree: object,  # noqa: ARG001
) -> None:
    """Change a page's text, and add the scripts that only some pages need."""
    # The corner of a table heads nothing: a screen reader would announce an empty heading.
    body = _EMPTY_HEAD.sub("<td></td>", context.get("body", ""))
    meta = context.get("meta") or {}
    context["body"] = f'<div lang="{meta["lang"]}">{body}</div>' if "lang" in meta else body
    if 'class="diagram"' in body:
        app.add_js_file(diagrams.PROGRAM.name, loading_method="defer")
        app.add_js_file("diagrams.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Finish each page."""
    app.connect("html-page-context", finish)

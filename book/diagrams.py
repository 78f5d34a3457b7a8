"""Mermaid's diagrams: drawn by the reader's browser, in the page's colours; as text where it can't."""

import html

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from book import HERE, BookError
from book.words import word

PROGRAM = HERE / "node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"


class Diagram(SphinxDirective):
    """A diagram's source, for static/diagrams.js to draw."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The elements that stand for the diagram."""
        language = self.config.html_context["book_language"]
        source = html.escape("\n".join(self.content))
        text = (
            f'<figure class="diagram" data-name="{word("diagram", language)}">'
            '<div class="drawing" hidden></div>'
            f"<details open><summary>{word('diagram_text', language)}</summary>"
            f"<pre>{source}</pre></details></figure>"
        )
        return [nodes.raw("", text, format="html")]


def setup(app: Sphinx) -> None:
    """Add the directive.

    Raises BookError where npm hasn't brought what draws them.
    """
    if not PROGRAM.exists():
        raise BookError(f"{PROGRAM} is missing: `make book` installs it")
    app.add_directive("mermaid", Diagram)

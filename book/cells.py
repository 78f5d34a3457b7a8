"""The colours of a notebook's cell: those of the language that is in it."""

from collections.abc import Iterator

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, _TokenType
from pygments.util import ClassNotFound

from lab.cells import file_cell


class CellLexer(Lexer):
    """Python as IPython knows it, but a file's own language in the cell that writes it."""

    name = "Cell"
    aliases = ("cell",)

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """The tokens of a cell: position, kind and text of each."""
        inside = _language_inside(text)
        if inside is None:
            yield from get_lexer_by_name("ipython3").get_tokens_unprocessed(text)
            return
        magic, end, body = text.partition("\n")
        yield 0, Comment.Preproc, magic + end
        start = len(magic + end)
        for position, kind, value in inside.get_tokens_unprocessed(body):
            yield start + position, kind, value


def _language_inside(source: str) -> Lexer | None:
    cell = file_cell(source)
    if cell is None:
        return None
    if cell.magic != "writefile":
        return get_lexer_by_name("diff")
    if cell.path.endswith(".html"):
        return get_lexer_by_name("html+django")
    try:
        return get_lexer_for_filename(cell.path)
    except ClassNotFound:
        return get_lexer_by_name("text")

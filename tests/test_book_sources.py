"""What the book is made from: cells in colours, and links that lead somewhere."""

import pytest
from pygments.token import Comment, Generic, Keyword, Name

from book import BookError
from book.broken import broken
from book.cells import CellLexer
from book.sources import Sources
from lab import course

LESSON = course.lessons()[0].name


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("import json\n", Keyword.Namespace, "import"),
        ("%%writefile a.py\nimport json\n", Keyword.Namespace, "import"),
        ("%%writefile a/templates/a.html\n<p>{% if x %}</p>\n", Name.Tag, "p"),
        ("%%writefile a/templates/a.html\n<p>{% if x %}</p>\n", Keyword, "if"),
        ("%%writefile a.js\nconst a = 1;\n", Keyword.Declaration, "const"),
        ("%%writefile a.css\np { color: red; }\n", Keyword, "color"),
        ("%%writefile a.toml\na = true\n", Keyword.Constant, "true"),
        ("%%patch a.py\n a\n-b\n+c\n", Generic.Inserted, "+c"),
        ("%%fill a.py\n-a = ...\n+a = 1\n", Generic.Deleted, "-a = ..."),
        ("%%fill a.py\n-a = ...\n+a = 1\n", Comment.Preproc, "%%fill a.py\n"),
        ("%%writefile a.unknown\nx\n", Comment.Preproc, "%%writefile a.unknown\n"),
    ],
)
def test_a_cell_has_the_colours_of_what_is_in_it(source, kind, text):
    tokens = list(CellLexer().get_tokens(source))
    assert (kind, text) in tokens
    assert "".join(value for _, value in tokens) == source


def test_a_link_that_leads_nowhere_is_told_with_its_page(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="#top">1</a><a href="b.html#here">2</a>'
        '<a href="https://example.org/">3</a><img src="data:image/png;base64,">'
    )
    (tmp_path / "b.html").write_text('<p id="here">B</p>')
    assert broken(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<a href="a.html#bottom">1</a><a href="c.html">2</a><a href="../out.html">3</a>'
        '<script src="https://example.org/a.js"></script>'
    )
    told = broken(tmp_path)
    assert len(told) == 5
    assert "a.html: leads to no place of its page: b.html#here" in told
    assert "b.html: loads what isn't part of the book: https://example.org/a.js" in told
    for link in ("a.html#bottom", "c.html", "../out.html"):
        assert any(line.startswith("b.html") and line.endswith(link) for line in told)


def test_a_text_that_links_no_file_of_the_repository_makes_no_book(tmp_path):
    sources = Sources("en", tmp_path)
    place = course.find(LESSON).notebook("en").relative_to(course.ROOT).as_posix()

    def linked(text: str) -> str:
        return sources._linked(text, place)

    assert linked("[a](../../docs/document.md#channels)") == "[a](docs-document.md#channels)"
    assert linked(f"[a]({LESSON}.ipynb), [b](#c)") == f"[a]({LESSON}.ipynb), [b](#c)"
    assert linked("[r](../../README.md)") == "[r](index.md)"
    assert linked("[n](index.ipynb)") == "[n](index.md)"
    assert linked("[m](../../Makefile)") == "[m](files/Makefile)"
    assert (tmp_path / "files/Makefile").is_file()
    assert linked("`[a](x)` and\n```\n[a](x)\n```\n") == "`[a](x)` and\n```\n[a](x)\n```\n"
    for link in ("x.ipynb", "../../docs", "/etc/hostname", "../../../x.md"):
        with pytest.raises(BookError, match=f"{place}.*{link}"):
            linked(f"see [it]({link})")

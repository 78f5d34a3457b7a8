"""The chat's texts: found where code and templates mark them, and compiled for Django."""

import os
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

CHAT = Path(__file__).parent
ON_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""The date in a .mo: with today's, each start would find another one, and write it again."""


def of_template(file, keywords, comment_tags, options):
    """What a template marks: Django writes it as Python's calls, and Babel reads those."""
    calls = f"({templatize(file.read().decode())})"  # in brackets no indentation counts
    return extract_python(BytesIO(calls.encode()), keywords, comment_tags, options)


METHODS = [("tests/**", "ignore"), ("**.py", "python"), ("**.html", of_template)]


def marked():
    """A catalog of the texts that are marked, none of them translated."""
    catalog = Catalog()
    for path, line, text, _, _ in extract_from_dir(CHAT, METHODS):
        catalog.add(text, locations=[(path, line)])
    return catalog


def compile_catalogs():
    """Make the .mo that Django reads beside each .po, unless it is there already."""
    for path in CHAT.glob("locale/*/LC_MESSAGES/*.po"):
        compiled = BytesIO()
        catalog = read_po(BytesIO(path.read_bytes()))
        catalog.creation_date = ON_ANY_DAY
        write_mo(compiled, catalog)
        made = path.with_suffix(".mo")
        if not made.exists() or made.read_bytes() != compiled.getvalue():
            unfinished = path.with_suffix(f".{os.getpid()}")  # another process may read it
            try:
                unfinished.write_bytes(compiled.getvalue())
            except OSError as error:
                raise SystemExit(f"No translation can be compiled here: {error}") from None
            unfinished.replace(made)

"""Which cells of a lesson others build on: those that give the names that these use."""

import symtable
from collections.abc import Sequence
from textwrap import indent
from typing import Any

from lab.cells import file_written_by

ALWAYS = {"begin", "folders", "settings"}
"""The cells that give no name to what they do."""


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell gives something to, and those of the lesson's that it uses.

    What a function calls its own is neither. Raises SyntaxError for what isn't Python.
    """
    if source.startswith("%%"):
        return set(), set()
    as_function = "async def cell():\n" + indent(source, " ")  # a cell may await
    [cell] = symtable.symtable(as_function, "cell", "exec").get_children()
    given = {name.get_name() for name in cell.get_symbols() if _is_given(name)}
    used, tables = set(), [cell]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for name in table.get_symbols():
            if name.is_referenced() and (table is cell or name.is_free() or name.is_global()):
                used.add(name.get_name())
    return given, used


def _is_given(name: symtable.Symbol) -> bool:
    return name.is_assigned() or name.is_imported()


def needed(cells: Sequence[Any], wanted: set[str]) -> set[str]:
    """The ids of the cells that give the wanted names, and what these cells need in turn.

    A lesson's other cells start servers and browsers that its exercises have no use for.
    """
    found: set[str] = set()
    for cell in reversed(cells):
        given, used = names(cell.source)
        if given & wanted or cell.id in ALWAYS or file_written_by(cell.source):
            found.add(cell.id)
            wanted = wanted | used
    return found

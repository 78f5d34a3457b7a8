"""Reading notebook files, and writing them without what editors and runs leave in them."""

from pathlib import Path

import nbformat

KEPT_CELL_METADATA = ("tags", "translates")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook at path."""
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write notebook to path; of its metadata only what the course uses is kept."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
        )
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")

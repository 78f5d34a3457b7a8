"""Cells that write a whole file again, made to show what they change of it."""

from lab import cells, course, patches, project
from lab.author import notebooks
from lab.language import SOURCE


def patch(lesson: str) -> list[str]:
    """Turn such cells of a lesson's source notebook into `%%patch` cells; returns their ids.

    Where a patch would be no shorter than the file, the cell stays.
    """
    path = course.find(lesson).notebook(SOURCE)
    notebook = notebooks.read(path)
    files = dict(project.files_before(lesson))
    changed = []
    for cell in notebook.cells:
        found = cells.file_cell(cell.source) if cell.cell_type == "code" else None
        if found is None:
            continue
        before, after = files.get(found.path), found.text_after(files.get(found.path))
        files[found.path] = after
        if found.magic != "writefile" or before is None:
            continue
        patched = f"%%patch {found.path}\n{patches.difference(before, after)}".rstrip("\n")
        if len(patched) < len(cell.source):
            cell.source = patched
            changed.append(cell.id)
    if changed:
        notebooks.write(notebook, path)
    return changed

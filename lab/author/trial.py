"""A trial of the lessons themselves: would they notice a mistake in any line they write?

    .venv/bin/python -m lab.author.trial [--sample N] [LESSON ...]

For every line that matters of every file that a lesson writes, twice: the line is emptied,
then a name or text in it is changed. The lesson, or else a later one, must then fail under
nbval. Prints each change that nothing noticed, and the share that was noticed. The five steps
take about a quarter of an hour on two cores, so it is run on demand and not by `make test`.

`--sample N` tries N of the changes, the same ones each time (`--seed` gives others). Each verdict
is a line of a log, so that a trial may be interrupted and go on another day; it begins again when
the commit is another.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab import course
from lab.author import notebooks
from lab.author.execution import CELL_TIMEOUT
from lab.cells import BLANK, FileCell, file_cell, file_written_by
from lab.language import SOURCE
from lab.merging import Conflict, merged
from lab.patches import difference
from lab.run import variables

WANTED = 0.95
LESSON_TIMEOUT = 300
"""Seconds that one lesson may take; one that a change makes hang has noticed it."""

NAME = re.compile(r"[A-Za-z_]\w+")
QUOTED = re.compile(r"""(["'`])((?:(?!\1).)*?[A-Za-z](?:(?!\1).)*)\1""")
HTML_WITHOUT_EFFECT = re.compile(
    r"<(?:!doctype|/?html|/?head|/?body|meta|title|h1|/)", re.IGNORECASE
)


@dataclass(frozen=True)
class Change:
    """One line of one cell made wrong: what was done, and the cell's new source."""

    lesson: str
    cell: str
    path: str
    line: int
    done: str
    source: str

    def __str__(self) -> str:
        return f"{self.lesson} {self.path}:{self.line}: {self.done}"


def lines_that_matter(path: str, lines: list[str]) -> Iterator[int]:
    """The numbers of the lines that do something: not blank, comment, docstring or style.

    Of a patch, the lines that come.
    """
    inside = None
    is_patch = not _writes_whole(lines)
    for number, line in enumerate(lines[1:], start=1):
        if is_patch and not line.startswith("+"):
            continue
        text = line.removeprefix("+").strip() if is_patch else line.strip()
        if inside:
            inside = None if inside in text else inside
            continue
        if text.startswith('"""'):
            inside = None if text.count('"""') == 2 else '"""'
        elif text.startswith("<style"):
            inside = "</style>"
        elif does_something(path, text):
            yield number


def does_something(path: str, text: str) -> bool:
    """Whether a line is more than a comment, brackets, or HTML that changes nothing."""
    if text.startswith(("#", "//")) or not NAME.search(_code(text)) or BLANK.search(text):
        return False
    return not (path.endswith(".html") and HTML_WITHOUT_EFFECT.match(text))


def _code(line: str) -> str:
    """The line without the comment at its end."""
    return line.split("  # ")[0].split("  // ")[0]


def changed(line: str) -> str:
    """The line with its first text, else its last name, made another."""
    code = _code(line)
    quoted = QUOTED.search(code)
    end = quoted.end(2) if quoted else list(NAME.finditer(code))[-1].end()
    return code[:end] + "x" + code[end:]


def changes(names: list[str]) -> Iterator[Change]:
    """Every change of every file-writing cell of these lessons."""
    for name in names:
        notebook = notebooks.read(course.find(name).notebook(SOURCE))
        for cell in notebook.cells:
            path = file_written_by(cell.source) if cell.cell_type == "code" else None
            if path is None:
                continue
            lines = cell.source.splitlines()
            for number in lines_that_matter(path, lines):
                line = lines[number]
                # An empty one in its place: a check that names a later line would tell by itself.
                emptied = "+" if line.startswith("+") and not _writes_whole(lines) else ""
                for done, new in (
                    (f"removed {line.strip()}", emptied),
                    (f"changed to {changed(line).strip()}", changed(line)),
                ):
                    source = "\n".join([*lines[:number], new, *lines[number + 1 :]])
                    yield Change(name, cell.id, path, number, done, source)


def _writes_whole(lines: list[str]) -> bool:
    """Whether the cell writes its file as it stands, rather than as a patch."""
    return lines[0].startswith("%%writefile")


def copy_course(folder: str) -> Path:
    """A copy of the course in folder, to be spoilt; returns its root."""
    root = Path(folder, "course")
    for part in ("lab", "notebooks"):
        shutil.copytree(
            course.ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(course.ROOT / "pyproject.toml", root)  # a check reads the versions' bounds there
    return root


def spoil(root: Path, change: Change) -> None:
    """Make the change in the course in root, and let the later cells that patch its file find theirs.

    A patch holds lines of the file as it was; one that replaces the spoilt line makes it right again.
    What these cells print (how many lines come and go) is not compared: it would tell by itself.
    """
    right: str | None = None
    spoilt: str | None = None
    for lesson in course.lessons():
        path = root / "notebooks" / SOURCE / f"{lesson.name}.ipynb"
        notebook = notebooks.read(path)
        for cell in notebook.cells:
            found = file_cell(cell.source) if cell.cell_type == "code" else None
            if found is None or found.path != change.path:
                continue
            if (lesson.name, cell.id) == (change.lesson, change.cell):
                cell.source = change.source
            elif right != spoilt and found.magic != "writefile":
                cell.source = _patch_of_spoilt(found, right or "", spoilt or "")
            right = found.text_after(right)
            now = file_cell(cell.source)
            spoilt = now.text_after(spoilt) if now else right
            if right != spoilt:
                cell.metadata["tags"] = [*cell.metadata.get("tags", []), "nbval-ignore-output"]
        notebooks.write(notebook, path)


def _patch_of_spoilt(cell: FileCell, right: str, spoilt: str) -> str:
    after = cell.text_after(right)
    with suppress(Conflict):  # else this very line is written anew
        after = merged(right, spoilt, after)
    return f"%%patch {cell.path}\n{difference(spoilt, after)}".rstrip("\n")


def noticed_by(change: Change) -> str | None:
    """The first lesson that fails with the change in place, or None."""
    names = [lesson.name for lesson in course.lessons()]
    later = names[names.index(change.lesson) + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        root = copy_course(folder)
        spoil(root, change)
        for name in [change.lesson, *reversed(later)]:
            if failure(root, name, Path(folder, "workspaces", name, "workspace")):
                return name
    return None


def failure(root: Path, name: str, workspace: Path) -> str | None:
    """What nbval says of the lesson called name, of the course in root, if it fails; or None."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-qx",
        "--nbval",
        f"--nbval-cell-timeout={CELL_TIMEOUT}",
    ]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={root}", "--noconftest"]
    try:
        done = subprocess.run(
            [*command, str(root / "notebooks" / SOURCE / f"{name}.ipynb")],
            check=False,
            cwd=root,
            env=_environment(root, workspace),
            capture_output=True,
            timeout=LESSON_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return f"not done in {LESSON_TIMEOUT} s"
    told = done.stdout.decode() + done.stderr.decode()
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode}: {told[-2000:]}")
    return told if done.returncode else None


def _environment(root: Path, workspace: Path) -> dict[str, str]:
    """What a run in the course in root finds: nothing of whoever runs the trial."""
    environment = dict(os.environ)
    variables.forget(environment)  # with another project's settings pytest wouldn't even begin
    return environment | {
        "PYTHONPATH": str(root),
        "LAB_WORKSPACE": str(workspace),
        "LAB_PATIENCE": "4",  # another lesson runs beside it
    }


def failing_unchanged() -> list[str]:
    """The lessons that fail as they are: with one of them, every change would seem noticed."""
    with tempfile.TemporaryDirectory() as folder:
        root = copy_course(folder)
        return [
            lesson.name
            for lesson in course.lessons()
            if failure(root, lesson.name, Path(folder, "workspaces", lesson.name, "workspace"))
        ]


def sample(everything: list[Change], number: int | None, seed: int) -> list[Change]:
    """That many of the changes, in their order: the same ones for the same seed."""
    if number is None or number >= len(everything):
        return everything
    chosen = random.Random(seed).sample(range(len(everything)), number)
    return [everything[index] for index in sorted(chosen)]


def commit() -> str:
    """The commit that is tried, and whether something is changed in it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, check=True, cwd=course.ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def verdicts(log: Path, tried: str) -> dict[str, str | None]:
    """What the log holds of that commit: a change, and the lesson that noticed it or None."""
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    told = [json.loads(line) for line in lines]
    return {each["change"]: each["noticed"] for each in told if each["commit"] == tried}


def trial(everything: Iterable[Change], log: Path) -> dict[str, str | None]:
    """Try the changes that the log doesn't hold yet, two at a time; returns all the verdicts."""
    tried = commit()
    known = verdicts(log, tried)
    left = [change for change in everything if str(change) not in known]
    log.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool, log.open("a", encoding="utf-8") as file:
        for change, lesson in zip(left, pool.map(noticed_by, left), strict=True):
            known[str(change)] = lesson
            told = {"commit": tried, "change": str(change), "noticed": lesson}
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
            file.flush()
            verdict = f"noticed by {lesson}" if lesson else "NOT NOTICED"
            print(f"{len(known)} tried, {verdict}: {change}", flush=True)
    return {str(change): known[str(change)] for change in everything}


def main(arguments: list[str]) -> int:
    """Try the changes; 0 when enough of them were noticed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, metavar="N", help="try only N changes")
    parser.add_argument("--seed", type=int, default=1, help="which N (default: 1)")
    parser.add_argument("--log", type=Path, default=Path("reports", "trial-of-lines.jsonl"))
    parser.add_argument("lesson", nargs="*", help="only changes to these lessons")
    chosen = parser.parse_args(arguments)
    if not verdicts(chosen.log, commit()) and (failing := failing_unchanged()):
        print(f"These fail as they are, so a trial would say nothing: {', '.join(failing)}")
        return 2
    names = chosen.lesson or [lesson.name for lesson in course.lessons()]
    found = trial(sample(list(changes(names)), chosen.sample, chosen.seed), chosen.log)
    missed = [change for change, lesson in found.items() if lesson is None]
    for change in missed:
        print(f"NOT NOTICED: {change}")
    share = 1 - len(missed) / len(found)
    print(f"{len(found) - len(missed)} of {len(found)} changes noticed: {share:.1%}")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

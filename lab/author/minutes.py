"""How long a lesson honestly takes: counted from its notebook, not guessed."""

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lab import cells, course, project
from lab.author import notebooks

WORDS_A_MINUTE = 165
EXERCISE = 4
"""Minutes for thinking about one exercise, besides reading it."""
MOST_READING, MOST_EXERCISES = 30, 15
_STEPS = ((5, 0.25), (20, 1.0), (60, 2.0))
"""Minutes for a cell of up to so many lines that are new to the reader."""
_LONGER = 4.0
_DETAILS = re.compile(r"<details>.*?</details>", re.DOTALL)
_FENCED = re.compile(r"```.*?```", re.DOTALL)
_EXERCISE = re.compile(r"\*\*\d")
_HEADING = re.compile(r"^## (.+)\n?", re.MULTILINE)


@dataclass(frozen=True)
class Minutes:
    """A lesson's minutes: reading and running its cells, and its exercises."""

    of_reading: float
    of_exercises: float
    of_cells: float = 0
    """The part of the reading that is cells: what is left where somebody tells what the prose says."""

    @property
    def reading(self) -> int:
        """Whole minutes."""
        return round(self.of_reading)

    @property
    def exercises(self) -> int:
        """Whole minutes."""
        return round(self.of_exercises)

    @property
    def cells(self) -> int:
        """Whole minutes."""
        return round(self.of_cells)

    @property
    def too_many(self) -> bool:
        """Whether that is more than one sitting takes."""
        return self.of_reading > MOST_READING or self.of_exercises > MOST_EXERCISES


@dataclass
class Section:
    """What stands below one heading of a lesson."""

    heading: str
    """Empty for what stands above the first one."""
    cells: int = 0
    """How many there are to be run."""
    of_reading: float = 0
    """Minutes for its prose and for the lines of its cells."""


def sections(lesson: course.LessonEntry, language: str) -> list[Section]:
    """A lesson up to its exercises, heading by heading, counted as `minutes` counts."""
    files = dict(project.files_before(lesson.name))
    found = [Section("")]
    for cell in notebooks.read(lesson.notebook(language)).cells:
        if cell.id == "exercises":
            break
        if cell.cell_type == "code":
            found[-1].cells += 1
            found[-1].of_reading += _of_code(cell.source, files)
            continue
        above, *headed = _HEADING.split(cell.source)
        found[-1].of_reading += _words(above, folded=0.5) / WORDS_A_MINUTE
        for heading, prose in zip(headed[::2], headed[1::2], strict=True):
            words = _words(f"{heading}\n{prose}", folded=0.5)
            found.append(Section(heading, of_reading=words / WORDS_A_MINUTE))
    return found


def minutes(lesson: course.LessonEntry, language: str) -> Minutes:
    """How long a lesson takes in that language.

    Prose counts by its words, half where it is folded; a cell by the lines that are new (of a
    patch those that come; a third of the lines of a test); exercises apart.
    """
    notebook = lesson.notebook(language)
    return _counted(lesson.name, lesson.running, notebook, notebook.read_bytes())


@lru_cache(maxsize=256)
def _counted(lesson: str, running: int, notebook: Path, _content: bytes) -> Minutes:
    """Counted once as long as the notebook's content stays: tables and plans ask again and again."""
    prose = code = exercises = 0.0
    is_exercise = False
    files = dict(project.files_before(lesson))
    for cell in notebooks.read(notebook).cells:
        if cell.id == "exercises":
            is_exercise = True
        elif cell.id == "remember":
            is_exercise = False
        if cell.cell_type == "markdown" and is_exercise:
            thinking = EXERCISE if _EXERCISE.match(cell.source) else 0
            exercises += _words(cell.source, folded=0) / WORDS_A_MINUTE + thinking
        elif cell.cell_type == "markdown":
            prose += _words(cell.source, folded=0.5) / WORDS_A_MINUTE
        elif not is_exercise:
            code += _of_code(cell.source, files)
    of_cells = code + running
    return Minutes(prose + of_cells, exercises, of_cells)


def _words(text: str, folded: float) -> float:
    prose = _FENCED.sub("", text)
    seen = len(_DETAILS.sub("", prose).split())
    return seen + folded * (len(prose.split()) - seen)


def _of_code(source: str, files: dict[str, str]) -> float:
    cell = cells.file_cell(source)
    if cell is None:
        lines = sum(1 for line in source.splitlines() if line.strip())
    else:
        before = files.get(cell.path, "")
        files[cell.path] = cell.text_after(before)
        lines = new_lines(before, files[cell.path])
        if "tests" in Path(cell.path).parts:
            lines //= 3
    return next((minutes for most, minutes in _STEPS if lines <= most), _LONGER)


def new_lines(before: str, after: str) -> int:
    """How many lines of a text weren't there before."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return len(new) - sum(block.size for block in matcher.get_matching_blocks())

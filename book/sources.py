"""What Sphinx makes one language's book from: lessons, and the pages and files that they link."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from book import BookError
from book.front import contents, front
from book.words import word
from lab import course, exercises
from lab.author import navigation, notebooks
from lab.author.export import READMES
from lab.language import SOURCE

DOCUMENT = "docs/document.md"
"""What the course follows; it is in Portuguese, in both books."""
PROTOCOL = {"en": "PROTOCOL.md", "pt-br": "PROTOCOL.pt-br.md"}
FILES = "files"
"""The folder of the files that pages link: pictures, and what a reader may save."""

_CODE = re.compile(r"(^(`{3,}|~{3,}).*?^\2|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()[^)\s]+(?=\))")
_LESSON = re.compile(r'(<a href="[\w-]+)\.ipynb"')
_ELSEWHERE = re.compile(r"[a-z]+:|#")


@dataclass
class Sources:
    """The folder that Sphinx reads; its pages by their place in the repository."""

    language: str
    folder: Path
    pages: dict[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """Write the folder anew.

        Raises BookError for a link that leads nowhere.
        """
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        for lesson in course.lessons():
            self._write_lesson(lesson)
        for path in (DOCUMENT, PROTOCOL[self.language]):
            self._page(path)
        first = self._linked(front(self.language), READMES[self.language])
        while waiting := [path for path in self.pages if not self._file_of(path).exists()]:
            self._write_page(waiting[0])
        # Its own heading names what it is about, which is what the whole course is about.
        titles = {DOCUMENT: f"{word('document', self.language)} <{self.pages[DOCUMENT]}>"}
        pages = [titles.get(path, page) for path, page in self.pages.items()]
        self._write("index", first + contents(self.language, pages))

    def _write_lesson(self, lesson: course.LessonEntry) -> None:
        path = lesson.notebook(self.language)
        notebook = notebooks.read(path)
        place = path.relative_to(course.ROOT).as_posix()
        answers = exercises.of_lesson(lesson.name)
        cells = []
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                text = navigation.without_line(cell.source)  # the theme has links of its own
                cell.source = _anchored(cell.id, self._linked(text, place))
            else:
                _link_pages(cell)
            cells.append(cell)
            name = cell.id.removeprefix("exercise-")
            if cell.id.startswith("exercise-") and name in answers:
                cells.append(self._answer(answers[name]))
        notebook.cells = cells
        notebook.metadata["language_info"]["pygments_lexer"] = "cell"
        nbformat.write(notebook, self.folder / path.name)

    def _answer(self, exercise: exercises.Exercise) -> nbformat.NotebookNode:
        summary = word("answer", self.language)
        answer: nbformat.NotebookNode = nbformat.v4.new_markdown_cell(
            f'<details class="answer"><summary>{summary}</summary>\n\n'
            f"~~~~~cell\n{exercise.answer}\n~~~~~\n\n</details>\n",
            id=f"answer-{exercise.name}",
        )
        return answer

    def _page(self, path: str) -> str:
        """The name of the page for a text of the repository, which is the same in both languages."""
        name = path.removesuffix(".md").removesuffix(f".{SOURCE}").replace("/", "-")
        return self.pages.setdefault(path, name.lower())

    def _file_of(self, path: str) -> Path:
        return self.folder / f"{self.pages[path]}.md"

    def _write_page(self, path: str) -> None:
        text = (course.ROOT / path).read_text("utf-8")
        text = re.sub(r"^\*[^*\n]+\[[^\]]+\.md\]\([^)]+\)\*\n\n", "", text, flags=re.MULTILINE)
        text = self._linked(_from_the_top(text), path)
        if path == DOCUMENT and self.language != SOURCE:
            text = f"---\nlang: {SOURCE}\n---\n\n{text}"
        self._write(self.pages[path], text)

    def _write(self, page: str, text: str) -> None:
        (self.folder / f"{page}.md").write_text(text, encoding="utf-8")

    def _linked(self, text: str, place: str) -> str:
        """A text of the repository whose links lead to where the book has what they name."""

        def linked(prose: str) -> str:
            return _LINK.sub(lambda found: self._target(found[0], place), prose)

        return _in_prose(linked, text)

    def _target(self, link: str, place: str) -> str:
        if _ELSEWHERE.match(link):
            return link
        path, hash_, anchor = link.partition("#")
        linked = (course.ROOT / place).parent.joinpath(path).resolve()
        if not linked.is_file() or not linked.is_relative_to(course.ROOT):
            raise BookError(f"{place}: a link that leads to no file of the repository: {link}")
        target = linked.relative_to(course.ROOT).as_posix()
        # The README is the book's first page, and that of the notebooks is about one's own progress.
        if target in READMES.values() or linked.name == "index.ipynb":
            return f"index.md{hash_}{anchor}"
        if linked.suffix == ".md":
            return f"{self._page(target)}.md{hash_}{anchor}"
        if linked.parent == course.lessons()[0].notebook(self.language).parent:
            return f"{linked.name}{hash_}{anchor}"
        kept = self.folder / FILES / target
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(linked, kept)
        return f"{FILES}/{target}"


def _link_pages(cell: nbformat.NotebookNode) -> None:
    """Have what a cell shows link lessons' pages: Sphinx leaves an output's HTML as it is."""
    for output in cell.outputs:
        if shown := output.get("data", {}).get("text/html"):
            output.data["text/html"] = _LESSON.sub(r'\1.html"', shown)


def _in_prose(change: Callable[[str], str], text: str) -> str:
    """A text with a change made to all of it but its code."""
    pieces = _CODE.split(text)
    # Of three pieces one is prose; then come the code, and the mark that it begins with.
    pieces[::3] = map(change, pieces[::3])
    del pieces[2::3]
    return "".join(pieces)


def _from_the_top(text: str) -> str:
    """A page whose first heading is its title, and the others as much below it as they were."""
    extra = len(text) - len(text.lstrip("#")) - 1
    if extra < 1:
        return text
    return _in_prose(
        lambda prose: re.sub(rf"^#{{{extra}}}(?=#)", "", prose, flags=re.MULTILINE), text
    )


def _anchored(cell: str, text: str) -> str:
    """A cell's text with a place in the page that has the same name in each language."""
    return text if text.startswith("# ") else f'<div id="cell-{cell}"></div>\n\n{text}'

"""Beginners' projects that are tried: projects.toml, beginners.toml, newcomers.toml."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from lab import project
from lab.check import Report, catalogue
from regression.turns import in_turn


@dataclass(frozen=True)
class Project:
    """One entry: how it is made, and what a check of it has to say."""

    name: str
    make: dict
    after: str = "05-asgi"
    blame: str | list[str] | None = None
    """The file that is wrong, or the files; None: the project is right."""
    line: str | list[str] = field(default_factory=list)
    """A piece of the line to blame in each of them, where that is known."""
    never: tuple[str, ...] = ()
    """Mistakes that it doesn't have."""
    page: bool = False
    """Whether it takes a browser to tell."""

    def write(self, folder: Path) -> None:
        """Write the project into folder."""
        project.build(self.after, folder)
        catalogue.apply(self.make, folder, self.name)

    def expect(self, report: Report, folder: Path) -> None:
        """Raise AssertionError where the report of folder says something else than it should."""
        assert not report.unable, str(report)
        if self.blame is None:
            assert report.ok, str(report)
            return
        assert not report.ok, str(report)
        assert report.findings, str(report)
        blamed = [self.blame] if isinstance(self.blame, str) else self.blame
        assert {found.file for found in report.findings} == set(blamed), str(report)
        assert not {found.mistake for found in report.findings} & set(self.never), str(report)
        pieces = [self.line] if isinstance(self.line, str) else self.line
        for file, piece in zip(blamed, pieces, strict=False):
            lines = enumerate((folder / file).read_text("utf-8").splitlines(), 1)
            near = {number + by for number, text in lines if piece in text for by in (-1, 0, 1)}
            told = {found.line for found in report.findings if found.file == file}
            assert told & near, f"{file}, {piece!r}: {told} instead of {near}\n{report}"


def projects() -> list[Project]:
    """Those of this run: a few, as each takes a second or two; `make proof` tries them all."""
    beginners = "beginners' projects"
    kinds = {
        "projects.toml": "projects",
        "beginners.toml": beginners,
        "newcomers.toml": beginners,
    }
    return [project for file, kind in kinds.items() for project in in_turn(_in(file), kind)]


def _in(file: str) -> list[Project]:
    text = Path(__file__).with_name(file).read_text("utf-8")
    return [Project(**entry) for entry in tomllib.loads(text)["project"]]

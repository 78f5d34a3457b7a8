"""Beginners' projects that are tried: projects.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from support.turns import in_turn

from lab import project
from lab.check import Report, catalogue


@dataclass(frozen=True)
class Project:
    """One entry: how it is made, and what a check of it has to say."""

    name: str
    make: dict
    after: str = "05-asgi"
    blame: str | None = None
    """The file that is wrong; None: the project is right."""
    never: tuple[str, ...] = ()
    """Mistakes that it doesn't have."""
    page: bool = False
    """Whether it takes a browser to tell."""

    def write(self, folder: Path) -> None:
        """Write the project into folder."""
        project.build(self.after, folder)
        catalogue.apply(self.make, folder, self.name)

    def expect(self, report: Report) -> None:
        """Raise AssertionError where the report says something else than it should."""
        assert not report.unable, str(report)
        if self.blame is None:
            assert report.ok, str(report)
            return
        assert not report.ok, str(report)
        assert report.findings, str(report)
        assert {found.file for found in report.findings} == {self.blame}, str(report)
        assert not {found.mistake for found in report.findings} & set(self.never), str(report)


def projects() -> list[Project]:
    """Those of this run: a sixth, as each takes a second or two; `make proof` tries them all."""
    text = Path(__file__).with_name("projects.toml").read_text("utf-8")
    return in_turn([Project(**entry) for entry in tomllib.loads(text)["project"]], 6)

"""The versions that are tried."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet


def at_least(pyproject: Path) -> list[str]:
    """The dependencies of a pyproject.toml without their upper bounds: what is newest may come."""
    project = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    found = [Requirement(each) for each in project["dependencies"]]
    for requirement in found:
        requirement.specifier = SpecifierSet(
            [each for each in requirement.specifier if not each.operator.startswith("<")]
        )
    return [str(requirement) for requirement in found]

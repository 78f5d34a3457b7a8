"""What a run of the lessons found, read from its JUnit file."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class CellResult:
    """How one cell fared: "passed", "failed" or "skipped", and how its outputs differed."""

    lesson: str
    language: str
    cell: str
    outcome: str
    difference: str


def read(junit: Path) -> list[CellResult]:
    """The cells of a JUnit file, in the order they ran in.

    Raises OSError when there is none, and ElementTree.ParseError when it was cut short.
    """
    found = []
    for case in ElementTree.parse(junit).iter("testcase"):
        told = {each.get("name"): each.get("value") for each in case.iter("property")}
        if "cell" in told:
            known = (told["lesson"], told["language"], told["cell"])
            found.append(CellResult(*known, _outcome(case), told.get("difference", "")))
    return found


def failures(junit: Path) -> tuple[int, dict[str, str]]:
    """How many tests a JUnit file tells of, cells or not, and why each that failed did.

    Raises OSError when there is none, and ElementTree.ParseError when it was cut short.
    """
    cases = list(ElementTree.parse(junit).iter("testcase"))
    failed = {}
    for case in cases:
        told = {each.get("name"): each.get("value") for each in case.iter("property")}
        for reason in (*case.findall("failure"), *case.findall("error")):
            name = f"{case.get('classname')}::{told.get('cell', case.get('name'))}"
            failed[name] = told.get("difference") or reason.get("message") or ""
    return len(cases), failed


def _outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"

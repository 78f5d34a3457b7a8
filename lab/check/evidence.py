"""What a probe saw when it failed, in one shape wherever it was seen."""

import re
from dataclasses import dataclass, field
from typing import Any

_OF_A_NAME = ("ModuleNotFoundError", "NameError", "UnboundLocalError", "KeyError")


@dataclass(frozen=True)
class Frame:
    """A line of the learner's code, or of a library, that a traceback names."""

    file: str
    line: int
    function: str = ""

    @property
    def own(self) -> bool:
        """Whether the file is the learner's: only theirs have relative paths."""
        return not self.file.startswith(("/", "<")) and not re.match(r"[A-Za-z]:", self.file)


@dataclass(frozen=True)
class Error:
    """One exception: its type and message, where it was raised, what names it speaks of."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Frame | None:
        """The last line of the learner's own code on the way to the error."""
        return next((frame for frame in reversed(self.frames) if frame.own), None)

    @property
    def is_of_time(self) -> bool:
        """Whether something took too long: a wait, or another's turn at an SQLite database."""
        name = self.type.rpartition(".")[2]
        return name == "TimeoutError" or "database is locked" in self.message

    @property
    def text(self) -> str:
        """The error as Python prints it: its last line."""
        name = self.type.rpartition(".")[2]
        lines = self.message.splitlines()
        return f"{name}: {lines[0]}" if lines else name


@dataclass(frozen=True)
class Warned:
    """A warning, such as of a coroutine that nobody awaited."""

    message: str
    place: Frame | None
    """Where the coroutine was made, if that is told; else where Python noticed."""

    @property
    def is_forgotten(self) -> bool:
        """Whether it is of a coroutine that a line of the learner's own made."""
        is_told = "\nCoroutine created at" in self.message
        return bool(self.never_awaited and is_told and self.place and self.place.own)

    @property
    def never_awaited(self) -> str | None:
        """The name of the coroutine that was never awaited, or None."""
        found = re.match(r"coroutine '([^']+)' was never awaited", self.message)
        return found[1] if found else None


@dataclass(frozen=True)
class Evidence:
    """What one probe saw: a kind, the errors with the first cause first, and the rest."""

    probe: str
    kind: str
    errors: tuple[Error, ...] = ()
    warned: tuple[Warned, ...] = ()
    seen: dict[str, Any] = field(default_factory=dict)
    running: tuple[Frame, ...] = ()
    """Where the learner's code was busy when the time was up."""
    late: bool = False
    """Whether the time was up, and nothing else was wrong: the machine may be too busy."""

    @property
    def place(self) -> Frame | None:
        """The learner's line nearest to the first cause that has one, or None."""
        return next(filter(None, (error.place for error in self.errors)), None)


def from_json(probe: str, data: dict[str, Any]) -> Evidence:
    """The evidence that inside/evidence.py wrote down."""
    data = _from_there(data)
    errors = []
    for link in data.pop("chain", ()):
        frames = tuple(Frame(**frame) for frame in link.pop("frames"))
        errors.append(_error(link.pop("type"), link.pop("message"), frames, **link))
    warned = tuple(_warned(warning) for warning in data.pop("warnings", ()))
    late = data.pop("late", False) or any(error.is_of_time for error in errors)
    return Evidence(probe, data.pop("kind"), tuple(errors), warned, data, late=late)


def _warned(warning: dict[str, Any]) -> Warned:
    created = re.search(r'File "([^"]+)", line (\d+), in (\S+)\n', warning["message"] + "\n")
    if created:
        return Warned(warning["message"], Frame(_own(created[1]), int(created[2]), created[3]))
    return Warned(warning["message"], Frame(warning["file"], warning["line"]))


def _own(file: str) -> str:
    """A path in a sandbox's copy, from there; others stay."""
    return re.sub(
        r"^.*[\\/]lab-check-[^\\/]+[\\/](?:[\w-]+[\\/])*?workspace[\\/]", "", file
    ).replace("\\", "/")


def without_copy(text: str) -> str:
    """A text whose paths in a sandbox are said from there: nobody knows the copy's place."""
    if "lab-check-" not in text:
        return text
    found = r"[^\s'\"`=(<]*[\\/]lab-check-\w+(?:[\\/]\d+-\w+)?(?:[\\/]workspace\b)?([\\/]?)"
    return re.sub(found, lambda match: "" if match[1] else ".", text)


def _from_there(found: Any) -> Any:
    """Data whose texts name no path of the copy's."""
    if isinstance(found, dict):
        return {key: _from_there(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_from_there(value) for value in found]
    return without_copy(found) if isinstance(found, str) else found


def frames_of_stacks(text: str) -> tuple[Frame, ...]:
    """The learner's innermost line of each thread, in faulthandler's words or inside/watch.py's."""
    found = []
    for thread in re.split(r"^(?:Current )?[Tt]hread .*$", text, flags=re.MULTILINE):
        for file, line, function in re.findall(r'File "([^"]+)", line (\d+) in (\S+)', thread):
            frame = Frame(_own(file), int(line), function)
            if frame.own:
                found.append(frame)
                break
    return tuple(found)


def errors_of_log(text: str) -> tuple[Error, ...]:
    """The last exception in a log, with its chain: the first cause first."""
    text = without_copy(text)
    found: list[Error] = []
    joined = False
    blocks = re.split(r"^.*Traceback \(most recent call last\):\n", text, flags=re.MULTILINE)
    for block in blocks[1:]:
        frames = tuple(
            Frame(_own(file), int(line), function)
            for file, line, function in re.findall(
                r'^\s*File "([^"]+)", line (\d+)(?:, in (\S+))?', block, re.MULTILINE
            )
        )
        last = re.search(r"^([A-Za-z_][\w.]*)(?:: (.*))?$", block, re.MULTILINE)
        if not joined:
            found = []
        if last:
            name = last[1].rpartition(".")[2]
            found.append(_error(name, last[2] or "", frames))
        joined = bool(re.search(r"^(During handling|The above exception)", block, re.MULTILINE))
    return tuple(found)


def _error(kind: str, message: str, frames: tuple[Frame, ...], **more: object) -> Error:
    """An error, with the names that its message tells."""
    quoted = re.findall(r"'([^']*)'", message)
    if kind == "AttributeError" and len(quoted) > 1:
        more |= {"name": quoted[1], "of": quoted[0]}
    elif kind == "ImportError" and message.startswith("cannot import name") and len(quoted) > 1:
        more |= {"name": quoted[0], "of": quoted[1]}
    elif kind in _OF_A_NAME and quoted:
        more |= {"name": quoted[0]}
    return Error(kind, message, frames, more)

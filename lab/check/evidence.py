"""What a probe saw when it failed, in one shape wherever it was seen."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from lab.check.sandbox import Process


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
    more: dict = field(default_factory=dict)

    @property
    def place(self) -> Frame | None:
        """The last line of the learner's own code on the way to the error."""
        return next((frame for frame in reversed(self.frames) if frame.own), None)

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
    seen: dict = field(default_factory=dict)

    @property
    def error(self) -> Error | None:
        """The error that came first, or None."""
        return self.errors[0] if self.errors else None

    def of_type(self, *types: str) -> Error | None:
        """The first error of one of these types, or None."""
        return next((error for error in self.errors if error.type in types), None)

    def saying(self, pattern: str) -> re.Match | None:
        """The first match of pattern in an error's message, or None."""
        found = (re.search(pattern, error.message) for error in self.errors)
        return next(filter(None, found), None)

    @property
    def place(self) -> Frame | None:
        """The learner's line nearest to the first cause that has one, or None."""
        return next(filter(None, (error.place for error in self.errors)), None)

    @property
    def running(self) -> list[Frame]:
        """Where the learner's code was busy when the time was up."""
        return [Frame(**frame) for frame in self.seen.get("running") or ()]


def from_json(probe: str, data: dict) -> Evidence:
    """The evidence that inside.py wrote down."""
    data = _from_there(data)
    errors = []
    for link in data.pop("chain", ()):
        frames = tuple(Frame(**frame) for frame in link.pop("frames"))
        errors.append(Error(link.pop("type"), link.pop("message"), frames, link))
    warned = tuple(_warned(warning) for warning in data.pop("warnings", ()))
    return Evidence(probe, data.pop("kind"), tuple(errors), warned, data)


def _warned(warning: dict) -> Warned:
    created = re.search(r'File "([^"]+)", line (\d+), in (\S+)\n', warning["message"] + "\n")
    if created:
        return Warned(warning["message"], Frame(_own(created[1]), int(created[2]), created[3]))
    return Warned(warning["message"], Frame(warning["file"], warning["line"]))


def _own(file: str) -> str:
    """A path in a sandbox's copy, from there; others stay."""
    return re.sub(r"^.*[\\/]lab-check-[^\\/]+[\\/]workspace[\\/]", "", file).replace("\\", "/")


def without_copy(text: str) -> str:
    """A text whose paths in a sandbox are said from there: nobody knows the copy's place."""
    if "lab-check-" not in text:
        return text
    found = r"[^\s'\"`=(<]*[\\/]lab-check-\w+(?:[\\/](?:workspace|notes)\b)?([\\/]?)"
    return re.sub(found, lambda match: "" if match[1] else ".", text)


def _from_there(found: object) -> object:
    """Data whose texts name no path of the copy's."""
    if isinstance(found, dict):
        return {key: _from_there(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_from_there(value) for value in found]
    return without_copy(found) if isinstance(found, str) else found


def from_process(process: Process, results: Path) -> tuple[dict[str, dict], Evidence | None]:
    """What inside.py found: the steps that passed, with what they saw, and the first failure.

    A process that died in a step has failed in it: its stack or its exit code tells how.
    """
    lines = [json.loads(line) for line in _whole_lines(results)]
    passed = {line["step"]: line["observed"] for line in lines if line["state"] == "passed"}
    failed = [line for line in lines if line["state"] == "failed"]
    if failed:
        return passed, from_json(failed[0]["step"], failed[0]["evidence"])
    begun = [line["step"] for line in lines if line["state"] == "begun"]
    if not begun or begun[-1] in passed:
        died = not passed and process.ended
        return passed, Evidence("environment", "died", seen=_last(process)) if died else None
    stack = results.with_name(results.name + ".stack")
    stacks = frames_of_stacks(stack.read_text("utf-8", "replace") if stack.exists() else "")
    if stacks or not process.ended:
        return passed, Evidence(begun[-1], "hang", seen={"running": stacks, **_last(process)})
    return passed, Evidence(begun[-1], "died", seen=_last(process))


def _last(process: Process) -> dict:
    return {"output": without_copy(process.output[-4000:]), "code": process.code}


def _whole_lines(file: Path) -> list[str]:
    if not file.exists():
        return []
    return [line for line in file.read_text("utf-8").splitlines(True) if line.endswith("\n")]


def frames_of_stacks(text: str) -> list[dict]:
    """The learner's innermost line of each thread, in faulthandler's words or inside_watch.py's."""
    found = []
    for thread in re.split(r"^(?:Current )?[Tt]hread .*$", text, flags=re.MULTILINE):
        for file, line, function in re.findall(r'File "([^"]+)", line (\d+) in (\S+)', thread):
            frame = Frame(_own(file), int(line), function)
            if frame.own:
                found.append({"file": frame.file, "line": frame.line, "function": frame.function})
                break
    return found


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
            found.append(Error(name, last[2] or "", frames, _of_message(name, last[2] or "")))
        joined = bool(re.search(r"^(During handling|The above exception)", block, re.MULTILINE))
    return tuple(found)


def _of_message(kind: str, message: str) -> dict:
    """The names in a message, as far as it tells them."""
    quoted = re.findall(r"'([^']*)'", message)
    if kind == "ModuleNotFoundError" and quoted:
        return {"name": quoted[0]}
    if kind == "AttributeError" and len(quoted) > 1:
        return {"name": quoted[1], "of": quoted[0], "of_module": message.startswith("module")}
    if kind == "ImportError" and message.startswith("cannot import name") and len(quoted) > 1:
        return {"name": quoted[0], "of": quoted[1]}
    if kind in ("NameError", "KeyError") and quoted:
        return {"name": quoted[0]}
    return {}

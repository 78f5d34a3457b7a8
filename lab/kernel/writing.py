"""The cells that write the project's files: `%%patch`, `%%fill`, and copies before `%%writefile`.

`%%patch` brings a lesson's change into the learner's file, whose other lines may be theirs;
`%%fill` fills the blanks (`...`) that are left. Neither changes a line that the learner wrote.
"""

import time
from contextlib import suppress
from pathlib import Path

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

from lab import cells, classroom, merging, patches, project
from lab.errors import LabError
from lab.messages import say
from lab.workspace import Workspace, explained_os_errors


class Writer:
    """Writes into a workspace what a lesson's cells say, and keeps what the learner had there."""

    def __init__(self, workspace: Workspace, lesson: str) -> None:
        self._workspace, self._lesson = workspace, lesson
        self._since = time.time()  # when this kernel's lesson began
        self._wanted: dict[str, str] = {}  # the lesson's text of each file that a cell asked for

    def before_cell(self, info: ExecutionInfo) -> None:
        """Copy away what a `%%writefile` is about to overwrite."""
        cell = cells.file_cell(info.raw_cell or "")
        if cell is None or not self._is_in_workspace(Path(cell.path)):
            return
        if self._workspace.went_back_since(self._since):
            print(say("went_back_meanwhile"))
        if cell.magic == "writefile":
            self._wanted[cell.path] = cell.text_after(None)
            self._keep(cell.path, self._wanted[cell.path])

    def patch(self, line: str, body: str) -> None:
        """Change some lines of a file: the learner's own changes elsewhere in it stay."""
        path, found, step = self._asked("patch", line, body)
        try:
            new, answers_stay = self._patched(body, found, step, path)
        except patches.PatchError as error:
            raise _refusal(path, error) from error
        except merging.Conflict as error:
            raise LabError(say("patch_conflict", path=path, line=error.line)) from error
        print(_told(path, body) if new != found else say("patch_already", path=path))
        if not answers_stay:
            print(say("patch_over_answer", path=path))
        elif step is not None and new not in (found, step.after):
            print(say("patch_merged", path=path))
        self._write(path, new)

    def _patched(
        self, body: str, found: str, step: project.Written | None, path: str
    ) -> tuple[str, bool]:
        """The learner's file with a patch in it; as it is, if it holds the patch already.

        And whether all that they wrote is in it: what stands for a blank is the lessons' where a
        patch changes it, or lines beside it. Raises PatchError or Conflict.
        """
        if step is not None and step.before is not None:
            try:
                return merging.merged(step.before, found, step.after), True
            except merging.Conflict:
                # It was run before: what its blanks stood for is written by now.
                if patches.is_in(cells.BLANK_LINE.sub("", body), found):
                    return found, True
                but_answers = project.without_answers(path, step.before, found)
                return merging.merged(step.before, but_answers, step.after), False
        try:
            return patches.applied(body, found), True
        except patches.PatchError:
            # Its blank was written in the cell itself, after the cell had run with the blank, or
            # with an answer before this one.
            for each in project.steps_of(self._lesson, path):
                if each.cell.magic == "patch" and each.before is not None:
                    with suppress(patches.PatchError):
                        wanted = patches.applied(body, each.before)
                        return _answered(each, found, wanted), True
            raise

    def fill(self, line: str, body: str) -> None:
        """Fill the blanks of a file that are still as the lesson left them, and name them."""
        path, found, _ = self._asked("fill", line, body)
        try:
            new, done = patches.filled(body, found)
        except patches.PatchError as error:
            raise _refusal(path, error) from error
        for hunk in done:
            blank = next((text for text in hunk.old if text not in hunk.new), "...")
            print(say("blank_filled", path=path, blank=blank.strip()))
        if not done:
            print(say("no_blank_left", path=path))
        self._write(path, new)
        classroom.note(self._lesson, "filled")

    def take(self, path: str) -> None:
        """Make a file the lesson's, as of the last cell that was run; the learner's is kept."""
        at_its_start = project.files_before(self._lesson)
        text = self._wanted.get(path, at_its_start.get(path))
        if text is None:
            raise LabError(say("no_such_file_of_lesson", path=path, lesson=self._lesson))
        self._write(path, text)
        print(say("taken", path=path))

    def _asked(self, magic: str, line: str, body: str) -> tuple[str, str, project.Written | None]:
        """The file that a cell is about, the learner's text of it, and the course's own step."""
        path = line.strip()
        if not self._is_in_workspace(Path(path)):
            raise LabError(say("not_in_workspace", path=path))
        file = self._workspace.folder / path
        if not file.is_file():
            raise LabError(say("file_to_change_missing", path=path))
        step = project.step(f"%%{magic} {line}\n{body}", self._lesson)
        if step is not None:
            self._wanted[path] = step.after
        return path, file.read_text("utf-8", errors="replace"), step

    def _write(self, path: str, text: str) -> None:
        self._keep(path, text)
        with explained_os_errors(self._workspace.folder):
            project.write_text(self._workspace.folder / path, text)

    def _keep(self, path: str, text: str) -> None:
        copy = self._workspace.keep_before_writing(path, text)
        if copy is not None:
            print(say("copy_kept", path=path, copy=self._workspace.shown(copy)))

    def _is_in_workspace(self, path: Path) -> bool:
        here = Path.cwd() == self._workspace.folder
        return here and not path.is_absolute() and ".." not in path.parts


def _answered(step: project.Written, found: str, wanted: str) -> str:
    """The learner's file with what a cell now says where the lesson's text has a blank.

    An answer that is in the file already gives way: the cell was changed since.
    Raises Conflict where the learner changed other lines of the cell's in the file.
    """
    try:
        return merging.merged(step.after, found, wanted)
    except merging.Conflict:
        unanswered = merging.without_changes_of(step.blanks(), step.after, found)
        return merging.merged(step.after, unanswered, wanted)


def _refusal(path: str, error: patches.PatchError) -> LabError:
    why = say(f"patch_{error.reason}", lines=error.lines)
    return LabError(say("patch_lines_missing", path=path, error=why))


def _told(path: str, patch: str) -> str:
    lines = patch.splitlines()
    come, go = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"{path}: +{come} −{go}"  # noqa: RUF001 - a minus sign, as wide as the plus


_writer: Writer | None = None


def watch(workspace: Workspace, lesson: str) -> Writer:
    """From now on run the lesson's writing cells in workspace; outside a kernel no cell asks."""
    global _writer
    shell = get_ipython()
    if shell is not None and _writer is not None:
        shell.events.unregister("pre_run_cell", _writer.before_cell)
    _writer = Writer(workspace, lesson)
    if shell is not None:
        _register(shell, _writer)
    return _writer


def _register(shell: InteractiveShell, writer: Writer) -> None:
    shell.events.register("pre_run_cell", writer.before_cell)
    for magic in (writer.patch, writer.fill):
        shell.register_magic_function(magic, "cell", magic.__name__)  # type: ignore[arg-type]

"""A learner's side of the class board: what they did goes to the teacher's page, if they joined.

Without a join nothing here runs. What happened is written down first, in a file beside the
workspace, and a thread sends it: no cell waits for the board.
"""

from contextlib import suppress

from lab.classroom.outbox import Outbox
from lab.workspace import Workspace

OWN_NAMES = ("127.0.0.1", "localhost", "::1")
"""How a machine calls itself: nobody can listen in between, so nothing has to be encrypted."""
PORT = 8642
"""The one at which a board listens, unless it is told another."""


def note(lesson: str, kind: str, name: str = "", outcome: str = "") -> None:
    """Write down for the board, if the learner joined one, what happened in a lesson.

    The kind is "opened", "check", "mistake", "filled" (what was left blank) or "exercise"; the name that of an exercise or of a
    mistake in the catalogue; the outcome of a check or an exercise "passed" or "failed".
    """
    outbox = Outbox.of(Workspace.default())
    with suppress(OSError, Outbox.Trouble):  # it keeps nobody from learning
        if outbox.is_there():
            outbox.add(lesson, kind, name, outcome)


def resume() -> None:
    """Speak with the board from this kernel too, if the learner joined one."""
    outbox = Outbox.of(Workspace.default())
    if outbox.is_there():
        from lab.classroom import membership  # here: most learners join no class

        membership.resume(outbox)

"""What a lesson has for those who follow it in a class."""

from lab.classroom.outbox import Outbox
from lab.course import LessonEntry
from lab.workspace import Workspace


class Attending:
    """A lesson's part in a class: joining it, leaving it, and what was sent there."""

    entry: LessonEntry
    workspace: Workspace

    def join(self, code: str, nickname: str, at: str = "") -> None:
        """Join the class whose code is on the wall: the teacher sees how far you are.

        What leaves this machine from now on is lesson, check, blank line filled, exercise, mistake
        (the catalogue's name for it) and time, under the nickname, and nothing else. The board
        shows what to write for `at`, where it isn't on this machine.

        Raises LabError when no board answers there, or it says no.
        """
        from lab.classroom import membership  # here: most learners join no class

        membership.join(Outbox.of(self.workspace), self.entry.name, code, nickname, at)

    def leave(self) -> None:
        """Leave the class: nothing leaves this machine any more, and the board forgets you."""
        from lab.classroom import membership  # here: as in join

        membership.leave(Outbox.of(self.workspace))

    def sent(self) -> None:
        """Show everything that left this machine for the class, or waits to."""
        from lab.classroom import membership  # here: as in join

        membership.sent(Outbox.of(self.workspace))

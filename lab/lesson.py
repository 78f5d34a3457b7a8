"""What a lesson's first cell makes: the learner's folder ready, and the helpers at hand."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lab import classroom, course, exercises, language, markup, project
from lab.classroom.attending import Attending
from lab.errors import LabError
from lab.kernel import figures, hints, neighbours, writing
from lab.messages import say
from lab.progress_file import Progress
from lab.run import children, variables
from lab.run.server import Server
from lab.run.valkey import Valkey
from lab.workspace import Workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lab.run.nginx import Nginx
    from lab.run.postgres import Postgres
    from lab.run.wire import Wire


class Lesson(Attending):
    """A lesson under way, in the learner's workspace.

    Making one changes the working directory to the workspace, with the files of the earlier
    lessons in it, and says in one line where the learner is. Files that the learner changed
    stay as they are, and are named.

    Raises LabError when there is no lesson of that name, or the workspace can't be written.
    """

    # What a kernel runs, whichever Lesson started it.
    _servers: ClassVar[list[Server]] = []
    _valkey: ClassVar[Valkey | None] = None
    _postgres: ClassVar["Postgres | None"] = None
    _nginx: ClassVar["Nginx | None"] = None
    _wire: ClassVar["Wire | None"] = None

    def __init__(self, name: str) -> None:
        self.entry = course.find(name)
        self.workspace = Workspace.default()
        self._begin()
        hints.give(self.entry)
        children.end_with_kernel()
        figures.begin()
        self._note()
        classroom.note(self.entry.name, "opened")
        classroom.resume()

    def serve(
        self, port: int = 0, program: str = "daphne", another: bool = False, ws: str = "auto"
    ) -> Server:
        """Start the project's server in the background; it is ready when this returns.

        Port 0 is any free one; the program is "daphne" or "uvicorn"; ws is what serves
        uvicorn's WebSockets, as after its --ws. The servers that this kernel started before
        are stopped first; another=True leaves them running beside it.

        Raises LabError with the server's own last lines when it can't start, when the port
        is taken, or when there is no such program.
        """
        if not another:
            self._stop_servers()
        log = self._log_of_next_server()
        server = Server.start(self.workspace.folder, log, port, program, ws)
        Lesson._servers.append(server)
        return server

    def serve_finished(self) -> Server:
        """Start the chat as the last lesson leaves it; it is ready when this returns.

        It has a folder and a database of its own, which are gone when it stops: in the workspace
        nothing changes. The servers that this kernel started before are stopped first.

        Raises LabError with the server's own last lines when it can't start.
        """
        self._stop_servers()
        server = Server.start_finished(self.workspace.folder, self._log_named("finished"))
        Lesson._servers.append(server)
        return server

    def valkey(self) -> Valkey:
        """Start a Valkey server in the background; it is ready when this returns.

        The one that this kernel started before is stopped first; serve() leaves it running.

        Raises LabError with its own last lines when it can't start, or with what to do
        instead where there is no Valkey for this system.
        """
        self._stop_valkey()
        Lesson._valkey = Valkey.start(self._log_named("valkey"))
        return Lesson._valkey

    def postgres(self) -> "Postgres":
        """Start a PostgreSQL server with an empty database; it is ready when this returns.

        The one that this kernel started before goes first, with all that it held; serve() leaves
        it running.

        Raises LabError with its own last lines when it can't start, or with what to install where
        there is none.
        """
        from lab.run.postgres import Postgres  # here: there is none for Windows

        self._stop_postgres()
        Lesson._postgres = Postgres.start(self._log_named("postgres"))
        return Lesson._postgres

    def nginx(self, site: str, servers: Iterable[Server]) -> "Nginx":
        """Start an nginx with a site's configuration, a file of the workspace; it is ready then.

        Those servers are behind it. The one that this kernel started before is stopped first;
        serve() leaves it running.

        Raises LabError with its own last lines when it can't start, or with what to install where
        there is none.
        """
        from lab.run.nginx import Nginx  # here: it brings trustme, which most lessons don't need

        self._stop_nginx()
        place = self.workspace.folder / site
        Lesson._nginx = Nginx.start(place, servers, self._log_named("nginx"))
        return Lesson._nginx

    def wire(self, *keys: str) -> "Wire":
        """Listen from now on to every WebSocket that this notebook opens, and to pages.

        Of a frame's JSON object only the keys that are named are shown: what is drawn at random,
        or is a time, differs from run to run. Without any, all are. The wire before, if there is
        one, hears nothing more.
        """
        from lab.run.wire import Wire  # here: most lessons need none

        self._stop_wire()
        Lesson._wire = Wire(*keys)
        return Lesson._wire

    def stop(self) -> None:
        """Stop what this kernel started: its servers, those in front of or behind them, a wire."""
        self._stop_wire()
        self._stop_nginx()
        self._stop_servers()
        self._stop_valkey()
        self._stop_postgres()

    def check(self) -> None:
        """Say whether the project does what this lesson asks, and if not why.

        The files are tried in a copy; nothing of the learner's changes.
        """
        from lab.kernel import checking  # here: it brings Playwright, which most lessons don't need

        report = checking.show(self.entry.name, self.workspace.folder)
        self._note(check=report.ok)
        if not report.unable:
            classroom.note(self.entry.name, "check", outcome="passed" if report.ok else "failed")
            for mistake in report.mistakes:
                classroom.note(self.entry.name, "mistake", mistake)

    @contextmanager
    def mistake(self, name: str) -> Iterator[None]:
        """Make a mistake of the catalogue in the learner's files until the block ends.

        A file that the learner changed is copied away first, should the kernel die in between.

        Raises LabError when there is no such mistake, or when the files have no place for it.
        """
        from lab.check import catalogue  # here: as in check

        for path in catalogue.find(name).files:
            self.workspace.keep_before_writing(path, "")
        with catalogue.made(name, self.workspace.folder):
            yield

    def picture(self, name: str, picture: "bytes | Figure") -> None:
        """Show a picture, a PNG's bytes or a matplotlib figure, with its alternative text.

        Raises LabError when the lesson has no picture of that name.
        """
        from lab.kernel import pictures  # here: it brings matplotlib, which most lessons don't need

        if name not in self.entry.pictures:
            names = ", ".join(self.entry.pictures)
            raise LabError(say("no_such_picture", name=name, names=names))
        pictures.show(picture, self.entry.pictures[name][language.current()])

    async def exercise(self, name: str, *answer: object) -> None:
        """Say whether an answer to one of the lesson's exercises is right, and if not why.

        Its own connections are none of the wire that the lesson showed.

        Raises LabError when the lesson has no exercise of that name.
        """
        self._stop_wire()
        solved, told = await exercises.judge(self.entry.name, name, *answer)
        markup.show(told, markup.verdict(solved, told))
        if solved:
            self._note(exercise=name)

    def hand_in(self, name: str = "") -> None:
        """Pack the project and the notebooks into one file for the teacher, and say where it is.

        Raises LabError when nothing has been written yet.
        """
        from lab.grade import handing_in  # here: as in check

        print(handing_in.hand_in(self.workspace, name))

    def reset(self) -> None:
        """Start the lesson again; what is in the workspace is moved away and kept."""
        self.stop()
        place = self.workspace.reset(self.entry.name)
        if place is not None:
            print(say("reset", place=self.workspace.shown(place)))
        self._begin()

    def take(self, path: str) -> None:
        """Make a file of the project the lesson's own, as the cells that were run wrote it.

        The learner's version is copied away first, and the copy named.

        Raises LabError when the lesson has no such file.
        """
        self._writer.take(path)

    def forward(self) -> None:
        """Bring the project back as it was before an earlier lesson was opened."""
        self.stop()
        changed = self.workspace.forward()
        _forget_modules_in(self.workspace.folder)
        for path, copy in changed.items():
            if copy is not None:
                print(say("copy_kept", path=path, copy=self.workspace.shown(copy)))
        print(say("forward", count=len(changed)) if changed else say("nothing_put_away"))

    def _stop_servers(self) -> None:
        while Lesson._servers:
            Lesson._servers[-1].stop()
            Lesson._servers.pop()

    def _stop_valkey(self) -> None:
        if Lesson._valkey is not None:
            Lesson._valkey.stop()
            Lesson._valkey = None

    def _stop_postgres(self) -> None:
        if Lesson._postgres is not None:
            Lesson._postgres.remove()
            Lesson._postgres = None

    def _stop_wire(self) -> None:
        if Lesson._wire is not None:
            Lesson._wire.stop()
            Lesson._wire = None

    def _stop_nginx(self) -> None:
        if Lesson._nginx is not None:
            Lesson._nginx.stop()
            Lesson._nginx = None

    def _log_of_next_server(self) -> Path:
        """A log file that none of the kernel's servers has, ended ones included."""
        return self._log_named(str(len(Lesson._servers) + 1) if Lesson._servers else "")

    def _log_named(self, name: str) -> Path:
        names = filter(None, [self.entry.name, language.current(), name, "log"])
        return self.workspace.folder / "logs" / ".".join(names)

    def _note(self, *, check: bool | None = None, exercise: str | None = None) -> None:
        try:
            Progress(self.workspace).note(self.entry.name, check=check, exercise=exercise)
        except LabError as error:
            print(error)  # a damaged file is told, but keeps nobody from learning

    def _put_away(self) -> None:
        """Keep the project for forward(), and say so, where this lesson begins before it."""
        count = self.workspace.goes_back(self.entry.name)
        if count:
            place = self.workspace.shown(self.workspace.later)
            print(say("goes_back", count=count, place=place))
            if others := neighbours.notebooks_in(self.workspace.folder):
                print(say("others_work_here", names=", ".join(others)))
            self.workspace.put_project_away()

    def _begin(self) -> None:
        self.stop()
        self._put_away()
        brought = self.workspace.bring_along(self.entry.name)
        own = [path for path in self.workspace.prepare(self.entry.name) if path not in brought]
        self._writer = writing.watch(self.workspace, self.entry.name)
        os.chdir(self.workspace.folder)
        language.choose(language.current())  # as the variables say that are forgotten next
        # The programs that cells start, with or without lab, find them gone too.
        variables.forget_here()
        _look_last_in(self.workspace.folder)
        _forget_modules_in(self.workspace.folder)
        print(
            say("lesson", number=int(self.entry.number), title=self.entry.title[language.current()])
        )
        if project.reached(self.workspace.put_away()) == course.lessons().index(self.entry):
            print(say("put_away_waits"))
        if brought:
            print(say("brought_along", paths=", ".join(brought), place=self.workspace.kept.name))
        if own:
            print(say("kept_yours", paths=", ".join(own)))
        if language.of_folder(language.notebook_folder()) is None:
            print(say("notebook_moved", name=self.entry.name, language=language.current()))


def _look_last_in(folder: Path) -> None:
    """Let the kernel import the project, and what is installed before any file of the same name.

    Else a learner's json.py or playwright.py would break the kernel and the check that names it.
    """
    # "" is the working directory, and the repository's root holds a finished project.
    later = ("", str(folder), str(course.ROOT))
    found = str(course.ROOT) in sys.path
    sys.path[:] = [place for place in sys.path if place not in later]
    sys.path += [str(folder), *([str(course.ROOT)] if found else [])]


def _forget_modules_in(folder: Path) -> None:
    """Let the kernel import the project afresh: its files may be others now."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and folder in Path(file).parents:
            del sys.modules[name]

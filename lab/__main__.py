"""`python -m lab`: open the course, start again, and keep the repository in step."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import course, language, project
from lab.board.command import add_arguments as add_board_arguments
from lab.board.command import board
from lab.errors import LabError
from lab.messages import say
from lab.progress_file import Progress
from lab.workspace import Workspace

ANEW = "\r\x1b[K"
"""Has a terminal write its line anew."""


def start(arguments: argparse.Namespace) -> int:
    """Open JupyterLab on the course's first page, until it is closed."""
    spoken = arguments.course or language.of_machine()
    settings = course.ROOT / "lab" / "jupyterlab"
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={course.ROOT}",
        f"--LabApp.default_url=/lab/tree/notebooks/{spoken}/index.ipynb",
        f"--LabApp.app_settings_dir={settings}",  # no news pop-up
        f"--LabApp.extra_labextensions_path={settings / 'extensions'}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    layers = {"portuguese": spoken == "pt-br", "projector": arguments.projector}
    paths = [str(settings / name) for name, wanted in layers.items() if wanted]
    paths += filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
    # In its terminals, where lessons say `python manage.py migrate`, that is the course's Python.
    own = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    environment["PATH"] = os.pathsep.join(own)
    return subprocess.call([*command, *arguments.jupyter], cwd=course.ROOT, env=environment)


def run(arguments: argparse.Namespace) -> int:
    """Run the finished project, until it is stopped."""
    from lab.run import site  # it brings what a server needs

    return site.serve(arguments.port)


def test(arguments: argparse.Namespace) -> int:
    """Run the tests whose turn it is, or those of some lessons."""
    from lab.author import testing  # learners never need it

    if arguments.quick:
        return testing.quick()
    return testing.test(arguments.lesson, arguments.workers, arguments.junit)


def build(arguments: argparse.Namespace) -> int:
    """Write the project as it stands after a lesson into a folder that is empty or new."""
    folder = arguments.folder
    if folder.exists() and any(folder.iterdir()):
        raise LabError(say("folder_not_empty", folder=folder))
    for path in project.build(arguments.after, folder):
        print(folder / path)
    return 0


def doctor(_: argparse.Namespace) -> int:
    """Tell whether the machine is ready for the course."""
    from lab.doctor import examine  # it brings what a check needs

    return examine()


def progress(_: argparse.Namespace) -> int:
    """Tell how far the learner is."""
    print(Progress(Workspace.default()))
    return 0


def reset(_: argparse.Namespace) -> int:
    """Empty the workspace, keeping what is in it elsewhere."""
    workspace = Workspace.default()
    place = workspace.reset(course.lessons()[0].name)
    if place is None:
        print(say("nothing_to_reset"))
    else:
        print(say("reset", place=workspace.shown(place)))
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Make the repository's project what the notebooks write, or compare the two."""
    from lab.author import export as exported  # here: as in execute

    if arguments.check:
        found = exported.differences()
        print(found or say("export_same"), end="" if found else "\n")
        return 1 if found else 0
    changed = exported.export()
    print("\n".join(changed) or say("export_same"))
    return 0


def new(arguments: argparse.Namespace) -> int:
    """Begin a lesson in both languages, and name the files that were written."""
    from lab.author.new import new as begin  # here: as in execute

    for path in begin(arguments.lesson):
        print(path.relative_to(course.ROOT))
    print(say("lesson_begun", name=arguments.lesson))
    return 0


def execute(arguments: argparse.Namespace) -> int:
    """Run lessons in both languages, each in a new workspace, and keep the outputs."""
    from lab.author import execution  # it takes a second to import, and learners never need it

    for name in arguments.lesson or [lesson.name for lesson in course.lessons()]:
        for spoken in language.LANGUAGES:
            notebook = course.find(name).notebook(spoken)
            print(notebook.relative_to(course.ROOT), flush=True)
            with tempfile.TemporaryDirectory() as folder:
                execution.execute(notebook, Path(folder, "workspace"))
    return 0


def translate(arguments: argparse.Namespace) -> int:
    """Bring a lesson's code into its translations, or accept cells as translated."""
    from lab.author import translation  # it takes a second to import, and learners never need it

    for spoken in translation.TRANSLATIONS:
        if arguments.accept:
            translation.accept(arguments.lesson, spoken, arguments.accept)
        for cell in translation.synchronise(arguments.lesson, spoken):
            print(say("translate_cell", language=spoken, cell=cell))
    return 0


def patch(arguments: argparse.Namespace) -> int:
    """Make a lesson's cells show what they change of a file, and name those that were changed."""
    from lab.author import patching  # here: as in execute

    for cell in patching.patch(arguments.lesson):
        print(cell)
    return 0


def former(arguments: argparse.Namespace) -> int:
    """Keep what a commit's lessons wrote known as the course's own, and name the files."""
    from lab.author import former as editions  # here: as in execute

    print("\n".join(editions.note(arguments.commit)) or say("edition_known"))
    return 0


@contextmanager
def _at_work() -> Iterator[Callable[[str], None]]:
    """What tells, in a terminal's one line, what is being tried; the line is gone afterwards."""

    def tell(what: str) -> None:
        if terminal:
            said = say("check_trying", what=what)[: shutil.get_terminal_size().columns - 1]
            print(f"{ANEW}{said}", end="", file=sys.stderr, flush=True)

    terminal = sys.stderr.isatty()
    try:
        yield tell
    finally:
        if terminal:
            terminal = False  # a probe that was given up may still begin something
            print(ANEW, end="", file=sys.stderr, flush=True)


def check(arguments: argparse.Namespace) -> int:
    """Check a lesson's project; 2 when that isn't possible."""
    if arguments.language:
        language.choose(arguments.language)
    try:
        from lab.check import check as check_lesson

        folder = arguments.workspace or Workspace.default().folder
        with _at_work() as tell:
            report = check_lesson(arguments.lesson, folder, tell)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    if report.unable:
        print(report, file=sys.stderr)
    else:
        print(report.as_json() if arguments.json else report)
    return report.exit_code


def hand_in(arguments: argparse.Namespace) -> int:
    """Pack what there is to hand in, and say where it is."""
    from lab.grade import handing_in  # it brings what a check needs

    print(handing_in.hand_in(Workspace.default(), arguments.name))
    return 0


def grade(arguments: argparse.Namespace) -> int:
    """Grade a folder of hand-ins, and write what came of it."""
    from lab.grade import grading, results  # they bring what a check needs
    from lab.grade.confined import Confinement

    if arguments.language:
        language.choose(arguments.language)
    confinement = Confinement(None) if arguments.unsafe else Confinement.found()
    if arguments.unsafe:
        print(say("grade_unsafe"), file=sys.stderr)
    order = grading.Order(arguments.lesson or (), confinement, arguments.workers)
    into = arguments.into or arguments.folder.with_name(f"{arguments.folder.resolve().name}-graded")
    found = grading.grade(arguments.folder, order, lambda line: print(line, flush=True))
    grading.write(found, into)
    commonest = ", ".join(f"{name} ({count})" for name, count in results.commonest(found))
    if commonest:
        print(say("grade_commonest", mistakes=commonest))
    print(say("grade_written", path=into))
    return 0


def arguments_parser() -> argparse.ArgumentParser:
    """The command line, its help in the current language."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=say("help"))
    commands = parser.add_subparsers(required=True, metavar=say("help_command"))

    def command(action: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        text = say(f"help_{action.__name__}")
        name = action.__name__.replace("_", "-")
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(action=action)
        return added

    start_parser = command(start)
    start_parser.add_argument("--course", choices=language.LANGUAGES, help=say("help_start_course"))
    start_parser.add_argument("--projector", action="store_true", help=say("help_start_projector"))
    start_parser.add_argument("jupyter", nargs="*", help=say("help_start_jupyter"))
    command(run).add_argument("--port", type=int, default=8000, help=say("help_run_port"))
    test_parser = command(test)
    test_parser.add_argument("lesson", nargs="*", metavar="LESSON", help=say("help_test_lesson"))
    test_parser.add_argument("--quick", action="store_true", help=say("help_test_quick"))
    test_parser.add_argument(
        "--workers", type=int, default=4, metavar="N", help=say("help_test_workers")
    )
    test_parser.add_argument("--junit", type=Path, metavar="FILE", help=say("help_test_junit"))
    build_parser = command(build)
    build_parser.add_argument("--after", required=True, metavar="LESSON")
    build_parser.add_argument("folder", type=Path, metavar="DIR")
    command(doctor)
    command(progress)
    command(reset)
    export_parser = command(export)
    export_parser.add_argument("--check", action="store_true", help=say("help_export_check"))
    command(new).add_argument("lesson", metavar="LESSON", help=say("help_new_lesson"))
    command(execute).add_argument(
        "lesson", nargs="*", metavar="LESSON", help=say("help_execute_lesson")
    )
    translate_parser = command(translate)
    translate_parser.add_argument("lesson", metavar="LESSON")
    translate_parser.add_argument(
        "--accept", nargs="+", metavar="CELL", help=say("help_translate_accept")
    )
    command(patch).add_argument("lesson", metavar="LESSON")
    command(former).add_argument("commit", metavar="COMMIT")
    check_parser = command(check)
    check_parser.add_argument("lesson", metavar="LESSON")
    check_parser.add_argument(
        "--workspace", type=Path, metavar="DIR", help=say("help_check_workspace")
    )
    check_parser.add_argument(
        "--language", choices=language.LANGUAGES, help=say("help_check_language")
    )
    check_parser.add_argument("--json", action="store_true", help=say("help_check_json"))
    hand_in_parser = command(hand_in)
    hand_in_parser.add_argument("name", nargs="?", default="", help=say("help_hand_in_name"))
    grade_parser = command(grade)
    grade_parser.add_argument("folder", type=Path, metavar="DIR", help=say("help_grade_folder"))
    grade_parser.add_argument(
        "--lesson", nargs="+", metavar="LESSON", help=say("help_grade_lesson")
    )
    grade_parser.add_argument("--into", type=Path, metavar="DIR", help=say("help_grade_into"))
    grade_parser.add_argument(
        "--language", choices=language.LANGUAGES, help=say("help_grade_language")
    )
    grade_parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help=say("help_grade_workers")
    )
    grade_parser.add_argument("--unsafe", action="store_true", help=say("help_grade_unsafe"))
    add_board_arguments(command(board))
    return parser


def main() -> int:
    """Run the command line; 0 when all is well, 1 when not, 2 for wrong arguments."""
    arguments = arguments_parser().parse_args()
    try:
        code: int = arguments.action(arguments)
        return code
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

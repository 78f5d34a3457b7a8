"""`python -m lab board`: its arguments, and what it does."""

import argparse
from pathlib import Path

from lab import course, language
from lab.classroom import OWN_NAMES, PORT
from lab.errors import LabError
from lab.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Have it take the board's arguments."""
    parser.add_argument("--host", default=OWN_NAMES[0], help=say("help_board_host"))
    parser.add_argument("--port", type=int, default=PORT, help=say("help_board_port", port=PORT))
    parser.add_argument("--certificate", type=Path, help=say("help_board_certificate"))
    parser.add_argument("--key", type=Path, help=say("help_board_key"))
    parser.add_argument("--new", action="store_true", help=say("help_board_new"))
    parser.add_argument("--anonymous", action="store_true", help=say("help_board_anonymous"))
    parser.add_argument("--language", choices=language.LANGUAGES, help=say("help_board_language"))
    folder = course.ROOT / "class-board"
    parser.add_argument("--folder", type=Path, default=folder, help=say("help_board_folder"))


def board(arguments: argparse.Namespace) -> int:
    """Show the class live, until it is interrupted."""
    from lab.board.serving import serve  # it brings Django, uvicorn and trustme

    if arguments.language:
        language.choose(arguments.language)
    if arguments.host in OWN_NAMES and (arguments.certificate or arguments.key):
        raise LabError(say("board_certificate_alone"))
    serve(
        arguments.folder.absolute(),
        arguments.host,
        arguments.port,
        arguments.certificate,
        arguments.key,
        arguments.new,
        arguments.anonymous,
    )
    return 0

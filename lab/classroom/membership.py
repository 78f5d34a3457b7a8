"""Joining a class board and leaving it, what was sent there, and the hints that came from it."""

import html
import re
import unicodedata
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from IPython import get_ipython
from IPython.display import display
from websockets.exceptions import WebSocketException

from lab import markup
from lab.classroom.address import HERE, WrongSeal, parse
from lab.classroom.outbox import Event, Membership, Outbox, new_key
from lab.classroom.sender import PATH, Refused, Sender, ask
from lab.errors import LabError
from lab.messages import say

LONGEST_NICKNAME = 24
_STYLE = Path(__file__).with_name("told.css")
_sender: Sender | None = None


def join(outbox: Outbox, lesson: str, code: str, nickname: str, at: str) -> None:
    """Join the board whose code is on the wall, and say what it will be told.

    Raises LabError when nobody answers there, or the board says no.
    """
    nickname = _nickname(nickname)
    where, code = at or HERE, _code(code)
    former = _membership(outbox)
    again = former is not None and (former.at, former.code) == (where, code) and not former.ended
    key = former.key if former is not None and again else new_key()
    question = {"type": "join", "code": code, "nickname": nickname, "key": key}
    _asked(where, question, nickname)
    _end_sender()
    if not again:
        outbox.begin(Membership(where, code, nickname, key))
        outbox.add(lesson, "opened", "", "")
    resume(outbox)
    told = say("board_joined", nickname=nickname)
    _show(told, f"<p>{markup.prose(told)}</p>")


def leave(outbox: Outbox) -> None:
    """Leave it: the board forgets the learner, and this machine the board."""
    membership = _membership(outbox)
    _end_sender()
    outbox.remove()
    if membership is None:
        print(say("board_not_joined"))
        return
    try:
        _asked(membership.at, {"type": "leave", "key": membership.key}, membership.nickname)
    except LabError:
        print(say("board_left_alone"))
    else:
        print(say("board_left"))


def sent(outbox: Outbox) -> None:
    """Show everything that left this machine for the board, or waits to."""
    membership = _membership(outbox)
    if membership is None:
        print(say("board_not_joined"))
        return
    told = say("board_sent", nickname=membership.nickname, at=membership.at)
    rows = [_row(event, there) for event, there in outbox.sent()]
    text = "\n".join([told, *("  ".join(row) for row in rows)])
    columns = ("at", "lesson", "what", "arrived")
    heads = "".join(f'<th scope="col">{say(f"board_sent_{name}")}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(c)}</td>' for c in row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    _show(text, f"<p>{markup.prose(told)}</p>{table}")


def resume(outbox: Outbox) -> None:
    """In this kernel too, speak with the board that was joined, if one was."""
    global _sender
    membership = _membership(outbox)
    if membership is None or (_sender is not None and _sender.is_alive()):
        return
    _show_hints_in_cells(outbox)
    if not membership.ended:
        _sender = Sender(outbox)
        _sender.start()


def told(outbox: Outbox) -> list[str]:
    """What the home page says of the class: who one is there, and the hints that came."""
    membership = _membership(outbox)
    if membership is None:
        return []
    key = "board_ended" if membership.ended else "board_home"
    hints = [say("board_hint", text=hint.text) for hint in outbox.hints()]
    return [say(key, nickname=membership.nickname, at=membership.at), *hints]


def _membership(outbox: Outbox) -> Membership | None:
    """None too where the file isn't one of ours: it is in nobody's way."""
    try:
        return outbox.membership()
    except (OSError, Outbox.Trouble):
        return None


def _asked(at: str, question: dict[str, str], nickname: str) -> None:
    try:
        with parse(at).connected(PATH) as connection:
            ask(connection, question)
    except Refused as refused:
        known = ("wrong-code", "nickname-taken", "too-often", "class-full")
        reason = refused.code.replace("-", "_") if refused.code in known else "other"
        raise LabError(say(f"board_refused_{reason}", nickname=nickname)) from refused
    except WrongSeal as error:
        raise LabError(say("board_wrong_seal", at=at)) from error
    except (OSError, WebSocketException) as error:
        hint = say("board_nobody_hint") if at == HERE else say("board_nobody_there_hint")
        raise LabError(f"{say('board_nobody', at=at)} {hint}") from error


def _nickname(given: str) -> str:
    found = " ".join(unicodedata.normalize("NFC", given).split())
    if not 1 <= len(found) <= LONGEST_NICKNAME or not found.isprintable():
        raise LabError(say("board_nickname", most=LONGEST_NICKNAME))
    return found


def _code(given: str) -> str:
    """A code as the board has it: `tigre 4207` is TIGRE-4207."""
    letters = unicodedata.normalize("NFKD", given.upper())
    return "-".join(re.findall(r"[A-Z]+|[0-9]+", letters.encode("ascii", "ignore").decode()))


def _end_sender() -> None:
    global _sender
    if _sender is not None:
        _sender.end()
        _sender = None


def _row(event: Event, there: bool) -> tuple[str, str, str, str]:
    moment = datetime.fromtimestamp(event.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    what = " ".join(filter(None, [event.kind, event.name, event.outcome]))
    return moment, event.lesson, what, say("board_arrived" if there else "board_waits")


def _show_hints_in_cells(outbox: Outbox) -> None:
    shell = get_ipython()
    if shell is None or getattr(shell, "_class_board", None):
        return

    def show(*_: object) -> None:
        with suppress(OSError, Outbox.Trouble):
            if outbox.is_there():
                _show_news(outbox)

    shell._class_board = show
    # Before a cell's own output; and after it, for what came while it ran.
    shell.events.register("pre_run_cell", show)
    shell.events.register("post_run_cell", show)


def _show_news(outbox: Outbox) -> None:
    for hint in outbox.new_hints():
        text = say("board_hint", text=hint.text)
        _show(text, f'<div class="hint" role="status">{markup.prose(text)}</div>')
    membership = outbox.membership()
    if membership is not None and membership.ended == "unknown":
        outbox.end("told")
        print(say("board_forgot"))


def _show(text: str, body: str) -> None:
    display(markup.both(text, body, _STYLE), raw=True)

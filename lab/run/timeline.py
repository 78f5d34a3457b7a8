"""What went over the wire, as a text that compares and as a picture, a lane for each who talked."""

import html
import itertools
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab import markup
from lab.messages import say

TO_SERVER, FROM_SERVER, OPENED, ENDED = "→", "←", "+", "×"  # noqa: RUF001 - a cross

STYLE = markup.STYLES / "timeline.css"
LONG_JSON = 60
"""Characters from which on a frame's JSON can be unfolded."""


@dataclass(frozen=True)
class Event:
    """One thing that happened on a WebSocket."""

    of: Hashable
    """What stands for the connection or the page."""
    sign: str
    said: str
    """A frame's text as it went over the wire, or what else it was."""
    at: float
    """Seconds of `time.perf_counter`."""

    @property
    def is_frame(self) -> bool:
        """Whether it went over the wire: a socket that opens or is lost is no frame."""
        return self.sign in (TO_SERVER, FROM_SERVER)


@dataclass(frozen=True)
class Row:
    """What happened at one moment: the same on several lanes where the server told them all."""

    sign: str
    said: str
    lanes: tuple[str, ...]
    at: float


def told(
    events: Sequence[Event], named: Mapping[Hashable, str], timed: bool = False
) -> dict[str, str]:
    """The data of an output that shows events, as text and as HTML; timed only in the latter.

    The lanes are in the order of the names; what has none gets one with a number.
    """
    lanes = dict(named)
    for event in events:
        unnamed = say("wire_unnamed", number=len(lanes) - len(named) + 1)
        lanes.setdefault(event.of, unnamed)
    names = list(lanes.values())
    found = list(rows([(lanes[event.of], event) for event in events], names))
    return markup.both(as_text(found, names), as_html(found, names, timed), STYLE)


def rows(events: Iterable[tuple[str, Event]], lanes: Sequence[str]) -> Iterator[Row]:
    """What happened, in order; but what one thing led to on several lanes, in that of the lanes.

    The server tells one after the other, and in which order differs from run to run.
    """
    for of_server, group in itertools.groupby(events, lambda each: _is_servers(each[1])):
        if not of_server:
            yield from (Row(each.sign, each.said, (lane,), each.at) for lane, each in group)
            continue
        waiting: dict[str, list[Event]] = {lane: [] for lane in lanes}
        for lane, event in group:
            waiting[lane].append(event)
        while any(waiting.values()):
            first = next(queue[0] for queue in waiting.values() if queue)
            same = {
                lane: queue.pop(0)
                for lane, queue in waiting.items()
                if queue and (queue[0].sign, queue[0].said) == (first.sign, first.said)
            }
            at = min(event.at for event in same.values())
            yield Row(first.sign, first.said, tuple(same), at)


def _is_servers(event: Event) -> bool:
    return event.sign not in (TO_SERVER, OPENED)


def as_text(found: Iterable[Row], lanes: Sequence[str]) -> str:
    """A line for each row: a sign in the column of each lane, and what was said."""
    lines = ["  ".join(lanes)]
    for row in found:
        signs = ((row.sign if lane in row.lanes else "").center(len(lane)) for lane in lanes)
        lines.append(f"{'  '.join(signs)}  {row.said}")
    return "\n".join(lines)


def as_html(found: Iterable[Row], lanes: Sequence[str], timed: bool) -> str:
    """A table: a column for each lane and for the server, arrows between them, what was said."""
    shown = "".join(_head(name, "center") for name in [*lanes, say("wire_server")])
    shown += "".join(_head(say(f"wire_{name}"), "left") for name in ("said", "time")[: 1 + timed])
    lines = ['<table class="wire">', f"<thead><tr>{shown}</tr></thead>", "<tbody>"]
    before: float | None = None
    for row in found:
        cells = [*_arrow(row, lanes), f"<td>{_said(row)}</td>"]
        if timed:
            cells.append(f'<td class="later">{_later(row.at, before)}</td>')
        before = row.at
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])


def _head(name: str, side: str) -> str:
    return f'<th scope="col" style="text-align: {side}">{html.escape(name)}</th>'


def _arrow(row: Row, lanes: Sequence[str]) -> Iterator[str]:
    """The lanes' cells and the server's, with the arrow that goes through them."""
    if row.sign not in (TO_SERVER, FROM_SERVER):
        yield from (_cell("", row.sign if lane in row.lanes else "") for lane in lanes)
        yield _cell("", "")
        return
    here, there = ("●", "▶") if row.sign == TO_SERVER else ("◀", "●")
    reached = False
    for lane in lanes:
        begins = lane in row.lanes
        kind = "through" if reached else "right" if begins else ""
        reached = reached or begins
        yield _cell(kind, here if begins else "")
    yield _cell("left", there)


def _cell(kind: str, sign: str) -> str:
    return f'<td class="{f"lane {kind}".strip()}" aria-hidden="true">{sign}</td>'


def _said(row: Row) -> str:
    """What was said, whose JSON unfolds where it is long; and in words who said it to whom."""
    who, server = ", ".join(row.lanes), say("wire_server")
    parties = {TO_SERVER: f"{who} → {server}", FROM_SERVER: f"{server} → {who}"}
    words = f'<span class="words">{html.escape(parties.get(row.sign, who))}: </span>'
    text = f"<code>{html.escape(row.said)}</code>"
    if len(row.said) < LONG_JSON or (unfolded := _unfolded(row.said)) is None:
        return words + text
    return f"<details><summary>{words}{text}</summary>{markup.lines(unfolded)}</details>"


def _unfolded(text: str) -> str | None:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return None


def _later(at: float, before: float | None) -> str:
    # What the server told several at once began before it was over.
    return "" if before is None else f"+{max(0, 1000 * (at - before)):.0f} ms"

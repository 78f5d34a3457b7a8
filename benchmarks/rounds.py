"""The whole run: every peer in turn, then all of them again, round after round."""

import time
from collections.abc import Callable, Iterator
from statistics import fmean

from benchmarks import measures, servers
from benchmarks.measures import Plan
from benchmarks.peers import BARE, PACEMAKER, Peer

FIRST_GUESS = 6
"""Seconds that a step may take, before any has been timed."""
CALIBRATION_READERS = (100, 500)

Found = dict[str, object]


class Progress:
    """Says what is done, and guesses from earlier rounds how long the rest takes."""

    def __init__(self, steps: list[tuple], say: Callable[[str], None] = print) -> None:
        self.left = list(steps)
        self.took: dict[object, list[float]] = {}
        self.say = say
        self.begun = time.monotonic()

    def done(self, step: tuple, text: str) -> None:
        """A step, (what, round), is done."""
        now = time.monotonic()
        self.took.setdefault(step[0], []).append(now - self.begun)
        self.begun = now
        self.left.remove(step)
        self.say(f"{text}; about {self.seconds_left() / 60:.0f} min left")

    def seconds_left(self) -> float:
        """The steps that are left, each as long as it took before, or as others took."""
        known = {what: fmean(times) for what, times in self.took.items()}
        usual = fmean(known.values()) if known else FIRST_GUESS
        return sum(known.get(what, usual) for what, _ in self.left)


def run(peers: list[Peer], plan: Plan, calibrate: bool) -> Found:
    """Measure these peers, interleaved: {"calibration": [...], "rounds": [{peer name: ...}]}."""
    progress = Progress(list(_steps(peers, plan, calibrate)), _say)
    found: Found = {"calibration": [], "rounds": []}
    if calibrate:
        for bare in BARE:
            found["calibration"].append(_calibrate(bare, plan))
            progress.done((bare.name, 0), f"calibration  {bare.title}")
    pacemaker_first = sorted(peers, key=lambda peer: peer.name != PACEMAKER)
    for number in range(1, plan.rounds + 1):
        of_round: dict[str, Found] = {}
        for peer in pacemaker_first:
            rooms = _good(of_round.get(PACEMAKER, {"rooms": {}}))
            pace = {int(size): room["open"]["rate"] for size, room in rooms.items()}
            of_round[peer.name] = measure(peer, plan, number, progress, pace)
            if peer.name == PACEMAKER:
                for room in _good(of_round[PACEMAKER]).values():
                    room["paced"] = room["open"]
        found["rounds"].append({peer.name: of_round[peer.name] for peer in peers})
    return found


def measure(
    peer: Peer,
    plan: Plan,
    number: int = 1,
    progress: Progress | None = None,
    pace: dict[int, float] | None = None,
) -> Found:
    """One round of one peer. What fails has its reason under "failed" instead of figures.

    pace: messages a second of the open loop that all peers share, by the number of readers.
    """
    found: Found = {"rooms": {}}
    sizes = [readers for readers in plan.readers if readers <= peer.most_readers]
    first = True
    while first or sizes:
        try:
            with servers.running(peer, plan.cores) as server:
                if first:
                    first = False
                    found["memory"] = measures.idle_memory(server, plan)
                    found["proof"] = measures.proof(server, plan)
                    found["connections"] = measures.connection_rate(server, plan)
                    _tell(progress, peer, "alone", number, _in_words(found))
                    if "failed" in found["proof"]:
                        reason = "not measured: " + found["proof"]["failed"]
                        found["rooms"] = {str(size): {"failed": reason} for size in sizes}
                        _skip(progress, peer, sizes, number, reason)
                        return found
                while sizes:
                    readers = sizes.pop(0)
                    of_room = measures.room(server, readers, plan, (pace or {}).get(readers, 0))
                    found["rooms"][str(readers)] = of_room
                    _tell(progress, peer, readers, number, _room_in_words(of_room))
                    if "failed" in of_room:
                        break  # a new server for the rest: this one may still be busy with it
        except servers.ServerError as error:
            found |= {"failed": str(error)}
            _skip(progress, peer, [*(["alone"] if first else []), *sizes], number, str(error))
            return found
    return found


def _steps(peers: list[Peer], plan: Plan, calibrate: bool) -> Iterator[tuple]:
    """Every step as (what, round)."""
    for bare in BARE if calibrate else ():
        yield bare.name, 0
    for number in range(1, plan.rounds + 1):
        for peer in peers:
            yield (peer.name, "alone"), number
            for readers in plan.readers:
                if readers <= peer.most_readers:
                    yield (peer.name, readers), number


def _calibrate(bare: Peer, plan: Plan) -> Found:
    found: Found = {"title": bare.title, "rooms": {}}
    with servers.running(bare, plan.cores) as server:
        for readers in CALIBRATION_READERS:
            found["rooms"][str(readers)] = measures.room(server, readers, plan)
    return found


def _good(found: Found) -> dict[str, Found]:
    """The rooms that didn't fail."""
    return {size: room for size, room in found["rooms"].items() if "failed" not in room}


def _tell(progress: Progress | None, peer: Peer, step: object, number: int, text: str) -> None:
    if progress is not None:
        what = f"{step:,} reader{'s' * (step > 1)}" if isinstance(step, int) else ""
        progress.done(
            ((peer.name, step), number), f"round {number}  {peer.name:16} {what:13}{text}"
        )


def _skip(
    progress: Progress | None, peer: Peer, steps: list[object], number: int, reason: str
) -> None:
    for step in steps:
        _tell(progress, peer, step, number, f"FAILED: {reason}")


def _room_in_words(room: Found) -> str:
    if "failed" in room:
        return f"FAILED: {room['failed']}"
    rate = room["closed"]["deliveries"] / room["closed"]["seconds"]
    doubts = "".join(f" ({doubt})" for doubt in room["flags"])
    return f"{rate:,.0f} deliveries/s, p99 {room['open']['p99'] * 1000:.2f} ms{doubts}"


def _in_words(found: Found) -> str:
    words = []
    for name in ("proof", "memory", "connections"):
        if "failed" in found[name]:
            words.append(f"{name} FAILED: {found[name]['failed']}")
    memory, connections = found["memory"], found["connections"]
    if "failed" not in memory:
        words.append(f"{memory.get('uss', memory['rss']) / 1024:.1f} KiB a reader")
    if "failed" not in connections:
        words.append(f"{connections['rate']:,.0f} connections/s")
    return ", ".join(words)


def _say(text: str) -> None:
    print(text, flush=True)

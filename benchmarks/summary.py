"""From every round's figures to one of each: the median, and the range it comes from."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median

KIB = 1024
MILLION = 1_000_000


@dataclass(frozen=True)
class Figure:
    """A figure over the rounds."""

    median: float
    least: float
    most: float
    rounds: int
    """How many rounds it comes from."""
    failed: int = 0
    """How many rounds gave none."""
    flagged: int = 0
    """In how many of its rounds something else than the server may have been the limit."""


@dataclass(frozen=True)
class Target:
    """What the finished chat is to reach, and where it is. None where it wasn't measured."""

    text: str
    goal: float
    found: float | None
    at_least: bool = True
    """Whether more is better."""

    @property
    def met(self) -> bool | None:
        if self.found is None:
            return None
        return self.found >= self.goal if self.at_least else self.found <= self.goal


def _rate(room: dict) -> float:
    return room["closed"]["deliveries"] / room["closed"]["seconds"]


def _load_share(room: dict) -> float:
    return room["closed"]["load_cpu"] / room["closed"]["seconds"]


ROOM: dict[str, Callable[[dict], float]] = {
    "deliveries_per_second": _rate,
    "cpu_seconds_per_million": lambda room: (
        room["closed"]["server_cpu"] / room["closed"]["deliveries"] * MILLION
    ),
    "half_load_p50_ms": lambda room: room["open"]["p50"] * 1000,
    "half_load_p99_ms": lambda room: room["open"]["p99"] * 1000,
    "half_load_messages_per_second": lambda room: room["open"]["rate"],
    "paced_p50_ms": lambda room: room["paced"]["p50"] * 1000,
    "paced_p99_ms": lambda room: room["paced"]["p99"] * 1000,
    "paced_messages_per_second": lambda room: room["paced"]["rate"],
    "load_share_of_core": _load_share,
    "fewest_connections": lambda room: min(room["spread"]) / sum(room["spread"]),
}
"""The figures of a room, from what measures.room() found."""
NEEDS = dict.fromkeys(("paced_p50_ms", "paced_p99_ms", "paced_messages_per_second"), "paced")
NEEDS |= {"fewest_connections": "spread"}
"""What not every room has: by figure, the part of the room that it comes from."""


def summarise(rounds: list[dict]) -> dict:
    """Peer by peer: {"rooms": {readers: {figure: ...}}, "connections_per_second": ..., ...}."""
    names = list(dict.fromkeys(name for of_round in rounds for name in of_round))
    return {name: _of_peer([of_round[name] for of_round in rounds]) for name in names}


def failures(rounds: list[dict]) -> Iterator[str]:
    """Each failure in words."""
    for number, of_round in enumerate(rounds, 1):
        for name, found in of_round.items():
            if "failed" in found:
                yield f"round {number}, {name}: {found['failed']}"
            for what in ("proof", "memory", "connections"):
                if "failed" in found.get(what, {}):
                    yield f"round {number}, {name}, {what}: {found[what]['failed']}"
            for readers, room in found["rooms"].items():
                if "failed" in room:
                    yield f"round {number}, {name}, {readers} readers: {room['failed']}"


def _of_peer(rounds: list[dict]) -> dict:
    sizes = sorted({int(size) for found in rounds for size in found["rooms"]})
    summary: dict = {
        "rooms": {
            str(size): _of_room([f["rooms"].get(str(size)) for f in rounds]) for size in sizes
        }
    }
    memory = [found.get("memory") for found in rounds]
    kind = "uss" if any(m and "uss" in m for m in memory) else "rss"
    for name, parts, read in (
        ("connections_per_second", [f.get("connections") for f in rounds], lambda c: c["rate"]),
        ("kib_per_reader", memory, lambda m: m[kind] / KIB),
        ("rss_kib_per_reader", memory, lambda m: m["rss"] / KIB),
    ):
        summary[name] = _figure(parts, read)
    return summary


def _of_room(rooms: list[dict | None]) -> dict:
    figures = {}
    for name, read in ROOM.items():
        with_it = [r for r in rooms if name not in NEEDS or r is None or NEEDS[name] in r]
        figure = _figure(with_it, read) if with_it else None
        if figure:
            figures[name] = figure
    return figures


def _figure(parts: list[dict | None], read: Callable[[dict], float]) -> dict | None:
    good = [part for part in parts if part and "failed" not in part]
    if not good:
        return None
    values = [read(part) for part in good]
    flagged = sum(bool(part.get("flags")) for part in good)
    failed = len(parts) - len(good)
    return asdict(Figure(median(values), min(values), max(values), len(values), failed, flagged))


def targets(summary: dict) -> list[Target]:
    """How the finished chat stands to its peers, as ratios of medians."""

    def of(peer: str, readers: int, name: str) -> float | None:
        figure = summary.get(peer, {}).get("rooms", {}).get(str(readers), {}).get(name)
        return figure["median"] if figure else None

    def alone(peer: str, name: str) -> float | None:
        figure = summary.get(peer, {}).get(name)
        return figure["median"] if figure else None

    def ratio(ours: float | None, theirs: float | None) -> float | None:
        return None if ours is None or not theirs else ours / theirs

    def deliveries(readers: int, peer: str) -> float | None:
        name = "deliveries_per_second"
        return ratio(of("finished", readers, name), of(peer, readers, name))

    found = [
        Target(
            "deliveries/s at 500 readers, over the tutorial's design on Daphne",
            35,
            deliveries(500, "tutorial-daphne"),
        ),
        Target("… over Starlette on uvicorn", 1, deliveries(500, "starlette")),
        Target("… over Socket.IO", 1, deliveries(500, "socket.io")),
        Target("… at 100 readers over Socket.IO", 0.8, deliveries(100, "socket.io")),
        Target("… at 2,000 readers over Socket.IO", 0.8, deliveries(2000, "socket.io")),
    ]
    for name, load in (
        ("paced_p99_ms", "half of Socket.IO's maximum"),
        ("half_load_p99_ms", "half of its own maximum"),
    ):
        for readers in (1, 100, 500, 2000):
            p99 = ratio(of("finished", readers, name), of("socket.io", readers, name))
            text = f"p99 latency at {load}, {readers:,} in the room, over Socket.IO's at half its"
            found.append(Target(text, 1, p99, at_least=False))
    kib = alone("finished", "kib_per_reader")
    found.append(Target("KiB a connected idle reader", 24, kib, at_least=False))
    name = "connections_per_second"
    over = ratio(alone("finished", name), alone("tutorial-daphne", name))
    found.append(Target("connections/s, over the tutorial's design on Daphne", 1.5, over))
    name = "cpu_seconds_per_million"
    text = (
        "CPU seconds a million deliveries at 500 readers, "
        "two processes on Valkey over one process in memory"
    )
    both = ratio(of("finished-two", 500, name), of("finished", 500, name))
    found.append(Target(text, 1.3, both, at_least=False))
    return found

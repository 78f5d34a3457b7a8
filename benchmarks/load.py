"""The load generator: a room's readers and its one sender, in a process of its own.

`python -m benchmarks.load` takes a Job as JSON on its standard input and writes what it found
as JSON to its standard output. A reader counts its frames and looks into few of them: into
every one in a proof, where each must be the message that was due, whole.
"""

import asyncio
import gc
import json
import math
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from picows import WSError

from benchmarks.machine import busy_seconds, cpu_seconds
from benchmarks.room import Job, LoadError, Room

try:
    from uvloop import new_event_loop
except ImportError:  # it isn't installed; for Windows there is none
    from asyncio import new_event_loop

CLOSED_STRIDE = 64
"""In the closed loop, a reader looks into one frame of so many."""
BEARABLE = 0.8
"""The share of its maximum up to which a server can be asked for a rate, and still keep up."""
LATENCIES_A_SECOND = 20_000
"""About how many latencies are taken in a second of the open loop."""


@dataclass
class Phase:
    """What one loop did. Seconds, from the first message sent to the last one delivered."""

    messages: int
    deliveries: int
    seconds: float
    server_cpu: float
    """Seconds that the server's process, and its children's, computed."""
    load_cpu: float
    """Seconds that this process computed."""
    others_cpu: float
    """Seconds that other programs, and other machines on this hardware, took from the cores."""
    lag: float = 0.0
    """Open loop: how late the 99th percentile of the messages was sent, in seconds."""
    latencies: list[float] = field(default_factory=list)
    """Open loop: some deliveries' seconds, from sent to received."""


class Clock:
    """The times of a loop, from now on."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.server_cpu = cpu_seconds(room.server)
        self.load_cpu = time.process_time()
        self.busy = busy_seconds(room.job.cores)
        self.began = time.perf_counter()

    def stop(self) -> Phase:
        """What the loop did until its last delivery."""
        messages = self.room.last - self.room.first
        server_cpu = cpu_seconds(self.room.server) - self.server_cpu
        load_cpu = time.process_time() - self.load_cpu
        busy = busy_seconds(self.room.job.cores) - self.busy
        return Phase(
            messages,
            messages * len(self.room.readers),
            self.room.last_delivery - self.began,
            server_cpu,
            load_cpu,
            max(0.0, busy - server_cpu - load_cpu),
        )


async def closed_loop(room: Room, seconds: float) -> Phase:
    """Send the next message whenever one has come back, for some seconds."""
    room.begin(CLOSED_STRIDE)
    clock = Clock(room)
    room.sender.window = room.job.outstanding
    while room.sender.sent - room.sender.done < room.sender.window:
        room.sender.send()
    await wait_or_end(room.all_done, seconds)
    room.sender.window = 0
    room.end()
    await room.drain()
    return clock.stop()


async def open_loop(room: Room, seconds: float, rate: float) -> Phase:
    """Send at a fixed rate (messages a second), whatever comes back.

    Between two messages it turns in a circle instead of sleeping: a sleep is only good to
    a millisecond. Its share of the core's time says nothing, its lag does.
    """
    messages = max(3, round(rate * seconds))
    stride = max(1, round(rate * len(room.readers) / LATENCIES_A_SECOND))
    room.begin(stride, messages)
    room.sent_at = {}
    lags = []
    clock = Clock(room)
    for number in range(messages):
        due = clock.began + number / rate
        while (now := time.perf_counter()) < due and not room.failure:
            await asyncio.sleep(0)
        room.sent_at[room.sender.sent + 1] = now
        lags.append(now - due)
        room.sender.send()
    await room.drain()
    room.sent_at = None
    phase = clock.stop()
    phase.latencies = room.latencies
    phase.lag = percentile(lags, 99)
    return phase


async def proof_loop(room: Room) -> Phase:
    """Send some messages, looking into every frame."""
    room.begin(1, room.job.proof_messages)
    clock = Clock(room)
    for _ in range(room.job.proof_messages):  # all at once: order and loss show under load
        room.sender.send()
    await room.drain()
    return clock.stop()


async def wait_or_end(event: asyncio.Event, seconds: float) -> None:
    """Wait some seconds, less if event is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that at least percent of the values don't exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


async def run(job: Job) -> dict:
    """Do a job. The result has the phases by name, or why there are none ("failed")."""
    room = Room(job)
    try:
        await room.join()
        if room.proof:
            return {"proof": room_found(room, **asdict(await proof_loop(room)))}
        await closed_loop(room, job.warm_up)
        closed = await closed_loop(room, job.closed)
        found = room_found(room, closed=asdict(closed))
        most = closed.messages / closed.seconds
        found["open"] = summed_up(await open_loop(room, job.open, most / 2), most / 2)
        if 0 < job.pace < BEARABLE * most:
            found["paced"] = summed_up(await open_loop(room, job.open, job.pace), job.pace)
        return found
    except (LoadError, WSError, OSError, TimeoutError) as error:
        return {"failed": str(error) or type(error).__name__}
    finally:
        await room.leave()


def room_found(room: Room, **found: object) -> dict:
    """This; and how the connections are spread, where there is more than one process."""
    return found | ({"spread": room.spread} if room.spread else {})


def summed_up(phase: Phase, rate: float) -> dict:
    """An open loop's figures, with percentiles instead of every latency."""
    found = asdict(phase)
    latencies = found.pop("latencies")
    found |= {"rate": rate, "samples": len(latencies)}
    found |= {"p50": percentile(latencies, 50), "p99": percentile(latencies, 99)}
    return found


if __name__ == "__main__":
    gc.disable()  # its pauses would be measured; one room's garbage is little
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        print(json.dumps(runner.run(run(Job(**json.load(sys.stdin))))))

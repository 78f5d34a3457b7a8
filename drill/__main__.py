"""`python -m drill`: break what is around the finished chat, and put what was lost into one table."""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.machine import most_connections
from drill import table
from drill.faults import FAULTS, Fault
from drill.stage import NotRun, Scale, Stage
from drill.table import BROKEN, KEPT, NOT_RUN, Row
from lab.run import variables

FAMILIES = (
    *("processes", "between", "databases", "sockets"),
    *("network", "clock", "steps_back", "returns", "day"),
)
"""The modules with the faults, in the table's order."""
for family in FAMILIES:
    import_module(f"drill.{family}")

REPORT = Path("reports", "drill", "table.md")
TO_CLEAR_AWAY = 60
"""Seconds that a fault's process has, besides its own, to end what it started."""


def main() -> int:
    """Do what the command line asks for; 0 if every promise was kept."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended too
    variables.forget_here()
    scale = Scale(minutes=options.minutes)
    if options.inside:
        most_connections()  # of thousands of clients each takes a descriptor, here and in a server
        print(json.dumps(asdict(drill(FAULTS[options.inside], scale))))
        return 0
    chosen = [FAULTS[name] for name in options.faults] or list(FAULTS.values())
    rows = []
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    for number, fault in enumerate(chosen, 1):
        _tell(f"{number}/{len(chosen)} {fault.name}: {fault.what}")
        began = time.monotonic()
        rows.append(apart(fault, scale))
        _tell(f"  {rows[-1].verdict} ({time.monotonic() - began:.0f} s): {rows[-1].seen}")
        # Each time: who ends the drill early keeps what was seen.
        REPORT.write_text(table.markdown(rows) + "\n", "utf-8")
    print(table.markdown(rows))
    return 1 if table.is_broken(rows, strict=os.environ.get("CI") == "true") else 0


def drill(fault: Fault, scale: Scale, spoil: Callable[[Path], None] = lambda _: None) -> Row:
    """Have it happen; what was seen. The project may be spoilt first, to see that it is noticed."""
    began = time.monotonic()

    def tell(what: str) -> None:
        _tell(f"  {time.monotonic() - began:5.1f} s  {what}")

    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        stage = Stage(Path(folder), tell, scale, spoil)
        try:
            with stage.closing:
                asyncio.run(_within(fault, stage))
        except NotRun as error:
            return Row(fault.name, fault.what, fault.promise, NOT_RUN, str(error), "")
        except Exception as error:  # noqa: BLE001 - whatever it is, the table tells of it
            traceback.print_exception(error)
            stage.must(False, _innermost(error))
    verdict = BROKEN if stage.broken else KEPT
    seen = "; ".join([f"**{each}**" for each in stage.broken] + stage.seen)
    return Row(fault.name, fault.what, fault.promise, verdict, seen, stage.lost)


async def _within(fault: Fault, stage: Stage) -> None:
    async with asyncio.timeout(fault.seconds):
        await fault.run(stage)


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"the drill itself ended with {error!r}"


def apart(fault: Fault, scale: Scale) -> Row:
    """The same in a process of its own, and in the namespaces that it needs: all is gone with it.

    Whatever becomes of that process, there is a row, and the next fault has its turn.
    """
    skipped = Row(fault.name, fault.what, fault.promise, NOT_RUN, "", "")
    inside = [sys.executable, "-m", "drill", "--inside", fault.name, f"--minutes={scale.minutes}"]
    if fault.namespaces:
        command = ["unshare", *(f"--{name}" for name in fault.namespaces)]
        if os.geteuid() != 0:
            command.append("--map-root-user")
        if shutil.which("unshare") is None:
            return _told(skipped, "there is no unshare here: it needs Linux")
        tried = subprocess.run([*command, "true"], check=False, capture_output=True, text=True)
        if tried.returncode:
            return _told(skipped, f"no namespace of its own here: {tried.stderr.strip()}")
        inside = [*command, *inside]
    with subprocess.Popen(inside, stdout=subprocess.PIPE, text=True) as process:
        try:
            row, _ = process.communicate(timeout=fault.seconds + TO_CLEAR_AWAY)
        except subprocess.TimeoutExpired:
            return _told(skipped, f"it didn't end within {fault.seconds + TO_CLEAR_AWAY} s", BROKEN)
        finally:
            _end(process)
    if process.returncode:
        return _told(skipped, f"it ended with {process.returncode}", BROKEN)
    return Row(**json.loads(row))


def _end(process: subprocess.Popen[str]) -> None:
    """By force only if need be: by force, it would leave its folder."""
    process.terminate()
    try:
        process.wait(TO_CLEAR_AWAY)
    except subprocess.TimeoutExpired:
        process.kill()


def _told(row: Row, why: str, verdict: str = NOT_RUN) -> Row:
    return Row(row.name, row.what, row.promise, verdict, why, "")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m drill", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    parser.add_argument("--minutes", type=float, default=Scale.minutes, help="what a day takes (3)")
    parser.add_argument("--inside", choices=FAULTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := [name for name in options.faults if name not in FAULTS]:
        parser.error(f"no such fault: {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())

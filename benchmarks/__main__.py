"""`python -m benchmarks`: measure our finished chat and its peers, and write the results."""

import argparse
import datetime
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks import machine, peers, report, rounds, summary
from benchmarks.measures import OUTSTANDING, Plan

RESULTS = Path(__file__).parent / "results"
QUICK = Plan(
    rounds=1, readers=(1, 100), warm_up=0.2, closed=0.5, open=0.5, idle_readers=200, handshakes=100
)


def main() -> int:
    """Do what the command line asks for; 0 if every peer delivered everything."""
    options = _options()
    if find_spec("picows") is None:
        print("The load generator needs picows: run `make bench`, which installs it.")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended too
    plan = _plan(options)
    _install_node_packages()
    chosen = peers.find(options.peers)
    left_out = {peer.name: why for peer in chosen if (why := peer.missing())}
    for name, why in left_out.items():
        print(f"LEFT OUT: {name}: {why}")
    plan = replace(plan, cores=machine.cores() or ())
    if not plan.cores:
        print("NOTE: server and load can't have a core each here: the figures are rough.")
    else:
        machine.pin(plan.cores[1])
    try:
        found = rounds.run(
            [peer for peer in chosen if peer.name not in left_out],
            plan,
            calibrate=not options.quick,
        )
    except KeyboardInterrupt:
        print("\nStopped; nothing was written.")
        return 130
    results = collect(found, plan, left_out)
    text = report.markdown(results)
    if options.output:
        write(results, text, options.output)
        print(f"Written to {options.output}.")
    else:
        print(text)
    failed = list(summary.failures(results["rounds"]))
    print(*(f"FAILED: {failure}" for failure in failed), sep="\n")
    return 1 if failed else 0


def collect(found: dict, plan: Plan, left_out: dict[str, str]) -> dict:
    """All that results.json holds."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine.describe(),
        "versions": machine.versions(peers.PACKAGES),
        "settings": asdict(plan) | {"outstanding": OUTSTANDING},
        "peers": {peer.name: peer.title for peer in peers.PEERS},
        "left_out": left_out,
        "summary": summary.summarise(found["rounds"]),
        **found,
    }


def write(results: dict, text: str, folder: Path) -> None:
    """Write results.json, results.md and results.png."""
    from benchmarks import plot  # here, for matplotlib is slow to import

    folder.mkdir(parents=True, exist_ok=True)
    as_json = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    (folder / "results.json").write_text(as_json, encoding="utf-8")
    (folder / "results.md").write_text(text, encoding="utf-8")
    plot.draw(results, folder / "results.png")


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else Plan()
    if options.rounds:
        plan = replace(plan, rounds=options.rounds)
    if options.readers:
        plan = replace(plan, readers=options.readers)
    most = machine.most_connections()
    too_many = [readers for readers in plan.readers if readers > most]
    if too_many:
        print(f"LEFT OUT: {too_many} readers: this system allows {most} open sockets.")
        kept = tuple(readers for readers in plan.readers if readers <= most)
        plan = replace(plan, readers=kept, idle_readers=min(plan.idle_readers, most))
    return plan


def _install_node_packages() -> None:
    """As the lock says, once and again whenever it changes."""
    installed = machine.NODE / "node_modules" / ".package-lock.json"
    lock = machine.NODE / "package-lock.json"
    npm = shutil.which("npm")
    if npm is None or (installed.exists() and installed.stat().st_mtime > lock.stat().st_mtime):
        return
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    if subprocess.run(command, cwd=machine.NODE, check=False).returncode:
        print("NOTE: npm ci failed.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, help="how many rounds (5)")
    parser.add_argument(
        "--peers", type=_names, default=[], help=", ".join(peer.name for peer in peers.PEERS)
    )
    parser.add_argument("--readers", type=_sizes, help="rooms' sizes (1,100,500,2000)")
    parser.add_argument(
        "--quick", action="store_true", help="one short round, printed and not written"
    )
    parser.add_argument("--output", type=Path, help="where to write (benchmarks/results)")
    options = parser.parse_args()
    if options.output is None and not options.quick:
        options.output = RESULTS
    try:
        peers.find(options.peers)
    except ValueError as error:
        parser.error(str(error))
    return options


def _names(text: str) -> list[str]:
    return text.split(",")


def _sizes(text: str) -> tuple[int, ...]:
    sizes = sorted(int(size) for size in text.split(","))
    if sizes[0] < 1:
        raise ValueError("a room needs a reader")
    return tuple(sizes)


if __name__ == "__main__":
    sys.exit(main())

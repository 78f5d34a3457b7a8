"""`python -m regression`: the lessons as a regression suite."""

import argparse
import sys
from pathlib import Path

from regression import table, turns
from regression.soak import soak


def put_side_by_side(folder: Path) -> int:
    """Write table.md and table.html beside the runs; 0 when all of them are green, else 1."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = [table.Run.read(path) for path in sorted(folder.glob("*/"))]
    text = table.as_markdown(runs)
    (folder / "table.md").write_text(text, "utf-8")
    (folder / "table.html").write_text(table.as_html(runs), "utf-8")
    print(text)
    return 0 if runs and all(run.green for run in runs) else 1


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m regression", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    table_parser = commands.add_parser("table", help="put the runs in a folder side by side")
    table_parser.add_argument("folder", type=Path)
    soak_parser = commands.add_parser("soak", help="run the suite many times over")
    soak_parser.add_argument("--runs", type=int, default=10)
    soak_parser.add_argument("--log", type=Path, default=Path("reports", "soak.jsonl"))
    soak_parser.add_argument("files", nargs="*", help="only these test files and notebooks")
    named_parser = commands.add_parser("notebooks", help="name those whose turn it is")
    named_parser.add_argument("--waiting", action="store_true", help="name the others")
    arguments = parser.parse_args()
    if arguments.command == "notebooks":
        print(*turns.notebooks(waiting=arguments.waiting))
        return 0
    if arguments.command == "table":
        return put_side_by_side(arguments.folder)
    return soak(arguments.log, arguments.runs, arguments.files)


if __name__ == "__main__":
    sys.exit(main())

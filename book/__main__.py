"""`python -m book`: build the site in build/book; `python -m book slides`: the slides in build/slides."""

import argparse
import sys
from pathlib import Path

from book import BookError, building
from book.slides import exporting
from lab import course

BUILD = course.ROOT / "build"


def book(site: Path) -> None:
    """The site, from every lesson and the texts beside them."""
    building.build(BUILD / "book-sources", site)


def slides(site: Path) -> None:
    """Every lesson's slides."""
    exporting.build(site, course.lessons())


def main() -> int:
    """Build one of the two and tell where it is; 1, after telling why, when it isn't whole."""
    kinds = {"book": book, "slides": slides}
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    parser.add_argument("kind", nargs="?", choices=kinds, default="book")
    kind = parser.parse_args().kind
    site = BUILD / kind
    try:
        kinds[kind](site)
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    print(site / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())

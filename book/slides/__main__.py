"""`python -m book.slides`: build the slides in build/slides."""

import sys

from book import BookError
from book.slides.exporting import build
from lab import course


def main() -> int:
    """Build the slides and tell where they are; 1, after telling why, when they can't be."""
    site = course.ROOT / "build" / "slides"
    try:
        build(site, course.lessons())
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    print(site / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m book`: build the site in build/book."""

import sys

from book import BookError
from book.building import build
from lab import course


def main() -> int:
    """Build the site and tell where it is; 1, after telling why, when it isn't whole."""
    site = course.ROOT / "build" / "book"
    try:
        build(course.ROOT / "build" / "book-sources", site)
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    print(site / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())

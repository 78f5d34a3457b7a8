"""The links of the built site: each has to lead to a file of it, and to a place in that file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""What the browser loads by itself, with the page."""


@dataclass
class Page(HTMLParser):
    """The places of a page, and what it links and loads."""

    places: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        given = {name: value for name, value in attrs if value is not None}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in _LOADING and _LOADING[tag] in given:
            self.loaded.append(given[_LOADING[tag]])


def broken(site: Path) -> list[str]:
    """What is wrong with the links of a site, a line each: of its page, and the link."""
    # What the theme brings in _static holds templates too, which are no pages.
    found = [path.resolve() for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: _read(path) for path in found}
    return [line for path in pages for line in _broken_in(path, pages, site.resolve())]


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text("utf-8"))
    return page


def _broken_in(path: Path, pages: dict[Path, Page], site: Path) -> Iterator[str]:
    page = pages[path]
    shown = path.relative_to(site)
    for link in page.loaded:
        if urlsplit(link).scheme not in ("", "data"):
            yield f"{shown}: loads what isn't part of the book: {link}"
    for link in {*page.links, *page.loaded}:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file() or not target.is_relative_to(site):
            yield f"{shown}: leads to no file: {link}"
        elif target in pages and unquote(parts.fragment) not in {"", *pages[target].places}:
            yield f"{shown}: leads to no place of its page: {link}"

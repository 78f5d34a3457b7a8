"""Somebody who visits the project's pages: with cookies, links and forms, without a browser."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx
from bs4 import BeautifulSoup, Tag

from lab.check.probes.wire import Unanswered
from lab.run.server import HOST

MOST_REDIRECTIONS = 5
NOT_TYPED = ("hidden", "submit", "button", "checkbox", "radio", "file", "image", "reset")
"""The kinds of field that nobody types into."""


@dataclass(frozen=True)
class Form:
    """A form: where it goes, and its fields (name, kind, value)."""

    action: str
    fields: list[tuple[str, str, str]]

    def of_kind(self, *kinds: str) -> list[str]:
        """The names of its fields of these kinds."""
        return [name for name, kind, _ in self.fields if kind in kinds]


class Page:
    """A page as it was answered, at the address that redirections led to."""

    def __init__(self, response: httpx.Response) -> None:
        self.path = response.url.path
        self.headers = response.headers
        self.html = response.text
        # A page may be no more than a file's name: without a line break there is a warning of it.
        self._soup = BeautifulSoup(f"{self.html}\n", "html.parser")

    @property
    def forms(self) -> list[Form]:
        """Its forms."""
        return [
            Form(_of(form, "action"), [_field(tag) for tag in form(["input", "textarea"])])
            for form in self._soup("form")
        ]

    @property
    def fields(self) -> int:
        """How many fields there are to type into."""
        kinds = [_field(tag)[1] for tag in self._soup(["input", "textarea"])]
        return sum(kind not in NOT_TYPED for kind in kinds)

    @property
    def language(self) -> str:
        """The language that it says it is in; empty if it says none."""
        return _of(self._soup.html, "lang") if self._soup.html else ""

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons."""
        return [button.get_text(strip=True) for button in self._soup("button")]

    @property
    def links(self) -> list[tuple[str, str]]:
        """Its links: where to, and their words."""
        return [(_of(link, "href"), link.get_text(strip=True)) for link in self._soup("a")]

    @property
    def complaints(self) -> str:
        """The words that its forms complain with."""
        return " ".join(found.get_text(" ", strip=True) for found in self._soup(class_="errorlist"))


def _of(tag: Tag, name: str) -> str:
    return str(tag.get(name) or "")


def _field(tag: Tag) -> tuple[str, str, str]:
    kind = "textarea" if tag.name == "textarea" else _of(tag, "type").lower() or "text"
    return _of(tag, "name"), kind, _of(tag, "value")


class Visitor:
    """One person's visit."""

    def __init__(self, port: int, seconds: Callable[[], float]) -> None:
        self.name = ""
        self._seconds = seconds
        self._client = httpx.Client(
            base_url=f"http://{HOST}:{port}",
            follow_redirects=True,
            max_redirects=MOST_REDIRECTIONS,
            # Each request on a connection of its own: on a machine that is busy the server may
            # hang up on one that waits just as the next request is on its way.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
            verify=False,  # it's plain HTTP, and a browser's authorities take a while to read
        )

    @property
    def cookies(self) -> str:
        """The header that makes a request theirs."""
        return "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())

    @property
    def logged_in(self) -> bool:
        """Whether the site gave them a session."""
        return any("csrf" not in name for name in self._client.cookies)

    def get(self, path: str, language: str = "") -> Page:
        """A page, asked for in that language if one is named.

        Raises Unanswered when it is an error, or none at all.
        """
        return self.ask("GET", path, language=language)

    def get_if_any(self, path: str) -> Page | None:
        """A page, or None where there is none for them; raises as get does for a server's error."""
        try:
            return self.get(path)
        except Unanswered as refused:
            if refused.seen.get("status", 500) >= 500:
                raise
            return None

    def fill_in(self, page: Page, form: Form, **typed: str) -> Page:
        """Send a form with what a person typed, by kind of field, and its hidden values.

        Raises as get does.
        """
        filled = {name: value for name, kind, value in form.fields if kind == "hidden"}
        filled |= {name: typed[kind] for name, kind, _ in form.fields if kind in typed and name}
        return self.ask("POST", urljoin(page.path, form.action or page.path), filled)

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, language: str = ""
    ) -> Page:
        """A request of any kind; raises as get does."""
        headers = {"Accept-Language": language} if language else {}
        try:
            response = self._client.request(
                method, path, data=fields, headers=headers, timeout=self._seconds()
            )
        except httpx.TooManyRedirects as error:
            raise Unanswered("page-status", status=302, path=path, method=method) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            cause = TimeoutError() if isinstance(error, httpx.TimeoutException) else error
            raise Unanswered("no-http", error=str(error) or type(error).__name__) from cause
        if response.status_code >= 400:
            seen = {"status": response.status_code, "path": response.url.path}
            asked = response.request.method
            raise Unanswered("page-status", **seen, method=asked, body=response.text[:2000])
        return Page(response)

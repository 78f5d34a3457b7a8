"""Somebody who visits the project's pages: with cookies, links and forms, without a browser."""

import http.client
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from lab.check.wire import Unanswered
from lab.run.server import HOST

MOST_REDIRECTIONS = 5
TYPED = ("text", "email", "password", "search", "textarea")
"""The kinds of field that a person types into."""


@dataclass
class Form:
    """A form: where it goes, and its fields (name, kind, value)."""

    action: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> list[str]:
        """The names of its fields of these kinds."""
        return [name for name, kind, _ in self.fields if kind in kinds]


class Markup(HTMLParser):
    """The forms and links of a page, and the words that its forms complain with."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.feed(html)
        found = re.findall(r'class="errorlist[^>]*>(.*?)</ul>', html, re.DOTALL)
        self.errors = [re.sub(r"<[^>]+>", " ", text).strip() for text in found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, one of its fields, or a link."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", "")))
        elif tag == "a":
            self.links.append((found.get("href", ""), ""))
        elif tag in ("input", "textarea") and self.forms and found.get("name"):
            kind = "textarea" if tag == "textarea" else found.get("type", "text")
            self.forms[-1].fields.append((found["name"], kind, found.get("value", "")))

    def handle_data(self, data: str) -> None:
        """Note a link's words, which come right after it."""
        if self.links and not self.links[-1][1]:
            self.links[-1] = (self.links[-1][0], data.strip())


@dataclass(frozen=True)
class Answer:
    """A page as it was answered, at the address that redirections led to."""

    path: str
    status: int
    headers: dict[str, str]
    html: str


class Visitor:
    """One person's visit."""

    def __init__(self, port: int, seconds: Callable[[], float]) -> None:
        self.port, self.seconds = port, seconds
        self.name = ""
        self._cookies: dict[str, str] = {}

    @property
    def cookies(self) -> str:
        """The header that makes a request theirs."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    @property
    def logged_in(self) -> bool:
        """Whether the site gave them a session."""
        return any("csrf" not in name for name in self._cookies)

    def get(self, path: str) -> Answer:
        """A page.

        Raises Unanswered when it is an error, or none at all.
        """
        return self._ask("GET", path, None)

    def submit(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form; raises as get does."""
        return self._ask("POST", path, urlencode(fields))

    def fill_in(self, page: Answer, form: Form, **typed: str) -> Answer:
        """Send a form with what a person typed, by kind of field, and its hidden values."""
        filled = {name: value for name, kind, value in form.fields if kind == "hidden"}
        for name, kind, _ in form.fields:
            if kind in typed:
                filled[name] = typed[kind]
        return self.submit(urljoin(page.path, form.action or page.path), filled)

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        for _ in range(MOST_REDIRECTIONS):
            answer = self._exchange(method, path, body)
            if answer.status >= 400:
                raise Unanswered(
                    "page-status", status=answer.status, path=path, method=method, through="daphne"
                )
            target = answer.headers.get("location")
            if answer.status < 300 or not target:
                return answer
            path = urlsplit(urljoin(path, target)).path
            method, body = "GET", None
        raise Unanswered("page-status", status=answer.status, path=path, method=method)

    def _exchange(self, method: str, path: str, body: str | None) -> Answer:
        client = http.client.HTTPConnection(HOST, self.port, timeout=self.seconds())
        headers = {"Cookie": self.cookies} if self._cookies else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            client.request(method, path, body, headers)
            response = client.getresponse()
            html = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered("no-http", error=str(error)) from error
        finally:
            client.close()
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
                if not morsel.value or morsel["max-age"] == 0:
                    del self._cookies[name]
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(path, response.status, found, html)

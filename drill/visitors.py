"""Somebody with a browser: what the site's pages answer meanwhile."""

import re
import time
from dataclasses import dataclass

import httpx

from lab.run.server import Server

PASSWORD = "correta-bateria-grampo"
PATIENCE = 60
"""Seconds for any page."""


@dataclass
class Answer:
    """What a page answered."""

    status: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.status} after {self.seconds:.1f} s"


async def sign_up(server: Server, name: str) -> None:
    """Make an account, to log in to later."""
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    answer = await _sent(server, "signup/", form)
    assert answer.status == 302, answer


async def log_in(server: Server, name: str) -> Answer:
    """Log in with that account's password: 302 if it worked."""
    return await _sent(server, "login/", {"username": name, "password": PASSWORD})


async def look(server: Server, path: str) -> Answer:
    """Ask for a page."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        began = time.monotonic()
        answer = await client.get(f"{server.url}{path}")
        return Answer(answer.status_code, time.monotonic() - began)


async def _sent(server: Server, path: str, form: dict[str, str]) -> Answer:
    # A connection for each request: one that is kept may end just as the next one is sent.
    apart = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE, limits=apart) as client:
        began = time.monotonic()
        page = await client.get(f"{server.url}{path}")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        if token is None:
            return Answer(page.status_code, time.monotonic() - began)
        answer = await client.post(page.url, data=form | {"csrfmiddlewaretoken": token[1]})
        return Answer(answer.status_code, time.monotonic() - began)

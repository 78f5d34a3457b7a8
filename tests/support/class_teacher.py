"""The teacher of a class board, without a browser."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from websockets.sync.client import ClientConnection, connect

from benchmarks.class_board.board import Board


@contextmanager
def teacher(board: Board) -> Iterator[httpx.Client]:
    """Somebody who gave the password, and now asks for pages."""
    with httpx.Client(base_url=board.url, trust_env=False, follow_redirects=True) as client:
        assert board.code in client.post("/", data=password(client, board.password)).text
        yield client


def password(client: httpx.Client, given: str) -> dict[str, str]:
    """The form of the page's door, filled in."""
    page = client.get("/").text
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)', page)[1]
    return {"password": given, "csrfmiddlewaretoken": token}


@contextmanager
def page_socket(board: Board, origin: str | None) -> Iterator[ClientConnection]:
    """The page's WebSocket, with the teacher's cookie, asked for by a page of that origin."""
    with teacher(board) as client:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = f"ws://127.0.0.1:{board.port}/ws/page/"
    headers = {"Cookie": cookies}
    with connect(address, origin=origin, additional_headers=headers, proxy=None) as page:
        yield page


def state(board: Board) -> dict:
    """How the class stands, as the page is told."""
    with page_socket(board, board.url.rstrip("/")) as page:
        return json.loads(page.recv(timeout=60))


def send_hint(board: Board, text: str, **whom: str) -> int:
    """Send a hint; returns to how many it goes."""
    with page_socket(board, board.url.rstrip("/")) as page:
        page.send(json.dumps({"type": "hint", "text": text, **whom}))
        while (frame := json.loads(page.recv(timeout=60)))["type"] != "hint-sent":
            pass
    return frame["count"]

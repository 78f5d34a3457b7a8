"""What somebody reads who comes while the database is away: whose turn it is, and not whose mistake."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from support import product

from lab.run.server import Server

HANDLER = 'handler500 = "chat.views.server_error"\n'
PASSWORD = "uma-senha-comprida"
HEADING = {"en": "Try again in a moment", "pt-br": "Tente de novo daqui a pouco"}
ACCOUNT = f"from django.contrib.auth.models import User; User.objects.create_user('ana', password='{PASSWORD}')"


@contextmanager
def serving(project: Path) -> Iterator[tuple[Server, httpx.Client]]:
    """A project as it runs for others, and one who comes to it."""
    server = Server.start(project, project / "server.log", program="uvicorn", ws=product.FAST)
    try:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as visitor:
            yield server, visitor
    finally:
        server.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """It waits a tenth of a second for its turn to write, and not ten."""
    product.build(tmp_path, DEBUG=False)
    product.change(tmp_path / "mywebsite/settings.py", '"timeout": 10,', '"timeout": 0.1,')
    product.manage(tmp_path, "shell", "--no-imports", "--command", ACCOUNT)
    return tmp_path


@contextmanager
def locked(project: Path) -> Iterator[None]:
    """Another connection keeps the database to itself."""
    with closing(sqlite3.connect(project / product.DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def log_in(visitor: httpx.Client, language: str) -> httpx.Response:
    """Fill in the form."""
    visitor.get("login/")
    filled_in = {"username": "ana", "password": PASSWORD}
    filled_in["csrfmiddlewaretoken"] = visitor.cookies["csrftoken"]
    return visitor.post("login/", data=filled_in, headers={"Accept-Language": language})


def test_a_login_while_the_database_is_locked_is_asked_to_come_again(project):
    with serving(project) as (server, visitor):
        with locked(project):
            for language, heading in HEADING.items():
                page = log_in(visitor, language)
                assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
                assert f'lang="{language}"' in page.text
                assert f"<h1>{heading}</h1>" in page.text
        said = [line for line in server.log.splitlines() if not line.startswith("INFO:")]
        assert len(said) == 2, said
        assert {line.partition(" ERROR ")[2] for line in said} == {
            "django.request: Service Unavailable: /login/: database is locked"
        }
        assert log_in(visitor, "en").status_code == 302


def test_without_the_handler_it_would_be_a_bare_500(project):
    product.change(project / "mywebsite/urls.py", HANDLER, "")
    with serving(project) as (server, visitor), locked(project):
        assert log_in(visitor, "pt-br").status_code == 500
        assert "Traceback" in server.log


def test_a_mistake_of_ours_is_still_a_500_and_told_in_full(project):
    found = "room = get_object_or_404(Room, pk=room_id)"
    product.change(project / "chat/views.py", found, "room = Room.no_such_thing")
    with serving(project) as (server, visitor):
        assert visitor.get("rooms/1/").status_code == 500
        assert "Traceback" in server.log
        assert "no_such_thing" in server.log

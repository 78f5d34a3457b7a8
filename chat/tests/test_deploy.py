"""A server as it runs for others: what it tells probes, what each variable switches."""

import subprocess
from contextlib import contextmanager

import httpx
import pytest

from chat.tests.conftest import MIGRATE, PROJECT, serve

PRODUCTION = {"ALLOWED_HOSTS": "chat.example"}
NOBODY_THERE = {"DATABASE_URL": "postgresql://chat@127.0.0.1:1/chat"}
NO_DISK = {"DATABASE_URL": "sqlite:////no-such-disk/db.sqlite3"}
NAMED = {"Host": "chat.example"}
ASKED = ["alive", "ready"]


@pytest.fixture
def client(environment, tmp_path):
    """What asks a server that has those variables besides."""

    @contextmanager
    def client(**variables):
        process, address = serve(environment | variables, tmp_path / "log")
        try:
            with httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=20) as client:
                yield client
        finally:
            process.kill()
            process.wait(10)

    return client


def test_a_probe_needs_to_know_no_name(client):
    with client(**PRODUCTION) as probe:
        assert [probe.get(f"/health/{what}/").text for what in ASKED] == ASKED


def test_without_its_database_a_server_is_alive_and_not_ready_and_says_why(client, tmp_path):
    with client(**PRODUCTION, **NOBODY_THERE) as probe:
        assert [probe.get(f"/health/{what}/").status_code for what in ASKED] == [200, 503]
        assert "couldn't get a connection" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("language, said", [("en", "in a moment"), ("pt-br", "daqui a pouco")])
def test_without_its_database_a_page_asks_to_come_again_and_the_log_has_a_line(
    client, tmp_path, language, said
):
    with client(**PRODUCTION, **NO_DISK, HTTPS="false") as visitor:
        page = visitor.get("/", headers=NAMED | {"Accept-Language": language})
        assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
        assert said in page.text
        [line] = [line for line in (tmp_path / "log").read_text().splitlines() if "ERROR" in line]
        assert line.endswith("Service Unavailable: /: unable to open database file")
        assert "Traceback" not in (tmp_path / "log").read_text()


def test_whose_database_lacks_a_migration_is_not_ready_and_the_log_says_what_to_run(
    client, environment, tmp_path
):
    behind = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    migrate = [*MIGRATE, "chat", "0003"]
    subprocess.run(migrate, cwd=PROJECT, env=environment | behind, check=True, timeout=40)
    with client(**PRODUCTION, **behind) as probe:
        assert [probe.get(f"/health/{what}/").status_code for what in ASKED] == [200, 503]
        assert "run manage.py migrate" in (tmp_path / "log").read_text()
        assert "Traceback" not in (tmp_path / "log").read_text()


def test_over_tls_alone_and_for_five_minutes(client):
    with client(**PRODUCTION) as visitor:
        assert visitor.get("/login/", headers=NAMED).status_code == 301
        told = visitor.get("/login/", headers=NAMED | {"X-Forwarded-Proto": "https"})
        assert told.headers["Strict-Transport-Security"] == "max-age=300"


def test_without_tls_where_that_is_asked_for(client):
    with client(**PRODUCTION, HTTPS="false") as visitor:
        assert visitor.get("/login/", headers=NAMED).status_code == 200


def test_under_a_path_all_that_a_page_names_is_under_it(client):
    with client(UVICORN_ROOT_PATH="/chat") as visitor:
        page = visitor.get("/").text
        assert 'href="/chat/login/"' in page
        assert 'href="/chat/static/chat/chat.css"' in page
        assert visitor.get("/static/chat/chat.css").status_code == 200
        assert visitor.get("/rooms/new/").headers["Location"].startswith("/chat/login/")

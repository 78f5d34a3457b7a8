"""PostgreSQL and nginx in the background: ready when they return, and gone with their folders."""

import importlib.util
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dj_database_url
import psutil
import psycopg
import pytest
from support.processes import gone, processes_of
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from lab import LabError, course, language
from lab.messages import say
from lab.run import nginx as nginx_module
from lab.run import postgres as postgres_module
from lab.run import service, temporary
from lab.run.nginx import Nginx
from lab.run.postgres import Postgres

SITE = """
upstream chat { include chat/servers.conf; }
server {
    include chat/listen.conf;
    location / { return 200 "hello"; }
}
"""
SERVERS = [SimpleNamespace(address="127.0.0.1:1")]


@pytest.fixture
def folder(place: Path) -> Path:
    """Where the logs go; learners have spaces and accents in their folders' names."""
    folder = place / "o meu notável curso"
    folder.mkdir()
    return folder


@pytest.fixture
def postgres(folder: Path, postgres_program: Path) -> Iterator[Postgres]:
    """A running server."""
    postgres = Postgres.start(folder / "postgres.log")
    yield postgres
    postgres.remove()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that services make meanwhile; others' are in the same place."""
    made = []

    class Noted(temporary.Folder):
        def __init__(self, name: str) -> None:
            super().__init__(name)
            made.append(self.path)

    for module in (nginx_module, postgres_module):
        monkeypatch.setattr(module, "Folder", Noted)
    return made


@pytest.fixture
def site(folder: Path) -> Path:
    """A site's configuration."""
    site = folder / "nginx.conf"
    site.write_text(SITE)
    return site


@pytest.fixture
def nginx(site: Path, nginx_program: Path) -> Iterator[Nginx]:
    """A running nginx."""
    nginx = Nginx.start(site, SERVERS, site.with_name("nginx.log"))
    yield nginx
    nginx.stop()


def ask(postgres: Postgres, query: str) -> list[tuple[object, ...]]:
    """What the database answers, at the address that Django would use."""
    found = dj_database_url.parse(postgres.url)
    address = {"host": found["HOST"], "user": found["USER"], "dbname": found["NAME"]}
    with psycopg.connect(**address) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_a_database_is_there_when_start_returns(postgres):
    assert ask(postgres, "SELECT current_database(), current_user") == [("chat", "chat")]
    assert postgres.running
    assert repr(postgres) == "<Postgres running>"


def test_its_folder_is_its_owners_and_it_listens_nowhere_else(postgres):
    folder = postgres._folder.path
    assert folder.stat().st_mode & 0o777 == 0o700
    assert ask(postgres, "SHOW listen_addresses") == [("",)]
    own = {process.pid for process in processes_of(folder / "data")}
    assert own
    assert not [each for each in psutil.net_connections("inet") if each.pid in own]


def test_what_was_committed_is_there_after_a_stop(postgres):
    ask(postgres, "CREATE TABLE words AS SELECT 'olá' AS word")
    postgres.stop()
    postgres.stop()
    assert not postgres.running
    assert repr(postgres) == "<Postgres stopped>"
    with pytest.raises(psycopg.OperationalError):
        ask(postgres, "SELECT 1")
    postgres.start_again()
    postgres.start_again()
    assert ask(postgres, "SELECT word FROM words") == [("olá",)]


def test_removed_it_leaves_no_process_and_no_folder(postgres):
    folder = postgres._folder.path
    postgres.remove()
    postgres.remove()
    assert not folder.exists()
    assert processes_of(folder / "data") == []


def test_a_server_that_cannot_start_is_told_with_its_own_words_and_leaves_nothing(
    folder, postgres_program, monkeypatch, made
):
    monkeypatch.setattr(postgres_module, "OWNER", "pg_chat")  # such names are PostgreSQL's own
    with pytest.raises(LabError, match=r"(?s)PostgreSQL did not start.*pg_chat"):
        Postgres.start(folder / "postgres.log")
    assert [path.exists() for path in made] == [False]


def test_nginx_serves_its_site_to_those_who_trust_its_authority(nginx):
    address = f"wss://{nginx.address}/"
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(address, ssl=ssl.create_default_context(), proxy=None)
    with pytest.raises(InvalidStatus) as answered:
        connect(address, ssl=nginx.trust, proxy=None)
    assert answered.value.response.body == b"hello"
    assert nginx.running


def test_nginx_listens_on_this_machine_only(nginx):
    connections = [c for p in processes_of(nginx._folder.path) for c in p.net_connections("inet")]
    listening = {tuple(c.laddr) for c in connections if c.status == "LISTEN"}
    assert listening == {("127.0.0.1", nginx.port)}


def test_nginx_stopped_leaves_no_process_and_no_folder(nginx):
    folder = nginx._folder.path
    own = processes_of(folder)
    assert own
    nginx.stop()
    nginx.stop()
    assert not folder.exists()
    assert all(gone(process, 5) for process in own)
    assert repr(nginx) == "<Nginx localhost stopped>"


def test_a_mistake_in_the_site_is_told_in_nginxs_words_and_leaves_nothing(
    site, nginx_program, made
):
    site.write_text("server {")
    with pytest.raises(LabError, match=r"(?s)nginx did not start.*unexpected end of file"):
        Nginx.start(site, SERVERS, site.with_name("nginx.log"))
    assert [path.exists() for path in made] == [False]


BOTH = """
import os, psutil, signal, sys
from pathlib import Path
from types import SimpleNamespace
from lab.run.nginx import Nginx
from lab.run.postgres import Postgres

folder = Path(sys.argv[1])
postgres = Postgres.start(folder / "postgres.log")
nginx = Nginx.start(folder / "nginx.conf", [SimpleNamespace(address="127.0.0.1:1")], folder / "log")
print(postgres._folder.path, nginx._folder.path, flush=True)
"""
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
TOLD = """
for process in psutil.Process().children(recursive=True):
    try:
        if process.exe() == psutil.Process().exe():
            process.terminate()
    except psutil.Error:
        pass  # gone meanwhile
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.usefixtures("postgres_program", "nginx_program")
@pytest.mark.parametrize(
    ("ending", "code"),
    [(KILLED, -signal.SIGKILL), (TOLD, -signal.SIGTERM)],
    ids=["killed", "told to end with all that is Python"],
)
def test_they_end_with_a_program_that_ends_and_their_folders_go(ending, code, site):
    before = set(psutil.pids())
    command = [sys.executable, "-c", BOTH + ending, str(site.parent)]
    killed = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, timeout=60)
    assert killed.returncode == code
    folders = [Path(each) for each in killed.stdout.split()]
    for process in psutil.process_iter(["cmdline"]):
        own = any(str(folder) in " ".join(process.info["cmdline"] or ()) for folder in folders)
        assert process.pid in before or not own or gone(process, 10)
    assert not any(folder.exists() for folder in folders)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize(
    "name, start",
    [
        ("postgres", lambda log: Postgres.start(log)),
        ("nginx", lambda log: Nginx.start(log, SERVERS, log)),
    ],
    ids=["postgres", "nginx"],
)
def test_where_there_is_none_the_learner_is_told_what_to_install(
    tmp_path, monkeypatch, spoken, name, start
):
    monkeypatch.setattr(language, "_chosen", spoken)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres_module, "POSTGRES", ())
    monkeypatch.setattr(nginx_module, "NGINX", ())
    with pytest.raises(LabError) as error:
        start(tmp_path / "log")
    assert str(error.value) == say(f"no_{name}")
    assert "apt install" in str(error.value)
    assert "WSL" in str(error.value)


@pytest.fixture
def skipped():
    """Whether the lessons' pytest skips a cell of a lesson on this machine, by the lesson's name."""
    spec = importlib.util.spec_from_file_location("lessons", course.ROOT / "notebooks/conftest.py")
    lessons = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lessons)

    def skipped(name: str) -> bool:
        marks: list[pytest.MarkDecorator] = []
        path = course.find(name).notebook("en")
        lessons.pytest_collection_modifyitems([SimpleNamespace(path=path, add_marker=marks.append)])
        return bool(marks)

    return skipped


@pytest.mark.parametrize("ci, is_skipped", [("", True), ("true", False)])
def test_where_there_is_none_the_lesson_that_needs_it_is_skipped_but_never_in_ci(
    skipped, monkeypatch, tmp_path, ci, is_skipped
):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(service, "NGINX", ())
    assert skipped("21-deploy") is is_skipped
    assert not skipped("19-processes")


@pytest.mark.usefixtures("postgres_program", "nginx_program")
def test_where_they_are_no_lesson_is_skipped(skipped, monkeypatch):
    monkeypatch.setenv("CI", "")
    assert not skipped("21-deploy")


def test_a_place_that_services_do_not_reach_is_left_for_one_that_they_do(tmp_path, monkeypatch):
    deep = tmp_path / ("long" * 20)
    deep.mkdir()
    monkeypatch.setattr(temporary.tempfile, "tempdir", str(deep))
    made = temporary.Folder("service")
    assert made.path.parent == Path("/tmp").resolve()
    made.remove()
    assert not made.path.exists()


LESSON = 'from lab import Lesson; lesson = Lesson("06-live")'


@pytest.mark.usefixtures("postgres_program", "nginx_program")
def test_a_lesson_starts_them_and_its_stop_ends_them(kernels, tmp_path):
    kernel = kernels()
    kernel.run(LESSON)
    (tmp_path / "workspace" / "site.conf").write_text(SITE)
    said = kernel.run(
        "import os; postgres = lesson.postgres(); server = lesson.serve(); "
        'nginx = lesson.nginx("site.conf", [server]); '
        "print(postgres, nginx, *sorted(os.listdir('logs')))"
    )
    assert said.split() == [
        *("<Postgres", "running>", "<Nginx", "localhost", "running>"),
        *("06-live.en.log", "06-live.en.nginx.log", "06-live.en.postgres.log"),
    ]
    kernel.run("before = nginx; nginx = lesson.nginx('site.conf', [server])")
    assert kernel.run("print(before.running, nginx.running)") == "False True\n"
    folders = kernel.run("print(postgres._folder.path, nginx._folder.path)").split()
    kernel.run("lesson.stop(); lesson.stop()")
    assert kernel.run("print(postgres, nginx)") == "<Postgres stopped> <Nginx localhost stopped>\n"
    assert not any(os.path.exists(folder) for folder in folders)  # noqa: PTH110

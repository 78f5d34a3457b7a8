"""What runs the finished chat for others: the site behind nginx, its variables, its container."""

import ast
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from playwright.async_api import async_playwright, expect
from support import product
from support.product import FAST
from support.whole_site import PATIENCE, use_the_site

from lab import course, project
from lab.language import LANGUAGES
from lab.run import site
from lab.run.browser import launch_options
from lab.run.nginx import Nginx
from lab.run.postgres import Postgres
from lab.run.server import Server
from regression.turns import TURN

SITE = course.ROOT / "deploy/nginx.conf"
CONTAINER = course.ROOT / "deploy/Containerfile"
OPERATING = {"en": "docs/operating.md", "pt-br": "docs/operating.pt-br.md"}


def between(text: str, mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", text, re.DOTALL)
    assert found, mark
    return found[1]


def two_on_one_host(folder: Path, other: Server) -> Path:
    """The site, and another chat under /chat, as docs/operating.md says to put one there."""
    told = between((course.ROOT / OPERATING["en"]).read_text(), "prefix")
    location = re.search(r"```nginx\n(.*?)```", told, re.DOTALL)[1]
    location = location.replace("http://chat/", f"http://{other.address}/")
    both = SITE.read_text().replace("    location / {", f"{location}\n    location / {{")
    assert both.count("location /chat/ {") == 1
    (folder / "two.conf").write_text(both)
    return folder / "two.conf"


async def test_behind_nginx_a_browser_uses_two_whole_sites_of_one_host(
    browser_program, nginx_program, tmp_path, monkeypatch
):
    """One at the host's root, one under a path: neither logs anybody out of the other."""
    monkeypatch.setenv("ALLOWED_HOSTS", "localhost")
    monkeypatch.setenv("STATIC_ROOT", str(tmp_path / "static"))
    servers, failed = [], []
    nginx = None
    try:
        for prefix in ("", "/chat"):
            monkeypatch.setenv("UVICORN_ROOT_PATH", prefix)
            folder = product.build(tmp_path / f"project-{len(servers)}")
            product.manage(folder, "collectstatic", "--no-input")
            log = tmp_path / f"server-{len(servers)}.log"
            servers.append(Server.start(folder, log, program="uvicorn", ws=FAST))
        first, second = servers
        both = two_on_one_host(tmp_path, second)
        nginx = Nginx.start(both, [first], tmp_path / "nginx.log")
        people = {nginx.url: "ana", f"{nginx.url}chat/": "bia"}
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options(browser_program))
            page = await browser.new_page(ignore_https_errors=True, locale="pt-BR")
            page.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            page.on("response", lambda got: got.status >= 400 and failed.append(got.url))
            for address, name in people.items():
                await use_the_site(page, address, name)
            for address, name in people.items():
                await page.goto(address)
                await expect(page.locator("header bdi")).to_have_text(name)
            health = await page.request.get(f"{nginx.url}health/ready/")
            assert health.status == 404
            await browser.close()
    finally:
        for each in (nginx, *servers):
            if each is not None:
                each.stop()
    assert failed == []


def variables_read() -> dict[str, object]:
    """What the finished project reads from its environment: each variable's default, where that is
    a plain value, else None."""
    read: dict[str, object] = {}
    for call in ast.walk(ast.parse((course.ROOT / "mywebsite/environment.py").read_text())):
        match call:
            case ast.Call(ast.Attribute(ast.Name("env")), [ast.Constant(str(name)), default]):
                read[name] = default.value if isinstance(default, ast.Constant) else None
    return read


def test_the_finished_project_reads_its_environment_in_one_place():
    elsewhere = [*(course.ROOT / "mywebsite").glob("*.py"), *(course.ROOT / "chat").glob("*.py")]
    named = re.compile(r'environ(?:\.\w+\(|\[)"(\w+)"|"(\w+)" (?:not )?in os\.environ')
    found = {
        name for file in elsewhere for pair in named.findall(file.read_text()) for name in pair
    }
    assert found - {"", "DJANGO_SETTINGS_MODULE"} <= variables_read().keys()


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_page_on_operating_tells_every_variable_and_no_other(spoken):
    table = between((course.ROOT / OPERATING[spoken]).read_text("utf-8"), "variables")
    told = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.MULTILINE))
    read = variables_read()
    assert told.keys() == read.keys()
    for name, default in read.items():
        if default not in (None, ""):
            assert str(default).lower() in told[name].lower(), name


MALFORMED = {
    "ALLOWED_HOSTS": "",
    "SECRET_KEY": "",
    "DATABASE_URL": "a database",
    "CHANNEL_LAYER_URL": "valkey:6379",
    "WEB_CONCURRENCY": "0",
    "UVICORN_ROOT_PATH": "chat",
    "HTTPS": "maybe",
    "HSTS_SECONDS": "soon",
    "HSTS_WHOLE_DOMAIN": "2",
    "LOG_LEVEL": "loud",
    "GUESTS": "some",
    "SIGN_UP": "closed",
    "METRICS_ALLOW_IPS": "everybody",
}


def said_by_check(folder: Path, *before: str, **variables: str) -> str:
    """What `manage.py check` writes to the standard error, with those variables besides."""
    return subprocess.run(
        [*before, sys.executable, "-B", "manage.py", "check"],
        check=False,
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
    ).stderr


def test_all_that_is_malformed_is_named_in_one_line(finished):
    assert MALFORMED.keys() == variables_read().keys() - {"STATIC_ROOT"}  # any text is a path
    [line] = said_by_check(finished, **MALFORMED).splitlines()
    assert [name for name in MALFORMED if f"'{name}': [" not in line] == []


def without_roots_rights() -> list[str]:
    """What begins a command that is to write only where its owner may; root may everywhere."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None and os.environ.get("CI") != "true":
        pytest.skip("root may write everywhere, and there is no setpriv")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"]


def test_where_nothing_can_be_written_one_line_says_what_helps(tmp_path):
    project.build(course.lessons()[-1].name, tmp_path)
    folders = [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    variables: dict[str, str] = {}
    try:
        for name, value in (("SECRET_KEY", "k"), ("DATABASE_URL", "sqlite://")):
            [line] = said_by_check(tmp_path, *without_roots_rights(), **variables).splitlines()
            assert line.startswith(f"{name} is not set")
            variables[name] = value
        [line] = said_by_check(tmp_path, *without_roots_rights(), **variables).splitlines()
        assert line.startswith("No translation can be compiled here")
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_the_projects_own_tests_pass_on_postgresql(postgres_program, browser_program, tmp_path):
    """All but one, which puts a copy of SQLite's file back; others than tests/test_project.py tries."""
    tried = product.own_tests("the project's own tests on PostgreSQL", TURN + 1)
    postgres = Postgres.start(tmp_path / "postgres.log")
    names = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tried],
            check=False,
            cwd=course.ROOT,
            env=names | {"TEST_DATABASE_URL": postgres.url},
            capture_output=True,
            text=True,
            timeout=600,
        )
    finally:
        postgres.remove()
    assert done.returncode == 0, done.stdout
    has_that_one = any(name.endswith(("chat", "test_history.py")) for name in tried)
    assert (" 1 skipped" in done.stdout) == has_that_one, done.stdout


def test_on_a_postgresql_without_tables_a_server_is_not_ready_and_says_so_in_one_line(
    postgres_program, tmp_path, monkeypatch
):
    folder = product.build(tmp_path / "project")
    postgres = Postgres.start(tmp_path / "postgres.log")
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("ALLOWED_HOSTS", "127.0.0.1")
    told = []
    try:
        server = Server.start(folder, tmp_path / "log", program="uvicorn", ws=FAST)
        for migrate in (["chat", "0003"], ["chat"], []):
            told.append(httpx.get(f"{server.url}health/ready/", trust_env=False).status_code)
            product.manage(folder, "migrate", "--verbosity=0", *migrate)
        told.append(httpx.get(f"{server.url}health/ready/", trust_env=False).status_code)
        server.stop()
    finally:
        postgres.remove()
    assert told == [503, 503, 503, 200]  # no table, an old one, none of the sessions', all
    lines = [line for line in server.log.splitlines() if "ready" in line and "ERROR" in line]
    assert len(lines) == 3
    assert all("run manage.py migrate" in line for line in lines)
    assert "Traceback" not in server.log


# --- the container: what can be said of it without building one ---------------------------------


def instructions() -> list[tuple[str, str]]:
    """Of the Containerfile: (word, what follows it) of each."""
    text = CONTAINER.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def test_the_container_has_the_files_of_the_project():
    sources = {rest.split()[0] for word, rest in instructions() if word == "COPY"}
    assert sources == {"deploy/requirements.txt", "manage.py", "mywebsite", "chat"}
    assert all((course.ROOT / source).exists() for source in sources)


def test_the_container_serves_as_make_run_and_the_page_on_operating_do():
    def options(words: list[str]) -> dict[str, str]:
        words = words[words.index("mywebsite.asgi:application") + 1 :]
        pairs = dict(zip(words[::2], words[1::2], strict=True))
        return {name: pairs[name] for name in pairs if name not in ("--host", "--port")}

    [command] = [json.loads(rest) for word, rest in instructions() if word == "CMD"]
    assert options(command) == options(site.told(8000))
    for page in OPERATING.values():
        told = (course.ROOT / page).read_text("utf-8").replace("\\\n", " ")
        shown = re.search(r"^uvicorn .*", told, re.MULTILINE)[0]
        assert options(shlex.split(shown)) == options(command)


def test_what_it_runs_on_has_the_courses_own_bounds():
    said = tomllib.loads((course.ROOT / "pyproject.toml").read_text())
    assert set(said["dependency-groups"]["runtime"]) <= set(said["project"]["dependencies"])


def locked() -> list[str]:
    """The packages of deploy/requirements.txt that are for this machine."""
    lines = (course.ROOT / "deploy/requirements.txt").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if re.match(r"\w", line)]
    return [each.name for each in wanted if each.marker is None or each.marker.evaluate()]


def only(names: list[str], folder: Path) -> Path:
    """A folder to import from, with these packages and no others."""
    folder.mkdir()
    for name in names:
        files = metadata.distribution(name).files or []
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            source = Path(str(metadata.distribution(name).locate_file(top)))
            if not (folder / top).exists():
                (folder / top).symlink_to(source)
    return folder


def python_with(packages: Path, folder: Path) -> dict[str, str]:
    """An environment whose `python` has those packages and no others of this Python's own."""
    folder.mkdir()
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(packages)}


def follow_the_steps(folder: Path, environment: dict[str, str]) -> None:
    """Do in a folder what the Containerfile copies and runs, less pip: what that installs is there."""
    folder.mkdir()
    for word, rest in instructions():
        if word == "COPY":
            source, target = rest.split()
            copied = folder / target / (Path(source).name if target == "./" else "")
            made = shutil.ignore_patterns("*.mo", "__pycache__")
            if (course.ROOT / source).is_dir():
                shutil.copytree(course.ROOT / source, copied, ignore=made)
            else:
                shutil.copy(course.ROOT / source, copied)
        elif word == "RUN" and not rest.startswith("pip install"):
            subprocess.run(["sh", "-c", rest], cwd=folder, env=environment, check=True, timeout=60)


def test_the_containers_steps_lead_to_a_healthy_server_that_writes_nothing(tmp_path):
    """On its own requirements alone, and where nothing can be written."""
    environment = python_with(only(locked(), tmp_path / "packages"), tmp_path / "bin")
    folder = tmp_path / "srv"
    follow_the_steps(folder, environment)
    [command] = [json.loads(rest) for word, rest in instructions() if word == "CMD"]
    command[command.index("--port") + 1] = "0"
    command[command.index("--host") + 1] = "127.0.0.1"
    [check] = [rest for word, rest in instructions() if word == "HEALTHCHECK"]
    *run, program = json.loads(check.removeprefix("CMD "))
    for each in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        each.chmod(0o555)
    variables = {"SECRET_KEY": "k", "DATABASE_URL": "sqlite://", "ALLOWED_HOSTS": "chat.example"}
    with subprocess.Popen(
        [*without_roots_rights(), "python", "-m", *command],
        cwd=folder,
        env=environment | variables,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = ""
        for line in process.stderr:
            said += line
            if running := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
                asked = [*run, program.replace("8000", running[1])]
                healthy = subprocess.run(asked, check=False, env=environment, timeout=120)
                process.send_signal(signal.SIGTERM)
    for each in folder.rglob("*"):
        if each.is_dir():
            each.chmod(0o755)
    assert "Application startup complete." in said, said
    assert "Finished server process" in said, said
    assert healthy.returncode == 0

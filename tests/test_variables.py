"""What stands in the learner's shell changes no output of a lesson."""

import os
import re
import shutil
import subprocess
import sys

import nbclient
import pytest
from support.gates import code, texts

from lab import course, project
from lab.author import notebooks
from lab.check import sandbox
from lab.run import variables
from regression.turns import FULL

HOSTILE = {
    "ALLOWED_HOSTS": "elsewhere.example",
    "CHANNEL_LAYER_URL": "redis://127.0.0.1:9",
    "COLUMNS": "40",
    "DATABASE_URL": "sqlite:////no/such/folder/db",
    "DEBUG": "pw:*",
    "DJANGO_SETTINGS_MODULE": "elsewhere.settings",
    "FORCE_COLOR": "1",
    "FORWARDED_ALLOW_IPS": "*",
    "HSTS_SECONDS": "soon",
    "HTTPS": "maybe",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "LANGUAGE": "de",
    "LC_ALL": "C",
    "LOG_LEVEL": "DEBUG",
    "PYTEST_ADDOPTS": "-v --color=yes",
    "PYTHONWARNINGS": "always",
    "PY_COLORS": "1",
    "SECRET_KEY": "short",
    "TZ": "Asia/Tokyo",
    "UVICORN_LOG_LEVEL": "debug",
    "UVICORN_PORT": "9",
    "WEB_CONCURRENCY": "3",
    "http_proxy": "http://127.0.0.1:9",
}
SAMPLE = ["05-asgi"]
"""A lesson that starts programs by hand and with lab, up to its check; `make proof` runs all."""


def test_what_changes_outputs_is_forgotten_and_nothing_else():
    environment = {**HOSTILE, "HOME": "/home/ana", "LANG": "pt_BR.UTF-8", "PYTHONPATH": "here"}
    variables.forget(environment)
    proxies = {"HTTP_PROXY", "http_proxy"}
    assert not environment.keys() & (HOSTILE.keys() - proxies)
    assert environment["NO_PROXY"] == environment["no_proxy"] == "127.0.0.1,localhost"
    left = ("HOME", "LANG", "LC_CTYPE", "PYTHONPATH")
    assert [environment[name] for name in left] == ["/home/ana", "pt_BR.UTF-8", "C", "here"]
    once = dict(environment)
    variables.forget(environment)
    assert environment == once


def test_what_was_written_last_is_what_runs(tmp_path):
    """Python takes a compiled file for that of any source of the same second and size."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    variables.forget(environment)
    told = []
    for word in ("one", "two"):
        (tmp_path / "said.py").write_text(f'print("{word}")\n')
        os.utime(tmp_path / "said.py", (10**9, 10**9))
        command = [sys.executable, "-c", "import said"]
        told.append(subprocess.check_output(command, cwd=tmp_path, env=environment, text=True))
    assert told == ["one\n", "two\n"]


def test_whatever_the_project_reads_from_its_environment_is_forgotten():
    read = set()
    for versions in project.all_versions().values():
        for text in versions:
            read |= set(re.findall(r'environ(?:\.\w+\(|\[)"([A-Z_]+)"', text))
            read |= set(re.findall(r'"([A-Z_]+)" in os\.environ', text))
            read |= set(re.findall(r'\benv(?:\.\w+)?\("([A-Z_]+)"', text))
    assert {"ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE", "HTTPS", "LOG_LEVEL"} <= read
    environment = dict.fromkeys(read, "x")
    variables.forget(environment)
    assert not environment.keys() & read


def test_a_check_starts_its_programs_without_them(monkeypatch):
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    with sandbox.bench() as bench:
        environment = bench.environment
    assert not environment.keys() & (HOSTILE.keys() - {"HTTP_PROXY", "http_proxy"})


@pytest.mark.parametrize("name", [e.name for e in course.lessons()] if FULL else SAMPLE)
def test_a_lesson_says_the_same_in_a_shell_full_of_them(name, tmp_path, monkeypatch):
    for variable, value in {**HOSTILE, "LAB_WORKSPACE": str(tmp_path / "workspace")}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("LAB_PATIENCE", "4")
    stored = course.find(name).notebook("en")
    folder = tmp_path / "notebooks" / "en"
    folder.mkdir(parents=True)
    shutil.copy(stored, folder)
    run = notebooks.read(folder / stored.name)
    if not FULL:
        run.cells = run.cells[: [cell.id for cell in run.cells].index("check")]
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(run, timeout=60, resources=resources, coalesce_streams=True).execute()
    before = {cell.id: sorted(texts(cell)) for cell in code(notebooks.read(stored))}
    for cell in code(run):
        assert sorted(texts(cell)) == before[cell.id], cell.id

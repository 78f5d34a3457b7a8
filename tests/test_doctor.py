"""The evening before a class: each thing that is missing is told, with what to do."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata

import pytest

from lab import doctor


def test_a_machine_that_runs_the_tests_is_ready(browser_program, tmp_path):
    environment = {
        **os.environ,
        "LAB_PATIENCE": "4",
        "LANG": "pt_BR.UTF-8",
        "LC_ALL": "pt_BR.UTF-8",
    }
    environment["LAB_WORKSPACE"] = str(tmp_path / "workspace")
    done = subprocess.run(
        [sys.executable, "-m", "lab", "doctor"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "Tudo pronto para a aula."
    assert any(line.startswith("✓ o projeto dos cinco passos") for line in lines)
    assert len(done.stdout) < 2000  # it fits into a message
    assert list(tmp_path.iterdir()) == []


def only(monkeypatch: pytest.MonkeyPatch, examination: Callable[[], doctor.Finding]) -> None:
    monkeypatch.setattr(doctor, "_EXAMINATIONS", (examination,))


def test_without_a_browser_it_says_what_to_install(monkeypatch, capsys):
    only(monkeypatch, doctor._browser)
    monkeypatch.setattr(doctor, "find_browser", lambda: None)
    assert doctor.examine() == 1
    said = capsys.readouterr().out
    assert said.startswith("✗ browser")
    assert "→ Install Chromium, Chrome or Edge" in said
    assert said.splitlines()[-1].startswith("Things to mend before the class (✗): 1.")


def test_a_browser_that_does_not_start_is_none(monkeypatch, capsys):
    only(monkeypatch, doctor._browser)
    monkeypatch.setattr(doctor, "find_browser", lambda: "/no/such/program")
    assert doctor.examine() == 1
    assert "FileNotFoundError" in capsys.readouterr().out


def test_a_package_too_old_or_missing_is_named(monkeypatch, capsys):
    only(monkeypatch, doctor._packages)

    def version(name: str) -> str:
        if name == "trustme":
            raise metadata.PackageNotFoundError(name)
        return "1.0" if name == "channels" else real(name)

    real = metadata.version
    monkeypatch.setattr(doctor.metadata, "version", version)
    assert doctor.examine() == 1
    assert "channels 1.0, trustme" in capsys.readouterr().out


def test_a_port_in_use_is_told_and_keeps_nobody_from_the_course(monkeypatch, capsys):
    only(monkeypatch, doctor._ports)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setattr(doctor, "USUAL_PORTS", {port: "somebody"})
        assert doctor.examine() == 0
    said = capsys.readouterr().out
    assert f"! the usual ports: {port} (somebody)" in said
    assert "PORT=8001" in said


@pytest.mark.parametrize(
    ("examination", "bound"), [("_disk", "LEAST_DISK"), ("_memory", "LEAST_MEMORY")]
)
def test_too_little_room_is_told(monkeypatch, capsys, examination, bound):
    only(monkeypatch, getattr(doctor, examination))
    assert doctor.examine() == 0
    monkeypatch.setattr(doctor, bound, 2**60)
    assert doctor.examine() == int(examination == "_disk")
    assert "GiB\n  →" in capsys.readouterr().out

"""`python -m lab run`: the finished project, for whoever only wants to see it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from lab import course

SECONDS = 60


def until_running(process: subprocess.Popen[bytes], log: Path) -> str:
    """The site's address, once it listens."""
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if running := re.search(r"running on (http://\S+)", log.read_text()):
            return running[1]
        time.sleep(0.05)
    pytest.fail(f"it didn't start:\n{log.read_text()}")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM to send on Windows")
def test_it_serves_the_project_on_a_new_database_and_ends_with_its_process(tmp_path):
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    command = [sys.executable, "-m", "lab", "run", "--port", "0"]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=course.ROOT, env=os.environ | database, stdout=output, stderr=output
        )
    try:
        address = until_running(process, log)
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            assert client.get("/").status_code == 200
            assert client.get("/health/ready/").status_code == 200
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
        assert "Traceback" not in log.read_text()
        with pytest.raises(httpx.ConnectError):
            httpx.get(address, trust_env=False)
    finally:
        process.kill()
        process.wait()


def test_without_a_database_it_does_not_start(tmp_path):
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/no/such/folder/db.sqlite3"}
    command = [sys.executable, "-m", "lab", "run", "--port", "0"]
    done = subprocess.run(
        command, cwd=course.ROOT, env=os.environ | database, check=False, timeout=SECONDS
    )
    assert done.returncode == 1

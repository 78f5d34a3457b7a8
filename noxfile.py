"""The lessons under several Pythons, and several versions of what they run on.

`make matrix` runs it all and puts the results side by side, in reports/matrix/. To choose:

    .venv/bin/python -m nox --list
    .venv/bin/python -m nox -s "lessons(3.12 lock)" table
    .venv/bin/python -m nox -k "lowest or table"

Three environment variables: LESSON narrows it, as pytest's -k does (whole names, as a number alone
may be a cell's); WITH holds the candidate's requirements, as `uv pip install` takes them; BASELINE
is a tag or another commit, whose lessons and stored outputs a candidate is compared with.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import nox

from regression import baseline, versions

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lessons", "table"]
os.environ["UV_SYSTEM_CERTS"] = os.environ.get("UV_SYSTEM_CERTS", "true")
# What lessons start writes nothing compiled: each of hundreds of processes would compile it anew.
os.environ["UV_COMPILE_BYTECODE"] = "true"
if shutil.which("pyenv") and "PYENV_VERSION" not in os.environ:
    # Its python3.13 runs only where that version is among those chosen: all of them are.
    told = subprocess.run(["pyenv", "versions", "--bare"], check=True, capture_output=True)
    os.environ["PYENV_VERSION"] = ":".join(told.stdout.decode().split())

REPORTS = Path("reports", "matrix").resolve()
AT_LEAST = versions.at_least(Path("pyproject.toml"))
INSTALL = {
    "lowest": (["--resolution", "lowest-direct", "--editable", "."],),
    "lock": (["-r", "requirements.txt"],),
    "lock but Django 6": (["-r", "requirements.txt"], ["Django>=6,<6.1"]),
    "newest": (["--upgrade", *AT_LEAST], ["--no-deps", "--editable", "."]),
    "pre-releases": (
        ["--upgrade", "--prerelease", "allow", *AT_LEAST],
        ["--no-deps", "--editable", "."],
    ),
}
"""What each set of versions installs, one command after the other."""
COMBINATIONS = [
    ("3.11", "lowest"),
    ("3.11", "lock"),
    ("3.12", "lock"),
    ("3.13", "lock"),
    ("3.14", "lock"),
    ("3.12", "lock but Django 6"),
    ("3.13", "newest"),
    ("3.13", "pre-releases"),
]
NEWEST_PYTHON = next(
    (version for version in ("3.14", "3.13", "3.12") if shutil.which(f"python{version}")), None
)
"""The one that a candidate is tried under; None for the one that runs this."""


@nox.session
@nox.parametrize(
    "python, installed",
    [nox.param(*combination, id=" ".join(combination)) for combination in COMBINATIONS],
)
def lessons(session: nox.Session, installed: str) -> None:
    """Every lesson, in both languages, under one Python and one set of versions."""
    try_lessons(session, f"{session.python} {installed}", INSTALL[installed])


@nox.session(python=NEWEST_PYTHON)
def candidate(session: nox.Session) -> None:
    """The lock's versions, but those of WITH: a release to come, or somebody's branch."""
    wanted = [
        str(Path(word).resolve()) if Path(word).exists() else word
        for word in shlex.split(os.environ["WITH"])
    ]
    installed = [*INSTALL["lock"], wanted]
    commit = os.environ.get("BASELINE")
    if not commit:
        try_lessons(session, "candidate", installed)
        return
    with baseline.checked_out(commit) as folder, session.chdir(folder):
        try_lessons(session, f"candidate against {commit.replace('/', '-')}", installed)


def try_lessons(session: nox.Session, name: str, installed: Iterable[list[str]]) -> None:
    """Install, run the lessons, and leave a report of that name for the table."""
    report = REPORTS / name
    report.mkdir(parents=True, exist_ok=True)
    for arguments in installed:
        session.install(*arguments)
    with (report / "versions.txt").open("w", encoding="utf-8") as file:
        session.run("uv", "pip", "freeze", stdout=file, external=True)
    session.run("python", "-m", "compileall", "-q", "lab")
    chosen = ["-k", os.environ["LESSON"]] if os.environ.get("LESSON") else []
    session.run(
        *("python", "-m", "pytest", "-n", "2", "--dist", "loadfile", "-q", "--nbval"),
        *(f"--junit-xml={report / 'report.xml'}", "-p", "no:cacheprovider", *chosen, "notebooks"),
        env={"LAB_ANY_VERSION": "true"},
    )


@nox.session(python=False)
def table(session: nox.Session) -> None:
    """The reports side by side, as Markdown and as a page."""
    session.run(sys.executable, "-m", "regression", "table", str(REPORTS))

"""Whatever Windows lacks and is used here is listed in docs/regression.md, with what happens there."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from lab import course
from lab.author import notebooks
from lab.language import LANGUAGES, SOURCE

# What the standard library documents as being available on Unix alone: of os, of signal, of socket,
# select and asyncio, arguments of subprocess; and what the C library has.
_NAMES = """
fork forkpty geteuid getuid getegid getgid getsid setsid getpgid getpgrp setpgid setpgrp killpg nice
mkfifo mknod sysconf pathconf uname sched_getaffinity sched_setaffinity sched_yield wait3 wait4
waitid WNOHANG chroot chown fchown lchown fchmod setuid setgid initgroups getpriority setpriority
getgroups ctermid openpty posix_spawn register_at_fork set_blocking statvfs getloadavg memfd_create
pidfd_open sendfile O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY fwalk
SIGKILL SIGHUP SIGUSR1 SIGUSR2 SIGSTOP SIGTSTP SIGCONT SIGQUIT SIGCHLD SIGALRM SIGPIPE alarm
setitimer pthread_kill pthread_sigmask sigwait sigwaitinfo sigtimedwait siginterrupt
AF_UNIX SO_REUSEPORT epoll kqueue add_signal_handler open_unix_connection start_unix_server
create_unix_server create_unix_connection preexec_fn pass_fds
prctl
"""
NAMES = frozenset(_NAMES.split())
MODULES = frozenset(
    ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "posix", "uvloop")
)
DOCS = {SOURCE: "docs/regression.pt-br.md", "en": "docs/regression.md"}
HEADINGS = {SOURCE: "## O que só o Unix tem", "en": "## What only Unix has"}


def used_in(source: str) -> set[str]:
    """What only Unix has, of what a program's source uses."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(
                value=ast.Name(id="self") | ast.Attribute(value=ast.Name(id="self"))
            ):
                pass  # a name of one's own
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                found |= {name} & NAMES
            case ast.Import(names=names):
                found |= {each.name for each in names} & MODULES
            case ast.ImportFrom(module=module, names=names):
                found |= ({module} & MODULES) | ({each.name for each in names} & NAMES)
    return found


def programs() -> Iterator[tuple[str, str]]:
    """The name and the source of each program that a learner's machine runs, and of each cell."""
    for folder in ("lab", "chat", "mywebsite"):
        for path in sorted((course.ROOT / folder).rglob("*.py")):
            yield path.relative_to(course.ROOT).as_posix(), path.read_text("utf-8")
    for lesson in course.lessons():
        for cell in notebooks.read(lesson.notebook(SOURCE)).cells:
            magic, _, written = cell.source.partition("\n")
            if cell.cell_type == "code" and not magic.startswith("%%"):
                yield lesson.name, cell.source
            elif magic.startswith("%%writefile") and magic.endswith(".py"):
                yield lesson.name, written


@cache
def in_use() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, source in programs():
        if used := used_in(source):
            found[name] |= used
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_is_what_the_code_uses(language):
    text = (course.ROOT / DOCS[language]).read_text("utf-8").partition(HEADINGS[language])[2]
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.+) \|$", text, re.MULTILINE)
    listed = {where: set(re.findall(r"`(\w+)`", what)) for where, what, _ in rows}
    assert listed == in_use()

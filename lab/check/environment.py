"""The machine around the project: what a lesson needs of it, tried before anything else."""

import os
import socket
import threading
import tomllib
from contextlib import suppress

import websockets.exceptions
import websockets.sync.client
import websockets.sync.server
from packaging.requirements import Requirement

from lab import course
from lab.check.evidence import Evidence, errors_of_log, from_json, without_copy
from lab.check.sandbox import Sandbox

SECONDS = 2
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def trouble(has_project: bool, box: Sandbox) -> Evidence | None:
    """What of the machine stands in the way of a lesson, or None; with or without a project.

    Raises TimeoutError when Python takes too long to start.
    """
    named = os.environ.get("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
    if has_project and named != "mywebsite.settings":
        return Evidence("environment", "settings-variable", seen={"value": named})
    if not has_project:
        port = int(os.environ.get("PORT") or 0)
        if not _free(port):
            return Evidence("network", "port", seen={"port": port})
        proxy = _proxy()
        if proxy is not None:
            return proxy
    found, complaints = box.bench.packages(box.left)
    if "failed" in found:
        return from_json("environment", found["failed"])
    if "versions" in found:
        return wrong_version(found["versions"])
    output = without_copy(complaints)
    return Evidence("environment", "died", errors_of_log(output), seen={"output": output})


def _free(port: int) -> bool:
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def _proxy() -> Evidence | None:
    """Connect as a plain `websockets.connect` does: through a proxy, where one is set."""
    name = next((name for name in PROXIES if os.environ.get(name)), None)
    if name is None:
        return None
    with websockets.sync.server.serve(lambda client: client.close(), "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        try:
            address = f"ws://127.0.0.1:{port}/"
            with websockets.sync.client.connect(address, open_timeout=SECONDS, close_timeout=0.2):
                return None
        except (OSError, websockets.exceptions.WebSocketException) as error:
            seen = {"name": name, "value": os.environ[name], "error": f"{type(error).__name__}"}
            return Evidence("network", "proxy", seen=seen)
        finally:
            server.shutdown()


def wrong_version(versions: dict[str, str]) -> Evidence | None:
    """The first package whose version is none that the course is written for, or None.

    With LAB_ANY_VERSION set, as where the lessons try a candidate, every version is.
    """
    if os.environ.get("LAB_ANY_VERSION"):
        return None
    file = course.ROOT / "pyproject.toml"
    project = tomllib.loads(file.read_text("utf-8"))["project"]
    wanted = {found.name.lower(): found for found in map(Requirement, project["dependencies"])}
    for package, version in versions.items():
        if not wanted[package].specifier.contains(version, prereleases=True):
            seen = {"package": package, "version": version}
            return Evidence(
                "environment",
                "package-version",
                seen=seen | {"wanted": str(wanted[package].specifier)},
            )
    return None

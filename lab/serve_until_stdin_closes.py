"""The project in this folder on the server and the port given, until standard input closes.

A server that only its parent stops outlives a parent that is killed. This one watches its
standard input, which the operating system closes when the parent goes, however it goes.
"""

import os
import sys
import threading

APPLICATION = "mywebsite.asgi:application"
HOST = "127.0.0.1"


def _end_with_stdin() -> None:
    # Unbuffered: a lock held on sys.stdin would spoil an ordinary exit of this process.
    while os.read(0, 1):
        pass
    # At once: a server's own shutdown can hang or crash while WebSockets are open.
    os._exit(0)


def _serve_with_daphne(port: int, _ws: str) -> None:
    from daphne.cli import CommandLineInterface  # here: only the server that is to serve

    CommandLineInterface().run(["-b", HOST, "-p", str(port), "-v", "2", APPLICATION])


def _serve_with_uvicorn(port: int, ws: str) -> None:
    import uvicorn  # here: as above

    uvicorn.run(
        APPLICATION,
        host=HOST,
        port=port,
        ws=ws,
        loop="asyncio",  # the same for everybody, also where uvloop is installed
        log_level="info",
        lifespan="off",
        timeout_graceful_shutdown=10,  # a client that reads nothing would make it wait without end
        use_colors=False,
        app_dir=".",  # Python was told not to look here (-P); Daphne's command does the same
    )


SERVE = {"daphne": _serve_with_daphne, "uvicorn": _serve_with_uvicorn}


def main(program: str, port: int, ws: str) -> None:
    """Serve APPLICATION with a program of SERVE, on HOST at port (0: any free one).

    ws is uvicorn's choice of WebSockets, as after its --ws; Daphne has but one.
    """
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    SERVE[program](port, ws)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

"""The project's page, live inside a notebook's output while its server runs."""

import os

from IPython.display import HTML, DisplayHandle, IFrame, display

from lab.messages import say

HEIGHT = 300
"""The frame's height in CSS pixels."""


class LivePage:
    """A frame with a page, where the cell that makes it shows its output.

    What a notebook keeps is the closed page: a saved frame would point to a port that is
    long gone.
    """

    def __init__(self, port: int) -> None:
        self._handle: DisplayHandle = display(_closed(), display_id=True)
        self._handle.update(_live(port))

    def close(self) -> None:
        """Replace the frame with a line that says how to see it again."""
        self._handle.update(_closed())


def _live(port: int) -> IFrame:
    title = f'title="{say("page_live")}"'  # what a screen reader calls the frame
    return IFrame(_address(port), "100%", HEIGHT, extras=[title])


def _closed() -> HTML:
    return HTML(f"<em>{say('page_closed')}</em>")


def _address(port: int) -> str:
    """Where the notebook's browser reaches the server at that port of this machine.

    A Jupyter server relays it (jupyter-server-proxy), wherever the browser itself may be;
    other programs that run notebooks have their browser on this machine.
    """
    if "JPY_SESSION_NAME" in os.environ:
        prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")
        return f"{prefix}proxy/{port}/"
    return f"http://127.0.0.1:{port}/"

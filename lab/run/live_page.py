"""The project's page, live inside a notebook's output while its server runs.

Others can write into that page, and in the first lessons what they write may be a script. So it
never has the notebook server's origin, where a script can do whatever the learner can: the
notebook's frame shows it at the server's own port, or at one that the hub has for it, or nothing is
shown but words.
"""

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from IPython.display import HTML, DisplayHandle, display

from lab.errors import LabError
from lab.messages import say
from lab.run import hub

HEIGHT = 300
"""The frame's height in CSS pixels."""
ANSWER_TIMEOUT = 3
"""Seconds that the page may take to answer whether it lets itself be framed."""

_HOST = "127.0.0.1"  # where lab's servers listen
_SCRIPT = Path(__file__).with_suffix(".js")


class LivePage:
    """A frame with a page, where the cell that makes it shows its output.

    What a notebook keeps is the closed page. One that is saved while the page is live keeps the
    script as well: opened again, it finds no server, and says so.
    """

    def __init__(self, port: int, path: str = "") -> None:
        self._handle: DisplayHandle = display(HTML(_closed()), display_id=True)
        self._handle.update(HTML(live(port, path)))

    def close(self) -> None:
        """Replace the frame with a line that says how to see it again."""
        self._handle.update(HTML(_closed()))


def live(port: int, path: str = "") -> str:
    """The HTML that shows a page at that port of this machine, if the browser reaches it."""
    try:
        public = hub.page(port)
    except LabError as reason:
        return f"<em>{reason}</em>"
    words = {
        "title": say("page_live"),  # what a screen reader calls the frame
        "elsewhere": say("page_elsewhere", port=port),
        "unreached": say("page_unreached", port=port),
        "unframed": say("page_unframed", port=port),
    }
    if public:
        words["unreached"] = say("page_hub_unreached", port=public["port"])
        words["unframed"] = say("page_hub_unframed")
        words["inWindow"] = say("page_window")
    shown = {"port": port, "hub": public, "path": path, "height": HEIGHT}
    arguments = json.dumps({**shown, "framable": _lets_itself_be_framed(port), **words})
    script = _SCRIPT.read_text(encoding="utf-8")
    # A script element is no place for "<" in a string: the parser would read it first.
    return f"{_closed()}<script>({script})({arguments.replace('<', chr(92) + 'u003c')})</script>"


def _closed() -> str:
    return f"<em>{say('page_closed')}</em>"


def _lets_itself_be_framed(port: int) -> bool:
    """Whether a page of another origin may frame it: the browser wouldn't tell the notebook."""
    connection = HTTPConnection(_HOST, port, timeout=ANSWER_TIMEOUT)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().getheader("X-Frame-Options") is None
    except (OSError, HTTPException):
        return True  # nothing that forbids it: the frame shows what there is
    finally:
        connection.close()

"""What a check is at, shown while it works, where somebody watches."""

import os
import threading

from IPython.display import DisplayHandle, display

from lab import markup
from lab.messages import say


class Watched:
    """A cell's output that says what is being tried, until it is told what came of it.

    Only where a Jupyter server runs the kernel for a notebook that is open; elsewhere nobody
    sees an output before its cell has ended, and what came of it is all that is told.
    """

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None
        self._telling = threading.Lock()  # a probe may begin beside others, in a thread of its own
        if os.environ.get("JPY_SESSION_NAME"):
            self._handle = DisplayHandle()
            self._handle.display(markup.both("", ""), raw=True)

    def trying(self, what: str) -> None:
        """Say what is tried now."""
        said = say("check_trying", what=what)
        with self._telling:
            if self._handle is not None:
                self._handle.update(markup.both(said, markup.status(said)), raw=True)

    def end(self, text: str = "", body: str = "") -> None:
        """Show, instead of what was tried, what came of it; what is tried later isn't told."""
        with self._telling:
            data = markup.both(text, body)
            if self._handle is not None:
                self._handle.update(data, raw=True)
                self._handle = None
            elif text:
                display(data, raw=True)

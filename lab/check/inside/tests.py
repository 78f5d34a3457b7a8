"""Runs a learner's own tests in a copy of the project, and writes down what came of each.

Each line of the results is JSON. Tests that use a browser are left out: they take long, and the
page is tried anyway.
"""

import os
from typing import Any

from inside import evidence
from inside.recorder import Recorder

NOT_NEEDED = ("cacheprovider", "nbval", "hypothesispytest", "xdist", "xdist.looponfail", "anyio")
"""Plugins that may be installed, and would only cost time."""
BROWSER_FIXTURES = {"page", "browser", "context", "playwright"}


class Watcher:
    """A plugin of pytest's that writes down what it sees."""

    def __init__(self, recorder: Recorder) -> None:
        self._write = recorder.write

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        """Leave out what needs a browser."""
        browser = [item for item in items if BROWSER_FIXTURES & set(item.fixturenames)]
        items[:] = [item for item in items if item not in browser]
        config.hook.pytest_deselected(items=browser)
        self._write(collected=len(items), left_out=len(browser))

    def pytest_exception_interact(self, node: Any, call: Any) -> None:
        """Note why a test failed, or why its file can't be read."""
        error = call.excinfo.value
        found = evidence.of_exception(error)
        if type(error).__name__ == "FixtureLookupError":
            file, line, function = node.location
            frame = {"file": file.replace(os.sep, "/"), "line": (line or 0) + 1}
            frame["function"] = function
            message = f"fixture '{error.argname}' not found"
            link = {"type": "FixtureLookupError", "message": message, "frames": [frame]}
            found["chain"] = [{**link, "name": error.argname}]
        self._write(failed=node.nodeid, evidence=found)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note how a test ended."""
        if report.when == "call" or report.outcome != "passed":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self._write(test=report.nodeid, outcome=report.outcome, reason=reason)


def main(order: dict[str, Any]) -> None:
    """Run `pytest chat` in the order's folder, up to the first failure."""
    if order["broken"]:
        from inside import broken  # noqa: F401 - it spoils the chat for all that comes
    import pytest

    recorder = Recorder(order["results"], order["folder"])
    # The workspace lies below the course's own pyproject.toml, which says so too.
    options = ["-q", "-x", "-o", "asyncio_mode=auto"]
    options += [part for plugin in NOT_NEEDED for part in ("-p", f"no:{plugin}")]
    recorder.write(code=int(pytest.main(["chat", *options], plugins=[Watcher(recorder)])))

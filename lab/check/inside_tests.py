"""Runs a learner's own tests in a copy of the project, and writes down what came of each.

`python inside_tests.py FOLDER RESULTS`; each line of RESULTS is JSON. Tests that use a browser
are left out: they take long, and the page is tried anyway.
"""

import json
import os
import sys
import threading

import inside_evidence as evidence

NOT_NEEDED = ("cacheprovider", "nbval", "hypothesispytest", "xdist", "xdist.looponfail", "anyio")
"""Plugins that may be installed, and would only cost time."""
BROWSER_FIXTURES = {"page", "browser", "context", "playwright"}


class Watcher:
    """A plugin of pytest's that writes down what it sees."""

    def __init__(self, results: str) -> None:
        self._file = open(results, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123

    def write(self, **line: object) -> None:
        """Add one line."""
        self._file.write(json.dumps(line, default=str) + "\n")

    def pytest_collection_modifyitems(self, config: object, items: list) -> None:
        """Leave out what needs a browser."""
        browser = [item for item in items if BROWSER_FIXTURES & set(item.fixturenames)]
        items[:] = [item for item in items if item not in browser]
        config.hook.pytest_deselected(items=browser)
        self.write(collected=len(items), left_out=len(browser))

    def pytest_exception_interact(self, node: object, call: object) -> None:
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
        self.write(failed=node.nodeid, evidence=found)

    def pytest_runtest_logreport(self, report: object) -> None:
        """Note how a test ended."""
        if report.when == "call" or report.outcome != "passed":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.write(test=report.nodeid, outcome=report.outcome, reason=reason)


def _end_with_stdin() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


def main(folder: str, results: str) -> None:
    """Run `pytest chat` in folder, up to the first failure."""
    import pytest

    sys.path[0] = folder
    os.chdir(folder)
    evidence.FOLDER = os.path.realpath(folder)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    watcher = Watcher(results)
    # The workspace lies below the course's own pyproject.toml, which says so too.
    options = ["-q", "-x", "-o", "asyncio_mode=auto"]
    options += [part for plugin in NOT_NEEDED for part in ("-p", f"no:{plugin}")]
    code = pytest.main(["chat", *options], plugins=[watcher])
    watcher.write(code=int(code))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""The file of what happened in a fork: a line of JSON for each step, exception and warning."""

import faulthandler
import json
import os
import signal
import threading
from collections.abc import Callable

from inside import evidence, watch


class Recorder:
    """Writes down what the learner's code does, as it happens: the process may die any time."""

    def __init__(self, path: str, folder: str) -> None:
        evidence.FOLDER = os.path.realpath(folder)
        self._file = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123
        self._stacks = open(path + ".stack", "a", encoding="utf-8")  # noqa: SIM115, PTH123
        self._lock = threading.Lock()
        self._warned = 0
        evidence.watch_warnings()
        if hasattr(signal, "SIGUSR1"):
            # What never gives up the interpreter's lock answers nobody; this needs no lock.
            faulthandler.register(signal.SIGUSR1, file=self._stacks, all_threads=True)

    def write(self, **line: object) -> None:
        """Add one line."""
        with self._lock:
            self._file.write(json.dumps(line, default=str) + "\n")

    def raised(self, error: BaseException, **seen: object) -> None:
        """Note an exception that the learner's code raised while it was served."""
        self.write(raised=evidence.of_exception(error) | seen)

    def tell(self, **more: object) -> None:
        """Note what is known just now: where each thread is busy, and the warnings so far."""
        self._stacks.truncate(0)
        watch.write_stacks(self._stacks)
        self.write(warnings=evidence.warned(), **more)

    def step(self, name: str, function: Callable[[], object], seconds: float) -> bool:
        """Run one step; False when it failed. It ends the process when it takes too long."""
        self.write(step=name, state="begun")
        limit = watch.Limit(seconds, self._stacks)
        try:
            observed = function()
        except evidence.Failed as failed:
            self.write(step=name, state="failed", evidence=failed.evidence)
            return False
        except BaseException as error:  # noqa: BLE001 - whatever the learner's code does
            self.write(step=name, state="failed", evidence=evidence.of_exception(error))
            return False
        finally:
            limit.cancel()
        self.write(step=name, state="passed", observed=observed)
        return True

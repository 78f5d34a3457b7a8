"""Kernels that start although another process has taken a port that was free a moment before."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Started = TypeVar("Started")


def once_more(start: Callable[Arguments, Started]) -> Callable[Arguments, Started]:
    """What starts a kernel and waits for its first answer, tried again where the kernel died before it.

    Jupyter looks for free ports, and the kernel takes them a second later: on a busy machine
    somebody else has come first by then. JupyterLab starts such a kernel again as well.
    """

    @wraps(start)
    def starting(*args: Arguments.args, **named: Arguments.kwargs) -> Started:
        try:
            return start(*args, **named)
        except RuntimeError as error:
            if "died" not in str(error):  # it is slow, and would be again
                raise
            return start(*args, **named)

    return starting

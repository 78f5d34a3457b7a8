"""A plugin of pytest's: whole files in an order that a number gives, as `make soak` wants them."""

import random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The number, the same for all processes of a run."""
    parser.addoption("--shuffle", type=int, required=True, help="another order for each number")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A file's tests stay together and in order: those of a notebook are its cells."""
    files = list(dict.fromkeys(item.path for item in items))
    random.Random(config.option.shuffle).shuffle(files)
    items.sort(key=lambda item: files.index(item.path))

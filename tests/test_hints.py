"""A cell that is run twice, or too early, is told which cell to go back to."""

import re

import pytest
from support import gates

from lab import course
from lab.author import notebooks
from lab.kernel.hints import line_that_gives

BACK = {
    ("01-template", "close-browser"): "browser = await open_browser(",
    ("05-asgi", "cookie-live"): "daphne, address = start_daphne()",
    ("06-live", "server-stops"): "server = lesson.serve()",
}
"""Cells that close what they use, and the line of the cell that opens it."""


@pytest.mark.parametrize("language", ["pt-br", "en"])
def test_the_line_is_that_of_the_last_cell_before_that_gives_the_name(language):
    for (lesson, id), line in BACK.items():
        cells = gates.code(notebooks.read(course.find(lesson).notebook(language)))
        [cell] = [cell for cell in cells if cell.id == id]
        sources = [each.source for each in cells]
        name = re.match(r"\w+", line)[0]
        assert line_that_gives({name}, cell.source, sources).startswith(line)


def test_what_a_function_calls_its_own_is_no_cells():
    sources = ["with opened() as page:\n    x = 1", "def look():\n    page = 1", "page"]
    assert line_that_gives({"page"}, "page", sources) == "with opened() as page:"
    assert line_that_gives({"look"}, "page", sources) == "def look():"
    assert line_that_gives({"nobody"}, "page", sources) is None
    assert (
        line_that_gives({"x"}, "a cell of the learner's own", ["%%time\nx = 1", *sources])
        == "x = 1"
    )


GONE = {
    "import urllib.request, socket; socket.create_connection(('127.0.0.1', server.port))": "server",
    "await websockets.connect(server.websocket_url, proxy=None)": "server",
    "await ana.recv()": "ana",
}


def test_a_cell_that_talks_to_what_is_closed_is_told_where_to_go_back(kernels):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live"); server = lesson.serve()')
    kernel.run(
        "import websockets; ana = await websockets.connect(server.websocket_url, proxy=None)"
    )
    kernel.run("server.stop()")
    for source, name in GONE.items():
        *_, said = kernel.run(source).splitlines()
        assert re.search(
            rf"Go back to the cell with the line `{name} = .*` and run from there\.$", said
        )


def test_a_name_that_an_earlier_cell_gives_is_told_with_its_line(kernels):
    kernel = kernels("pt-br")
    kernel.run('from lab import Lesson; lesson = Lesson("06-live")')
    *_, said = kernel.run("print(server.url)").splitlines()
    assert said.startswith("server vem de uma célula que ainda não rodou")
    assert "`server = lesson.serve()`" in said
    said = kernel.run("print(nothing_like_this)").splitlines()[-1]
    assert said.endswith("name 'nothing_like_this' is not defined")


def test_other_errors_are_shown_as_they_are(kernels):
    plain, hinted = kernels(), kernels()
    hinted.run('from lab import Lesson; lesson = Lesson("06-live")')
    plain.run("1")
    for source in ("1 / 0", "def broken(:", "raise ExceptionGroup('several', [ValueError()])"):
        said = [re.sub(r"ipykernel_\d+", "", each.run(source)) for each in (plain, hinted)]
        assert said[0] == said[1]

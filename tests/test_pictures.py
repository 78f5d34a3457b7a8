"""Pictures that a lesson shows: their alternative text, where a reader's program looks for it."""

import base64
import io
from typing import TYPE_CHECKING

import nbformat
import pytest
from bs4 import BeautifulSoup

from lab import LabError, Lesson, course

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What is imported below takes a second, which each worker would take to collect this file.


def a_figure() -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    return figure


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The data of each output that a cell would get."""
    from lab.kernel import pictures

    outputs = []
    monkeypatch.setattr(pictures, "display", lambda data, **_: outputs.append(data))
    return outputs


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_the_text_is_the_images_alt_in_the_exported_page(shown, template):
    from nbconvert import HTMLExporter

    from lab.kernel import pictures

    text = 'a <rising> "line" & a dot'
    pictures.show(a_figure(), text)
    output = nbformat.v4.new_output("display_data", data=shown[0])
    cell = nbformat.v4.new_code_cell("...", outputs=[output])
    page, _ = HTMLExporter(template_name=template).from_notebook_node(
        nbformat.v4.new_notebook(cells=[cell])
    )
    [image] = BeautifulSoup(page, "html.parser").select("img")
    assert image["alt"] == text
    assert image["src"].startswith("data:image/png;base64,iVBOR")


def test_a_screenshots_bytes_are_shown_as_they_are(shown):
    from lab.kernel import pictures

    png = io.BytesIO()
    a_figure().savefig(png)
    pictures.show(png.getvalue(), "a line")
    assert shown[0]["text/plain"] == "a line"
    assert base64.b64encode(png.getvalue()).decode() in shown[0]["text/html"]


def test_a_picture_that_the_index_does_not_describe_is_refused():
    lesson = object.__new__(Lesson)  # none of the rest is needed, or begun
    lesson.entry = course.find("01-template")
    with pytest.raises(LabError, match=r"'selfie'.*open-page, page-listens"):
        lesson.picture("selfie", b"")

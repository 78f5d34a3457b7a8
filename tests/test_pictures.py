"""Pictures that a lesson shows: their alternative text, where a reader's program looks for it."""

import base64
import io
import os
import subprocess
import sys
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


def luminance(color: str) -> float:
    """WCAG 2.2's relative luminance of a matplotlib color."""
    from matplotlib.colors import to_rgb

    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in to_rgb(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.fixture
def in_the_style():
    """As in a kernel whose first cell made a Lesson, and then imported matplotlib."""
    import matplotlib

    from lab.kernel import figures

    with matplotlib.rc_context(fname=figures.STYLE):
        yield matplotlib.rcParams


def test_each_of_a_figures_lines_is_seen_on_its_ground_and_told_from_the_one_before(in_the_style):
    ground = luminance(in_the_style["figure.facecolor"])
    lines = list(in_the_style["axes.prop_cycle"])
    for line in lines:  # WCAG 2.2, 1.4.11: at least 3 to 1
        assert (ground + 0.05) / (luminance(line["color"]) + 0.05) >= 3
    darker, lighter = sorted(luminance(line["color"]) for line in lines[:2])
    assert (lighter + 0.05) / (darker + 0.05) >= 2
    assert len({line["linestyle"] for line in lines}) == len(lines)


def test_a_figure_is_sharp_and_as_large_as_its_inches(in_the_style, shown):
    from lab.kernel import pictures

    figure = a_figure()
    pictures.show(figure, "a line")
    [image] = BeautifulSoup(shown[0]["text/html"], "html.parser").select("img")
    png = base64.b64decode(image["src"].partition(",")[2])
    pixels = int.from_bytes(png[16:20])
    assert pixels / int(image["width"]) == pytest.approx(150 / 96, rel=0.01)
    assert int(image["width"]) == pytest.approx(7 * 96, rel=0.05)


def test_a_lessons_kernel_draws_in_the_style(tmp_path):
    program = "from lab import Lesson; Lesson('23-throughput'); import matplotlib as m; print(m.matplotlib_fname())"
    environment = os.environ | {"LAB_WORKSPACE": str(tmp_path / "workspace")}
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert run.stdout.splitlines()[-1].endswith("figures.mplstyle")


def test_a_picture_that_the_index_does_not_describe_is_refused():
    lesson = object.__new__(Lesson)  # none of the rest is needed, or begun
    lesson.entry = course.find("01-template")
    with pytest.raises(LabError, match=r"'selfie'.*open-page, page-listens"):
        lesson.picture("selfie", b"")

"""Pictures in a cell's output, with a text for those who can't see them."""

import base64
import html
import struct

from IPython.core.pylabtools import print_figure
from IPython.display import display
from matplotlib import pyplot
from matplotlib.figure import Figure

_CSS_DPI = 96  # as large as an inch is on a page; the dots that a figure has more make it sharp


def show(picture: bytes | Figure, alternative: str) -> None:
    """Show a PNG's bytes or a matplotlib figure, with an alternative text.

    As HTML: an image's own `alt` metadata is shown neither by JupyterLab nor by nbconvert.
    """
    if isinstance(picture, Figure):
        png = print_figure(picture)
        pyplot.close(picture)  # or it would be shown once more when the cell ends
        size = f' width="{_width(png) * _CSS_DPI // picture.dpi:.0f}"'
    else:
        png, size = picture, ""
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    element = f'<img alt="{html.escape(alternative)}"{size} src="{source}">'
    display({"text/html": element, "text/plain": alternative}, raw=True)


def _width(png: bytes) -> int:
    """A PNG's width in pixels: the four bytes after its signature, a length and `IHDR`."""
    return int(struct.unpack_from(">I", png, 16)[0])

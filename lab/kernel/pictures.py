"""Pictures in a cell's output, with a text for those who can't see them."""

import base64
import html

from IPython.core.pylabtools import print_figure
from IPython.display import display
from matplotlib import pyplot
from matplotlib.figure import Figure


def show(picture: bytes | Figure, alternative: str) -> None:
    """Show a PNG's bytes or a matplotlib figure, with an alternative text.

    As HTML: an image's own `alt` metadata is shown neither by JupyterLab nor by nbconvert.
    """
    png = print_figure(picture) if isinstance(picture, Figure) else picture
    if isinstance(picture, Figure):
        pyplot.close(picture)  # or it would be shown once more when the cell ends
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    element = f'<img alt="{html.escape(alternative)}" src="{source}">'
    display({"text/html": element, "text/plain": alternative}, raw=True)

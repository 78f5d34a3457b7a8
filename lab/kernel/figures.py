"""How the figures that cells draw look: `figures.mplstyle`, of which no cell has to know."""

import os
from pathlib import Path

STYLE = Path(__file__).with_suffix(".mplstyle")


def begin() -> None:
    """Have matplotlib, which a cell imports later, start from the style; not where there is another."""
    os.environ.setdefault("MATPLOTLIBRC", str(STYLE))

"""The lessons as slides: reveal.js, by nbconvert's exporter, from the notebooks as they are stored.

Which cell begins a slide is worked out anew each time, from headings and from what fits on a
projector; nobody keeps it in the notebooks. What the teacher's guide says of a lesson stands in the
speaker's notes. A cell's output comes with the next key: first the class bets.
"""

from pathlib import Path

HERE = Path(__file__).parent
"""This folder: the slides' template, style and script."""

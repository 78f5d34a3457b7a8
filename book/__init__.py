"""The course as a book: a site of both languages, from the notebooks as they are stored.

Sphinx with MyST-NB reads notebooks with their outputs and runs nothing; its search needs no server,
so it works from a folder too, as that of MkDocs and of Jupyter Book 2 (which is a web application)
does not. Of its themes pydata-sphinx-theme was made for the keyboard and for screen readers, and what
it says can be translated; Furo's buttons are checkboxes with English names.
"""

from pathlib import Path

HERE = Path(__file__).parent
"""This folder: the site's settings, templates and styles."""


class BookError(Exception):
    """What a page of the course asks for and the book can't give, named with the page."""

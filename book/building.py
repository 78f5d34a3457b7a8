"""From the notebooks as they are stored to the site's files; no cell runs, and nothing is fetched."""

import shutil
import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from book import HERE, BookError
from book.broken import broken
from book.sources import Sources
from book.words import word
from lab import course
from lab.author.export import READMES
from lab.language import LANGUAGES


def build(sources: Path, site: Path) -> None:
    """Write the site into a folder, and what it is made from into another; both are emptied before.

    Raises BookError when it isn't whole: a page that Sphinx warns of, or a link that leads nowhere.
    """
    for folder in (sources, site):
        shutil.rmtree(folder, ignore_errors=True)
    _compile_catalogues(sources / "locale")
    for language in LANGUAGES:
        Sources(language, sources / language).write()
    # MyST-NB leaves a folder beside the pages, which is no part of the site.
    pages = {language: sources / "html" / language / "pages" for language in LANGUAGES}
    building = [
        subprocess.Popen(_sphinx(language, sources, pages[language]), cwd=course.ROOT)
        for language in LANGUAGES
    ]
    codes = [process.wait() for process in building]
    if any(codes):
        raise BookError("Sphinx has told above what is wrong")
    for language in LANGUAGES:
        shutil.move(pages[language], site / language)
    shutil.copy(HERE / "index.html", site)
    if problems := broken(site):
        raise BookError("\n".join(problems))


def _compile_catalogues(folder: Path) -> None:
    """The theme's words in the languages that it doesn't bring, as gettext wants them."""
    for source in sorted((HERE / "locale").glob("*.po")):
        compiled = folder / source.stem / "LC_MESSAGES" / "sphinx.mo"
        compiled.parent.mkdir(parents=True)
        with source.open("rb") as text, compiled.open("wb") as binary:
            write_mo(binary, read_po(text, locale=source.stem))


def _sphinx(language: str, sources: Path, pages: Path) -> list[str]:
    """The command that makes one language's pages; a warning fails it."""
    title = (course.ROOT / READMES[language]).read_text("utf-8").partition("\n")[0]
    return [
        *(sys.executable, "-m", "sphinx", "--builder", "html", "--quiet"),
        *("--fail-on-warning", "--keep-going", "--conf-dir", str(HERE)),
        *("--doctree-dir", str(sources / "doctrees" / language)),
        *("-D", f"language={word('locale', language)}", "-D", f"project={title.lstrip('# ')}"),
        *(str(sources / language), str(pages)),
    ]

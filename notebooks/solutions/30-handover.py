"""30-handover: the exercises' checks and worked answers. Reading on spoils them."""

import hashlib
from collections.abc import Callable

from lab.exercises import NotYet, exercise, refuse_blank


@exercise(
    answer="""
# Each of /, /a/ and /a/b/ begins the page's path. That of / comes last, and is the one that is kept.
sent, read, named = 3, "/", 3

await lesson.exercise("jar", sent, read, named)
""",
    wrong=(
        """
sent, read, named = 1, "/a/b/", 1

await lesson.exercise("jar", sent, read, named)
""",
        """
sent, read, named = 3, "/a/b/", 3

await lesson.exercise("jar", sent, read, named)
""",
        """
sent, read, named = 3, "/", 1

await lesson.exercise("jar", sent, read, named)
""",
    ),
)
def jar(sent: object, read: object, named: object) -> None:
    """Follows the cookies of three sites to a page of the third."""
    if sent != 3:
        raise NotYet(
            f"{sent} não: o caminho da página é /a/b/…, e cada um dos três caminhos é começo dele.",
            f"not {sent}: the page's path is /a/b/…, and each of the three paths is a beginning of it.",
        )
    if read != "/":
        raise NotYet(
            f"{read!r} não: vão do caminho mais longo ao mais curto, e o último fica.",
            f"not {read!r}: they go from the longest path to the shortest, and the last one is kept.",
        )
    if named != 3:
        raise NotYet(
            f"{named} não: o navegador escolhe pelo caminho. O nome serve a quem lê.",
            f"not {named}: the browser chooses by the path. The name serves those who read.",
        )


@exercise(
    answer="""
import hashlib


def hashed(name, content):
    digits = hashlib.md5(content).hexdigest()[:12]
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{digits}.{suffix}"


await lesson.exercise("hashed", hashed)
""",
    wrong=(
        """
import hashlib


def hashed(name, content):
    digits = hashlib.md5(name.encode()).hexdigest()[:12]
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{digits}.{suffix}"


await lesson.exercise("hashed", hashed)
""",
        """
import hashlib


def hashed(name, content):
    digits = hashlib.md5(content).hexdigest()[:12]
    stem, dot, suffix = name.partition(".")
    return f"{stem}.{digits}.{suffix}"


await lesson.exercise("hashed", hashed)
""",
        """
import hashlib


def hashed(name, content):
    digits = hashlib.md5(content).hexdigest()
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{digits}.{suffix}"


await lesson.exercise("hashed", hashed)
""",
    ),
)
def hashed(hashed: Callable) -> None:
    """Names some files by their content."""
    for name in ("chat/chat.js", "icon.svg", "chat/vendor.min.js"):
        for content in (b"one", b"two"):
            given = hashed(name, content)
            refuse_blank(given)
            digits = hashlib.md5(content).hexdigest()[:12]
            stem, _, suffix = name.rpartition(".")
            if given != f"{stem}.{digits}.{suffix}":
                raise NotYet(
                    f"`hashed({name!r}, {content!r})` devolveu {given!r}, e o nome é "
                    f"{stem}.{digits}.{suffix}.",
                    f"`hashed({name!r}, {content!r})` returned {given!r}, and the name is "
                    f"{stem}.{digits}.{suffix}.",
                )

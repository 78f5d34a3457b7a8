"""The folder of a class: its database, its code, and the certificate that its address tells of.

A board that is started again is the same board: those who joined find it by the same address.
"""

import json
import os
import secrets
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import trustme

from lab import course
from lab.board.doors import new_code
from lab.errors import LabError
from lab.messages import say

FOLDER = course.ROOT / "class-board"


@dataclass(frozen=True)
class Kept:
    """What a class keeps from one start of its board to the next."""

    folder: Path
    code: str
    secret: str

    def certificate(self, host: str) -> tuple[Path, Path]:
        """Its certificate for that host and the key to it; made at first."""
        safe = "".join(letter if letter.isalnum() else "-" for letter in host)
        certificate, key = self.folder / f"{safe}.pem", self.folder / f"{safe}.key"
        if not certificate.exists():
            made = trustme.CA().issue_cert(host, "127.0.0.1", "localhost")
            _write(key, made.private_key_pem.bytes())
            _write(certificate, made.cert_chain_pems[0].bytes())
        return certificate, key


def opened(folder: Path, anew: bool) -> Kept:
    """The class in a folder, or a new one; anew, the one that is there is put aside first.

    Raises LabError where the folder can't be written, or holds something else.
    """
    if anew and folder.exists():
        aside = folder.with_name(f"{folder.name}-kept")
        aside.mkdir(mode=0o700, exist_ok=True)
        folder.rename(next(p for n in count(1) if not (p := aside / str(n)).exists()))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "class.json"
    if not file.exists():
        _write(file, json.dumps({"code": new_code(), "secret": secrets.token_hex(32)}).encode())
    try:
        return Kept(folder, **json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise LabError(say("board_damaged", path=file)) from error


def _write(file: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
        opened.write(content)
    draft.replace(file)

"""Where a board listens, who can reach it there, and the line with which learners join."""

import errno
import json
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from lab.board.keeping import Kept
from lab.classroom import OWN_NAMES
from lab.classroom.address import HERE, seal_of
from lab.errors import LabError
from lab.messages import say

ANYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Door:
    """An address that is listened at: the socket, and over TLS its certificate and key."""

    listening: socket.socket
    tls: tuple[Path, Path] | None = None

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        port: int = self.listening.getsockname()[1]
        return port


@dataclass(frozen=True)
class Place:
    """A board's addresses: this machine's own, where the teacher is, and perhaps the class's."""

    own: Door
    at: str
    """What a learner writes after `at=`; empty where it is the usual one of this machine."""
    who_can_reach: str
    code: str
    shared: Door | None = None
    hosts: tuple[str, ...] = ()
    """The names under which the board is asked for."""

    @property
    def url(self) -> str:
        """The teacher's page."""
        return f"http://127.0.0.1:{self.own.port}/"

    @property
    def join_line(self) -> str:
        """What a learner runs."""
        at = f", at={json.dumps(self.at)}" if self.at else ""
        return f'lesson.join("{self.code}", "{say("board_nickname_here")}"{at})'


def take(kept: Kept, host: str, port: int, certificate: Path | None, key: Path | None) -> Place:
    """Listen at the port on this machine, and at the next one at a host that is not this machine.

    Raises LabError where that isn't possible, or where a certificate can't be used.
    """
    own = Door(_listen("127.0.0.1", port))
    if host in OWN_NAMES:
        at = f"127.0.0.1:{own.port}"
        reach = say("board_reach_here")
        return Place(own, "" if at == HERE else at, reach, kept.code)
    listening = _listen(host, port + 1 if port else 0)
    known = _known_as() if host in ANYWHERE else host
    if certificate is not None:
        files = certificate, key or certificate
        named, seal = _name_in(*files), ""
    else:
        files = kept.certificate(known)
        named, seal = known, "/" + seal_of(ssl.PEM_cert_to_DER_cert(files[0].read_text("ascii")))
    shared = Door(listening, files)
    reach = say("board_reach", host=_bracketed(known), port=shared.port)
    at = f"{_bracketed(named)}:{shared.port}{seal}"
    return Place(own, at, reach, kept.code, shared, (named, known, host))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
        return socket.create_server(
            (host, port), family=family, backlog=512, dualstack_ipv6=both and host in ANYWHERE
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LabError(say("board_port_taken", port=port)) from error
        raise LabError(say("board_no_host", host=host, reason=error.strerror or error)) from error


def _known_as() -> str:
    """The address that others have for this machine: the one that it would speak from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            name: str = probe.getsockname()[0]
        except OSError:
            name = socket.gethostname()
    return name


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _name_in(certificate: Path, key: Path) -> str:
    """The first name that a certificate is for."""
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = [str(each.value) for each in names]
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise LabError(say("board_certificate", path=certificate, reason=error)) from error
    if not found:
        raise LabError(say("board_certificate", path=certificate, reason="subjectAltName"))
    return found[0]

"""An nginx in the background, in front of the project's servers."""

import os
import shutil
import signal
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

import trustme

from lab.run import children
from lab.run.server import HOST, Server
from lab.run.service import NGINX, Service, find_program
from lab.run.temporary import Folder
from lab.run.valkey import steady_port

NAME = "localhost"
"""The name that its certificate is for."""

# What a system's own nginx.conf says around a site, with nothing outside of one folder.
_AROUND = """
daemon off;
{user}pid nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


class Nginx:
    """An nginx that serves one site on this machine, over TLS; it ends with this process.

    The site's configuration includes two files that belong to a machine and not to the site:
    `chat/listen.conf` says where it listens, with which certificate, and `chat/servers.conf` which
    servers are behind it.
    """

    def __init__(self) -> None:
        """Raises LabError where there is no nginx, with what to install."""
        self._program = find_program("nginx", NGINX)
        self._folder = Folder("nginx")
        self._service: Service | None = None
        self._authority = trustme.CA()
        self.port = steady_port()

    @classmethod
    def start(cls, site: Path, servers: Iterable[Server], log_file: Path) -> "Nginx":
        """Serve a site's configuration, with those servers behind it; wait until it listens.

        Raises LabError: there is no nginx here; or it ended, with its own last lines.
        """
        nginx = cls()
        try:
            nginx._write(site, servers)
            nginx._serve(log_file)
        except BaseException:
            nginx.stop()
            raise
        return nginx

    @property
    def address(self) -> str:
        """Name and port, as they stand in a URL."""
        return f"{NAME}:{self.port}"

    @property
    def url(self) -> str:
        """The address of the site's first page."""
        return f"https://{self.address}/"

    @property
    def trust(self) -> ssl.SSLContext:
        """For its clients: they trust those who signed its certificate, and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return context

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._service is not None and self._service.running

    def stop(self) -> None:
        """End it, and remove its folder; stopping twice is fine.

        Raises LabError if its process doesn't go.
        """
        if self._service is not None:
            self._service.stop()
        self._folder.remove()

    def __repr__(self) -> str:
        return f"<Nginx {NAME} {'running' if self.running else 'stopped'}>"

    def _write(self, site: Path, servers: Iterable[Server]) -> None:
        folder = self._folder.path
        user = "user root;\n" if os.geteuid() == 0 else ""  # else its workers couldn't read these
        (folder / "nginx.conf").write_text(_AROUND.format(user=user))
        shutil.copy(site, folder / "site.conf")
        (folder / "chat").mkdir()
        certificate = self._authority.issue_cert(NAME)
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "chat/tls.pem"))
        (folder / "chat/listen.conf").write_text(
            f"listen {HOST}:{self.port} ssl;\n"
            "ssl_certificate chat/tls.pem;\nssl_certificate_key chat/tls.pem;\n"
        )
        # However often one of them didn't answer: it is asked again.
        lines = [f"server {server.address} max_fails=0;\n" for server in servers]
        (folder / "chat/servers.conf").write_text("".join(lines))

    def _serve(self, log_file: Path) -> None:
        folder = self._folder.path
        command = [str(self._program), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
        process = children.start(command, folder, log_file, signal.SIGTERM)
        self._service = Service("nginx", process, log_file)
        self._service.wait_until(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

"""Learners' pages on the hub, each with an origin of its own, for their readers' own machines.

A lesson's server listens on the hub's machine alone, and under the hub's address a script in its page
would rule its reader's Jupyter. So each page gets a port of the hub's: a lesson asks for one, and only
who has the address that it is given gets in. What comes there goes on to the lesson's server as if the
browser were on this machine, except for cookies: those know no ports, so the page's own have other
names in the browser, and no others leave for it.
"""

import asyncio
import os
import secrets
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import psutil
from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    DummyCookieJar,
    TCPConnector,
    WSCloseCode,
    WSMsgType,
    WSServerHandshakeError,
    web,
)
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

HOST = os.environ["PAGES_HOST"]
FIRST, LAST = map(int, os.environ["PAGES_PORTS"].split("-"))
ASKED_AT = int(os.environ["PAGES_ASKED_AT"])
"""The port at which lessons ask, on this machine alone."""
CERTIFICATE, KEY = os.environ["PAGES_CERTIFICATE"], os.environ["PAGES_KEY"]
HUB = os.environ["JUPYTERHUB_API_URL"]

HERE = "127.0.0.1"
"""Where lessons' servers listen, and where they ask."""
TICKET = "page-ticket"
"""The part of an address that lets its reader in, once; then a cookie does."""
CONNECT = 5
"""Seconds that a lesson's server may take to take a connection."""
SILENCE = 60
"""Seconds that it, or who sends it something, may go without a word in mid-request."""
HEARTBEAT = 30
"""Seconds after which a WebSocket's reader is asked whether they are still there."""
GOODBYE = 3
"""Seconds that either side of a WebSocket may take to answer a goodbye, and that all have as the hub ends."""
LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message on a WebSocket; the finished chat takes an eighth of a megabyte."""
CLOSED = (
    "Abra esta página pelo seu notebook: execute de novo a célula que a mostra."
    "  ·  Open this page from your notebook: run the cell that shows it again.\n"
)
SILENT = "O servidor da lição não responde.  ·  The lesson's server doesn't answer.\n"

OF_ONE_CONNECTION = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
    *("te", "trailer", "transfer-encoding", "upgrade"),
}
"""Headers that end where a connection does (RFC 9110, 7.6.1)."""
NOT_ASKED = (
    OF_ONE_CONNECTION
    | {"cookie", "expect", "host"}
    | {f"sec-websocket-{name}" for name in ("extensions", "key", "protocol", "version")}
)
"""What of a request is said anew, or not at all."""
NOT_TOLD = OF_ONE_CONNECTION | {"clear-site-data", "set-cookie", "strict-transport-security"}
"""And of an answer: these would speak for the whole machine's name, and so for the hub."""

WebSocket = web.WebSocketResponse | ClientWebSocketResponse
Goodbye = dict[str, int | bytes] | None
"""The code and the reason of a close frame; None where none came."""


@dataclass(frozen=True)
class Shown:
    """A lesson's server that a public port leads to."""

    port: int
    process: psutil.Process
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(16), compare=False)

    def admits(self, ticket: str | None) -> bool:
        """Whether whoever has this ticket may see it."""
        return ticket is not None and secrets.compare_digest(ticket.encode(), self.ticket.encode())


class Table:
    """Which public port leads where, for as long as what listens there runs."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self._shown: dict[int, Shown] = {}

    def at(self, public: int) -> Shown | None:
        """What that port leads to now."""
        shown = self._shown.get(public)
        return shown if shown and shown.process.is_running() else None

    def show(self, wanted: Shown) -> tuple[int, Shown] | None:
        """The port that leads there, and to what; None when all lead elsewhere."""
        taken = {public: shown for public in self.ports if (shown := self.at(public))}
        for public, shown in taken.items():
            if shown == wanted:
                return public, shown
        public = next((each for each in self.ports if each not in taken), None)
        if public is None:
            return None
        self._shown[public] = wanted
        return public, wanted


class Pages:
    """What answers at the public ports."""

    def __init__(self, table: Table, session: ClientSession) -> None:
        self._table = table
        self._session = session

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on to the lesson's server, if who asks was given the page's address."""
        public = request.get_extra_info("sockname")[1]
        shown = self._table.at(public)
        if shown is None:
            return web.Response(status=403, text=CLOSED)
        if shown.admits(request.query.get(TICKET)):
            return _entered(request, public, shown)
        if not shown.admits(request.cookies.get(_own(public))):
            return web.Response(status=403, text=CLOSED)
        opening = request.headers.get("Upgrade", "").lower() == "websocket"
        try:
            return await (self._converse if opening else self._relay)(request, public, shown.port)
        except (ClientError, TimeoutError):
            return web.Response(status=502, text=SILENT)

    async def _relay(self, request: web.BaseRequest, public: int, port: int) -> web.StreamResponse:
        async with self._session.request(
            request.method,
            _address(request, port),
            headers=_asked(request, public, port),
            data=_sent(request) if request.can_read_body else None,
            allow_redirects=False,
        ) as answer:
            told = _told(request, public, answer.headers)
            relayed = web.StreamResponse(status=answer.status, reason=answer.reason, headers=told)
            await relayed.prepare(request)
            try:
                async for part in answer.content.iter_any():
                    await asyncio.wait_for(relayed.write(part), SILENCE)
            except (ClientError, TimeoutError):
                _break_off(request)  # what has begun can't become another answer
            return relayed

    async def _converse(
        self, request: web.BaseRequest, public: int, port: int
    ) -> web.StreamResponse:
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        try:
            conversation = await self._session.ws_connect(
                _address(request, port),
                headers=_asked(request, public, port),
                protocols=[name.strip() for name in offered if name.strip()],
                autoclose=False,
                max_msg_size=LARGEST_MESSAGE,
                timeout=ClientWSTimeout(ws_close=GOODBYE),
            )
        except WSServerHandshakeError as refusal:
            return web.Response(status=refusal.status)
        async with conversation as far:
            near = web.WebSocketResponse(
                protocols=[far.protocol] if far.protocol else (),
                autoclose=False,
                compress=False,
                heartbeat=HEARTBEAT,
                max_msg_size=LARGEST_MESSAGE,
                timeout=GOODBYE,
            )
            await near.prepare(request)
            ended = await _whoever_ends(_carry(far, near), _carry(near, far))
            if ended is None:  # no goodbye: as on one's own machine, none arrives
                _break_off(request)
            else:
                await asyncio.gather(near.close(**ended), far.close(**ended))
            return near


def _break_off(request: web.BaseRequest) -> None:
    if request.transport:
        request.transport.abort()


def _own(public: int) -> str:
    """The cookie that lets in at that port; and, with a dash, how the page's own names begin there."""
    return f"page-{public}"


def _entered(request: web.BaseRequest, public: int, shown: Shown) -> web.Response:
    """Take the ticket out of the browser's address, and leave it a cookie."""
    there = request.rel_url.without_query_params(TICKET)
    there = there.with_path("/" + there.raw_path.lstrip("/"), encoded=True, keep_query=True)
    kept = {"Location": str(there), "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    entered = web.Response(status=303, headers=kept)
    secured = {"secure": request.secure, "httponly": True, "samesite": "Lax"}
    entered.set_cookie(_own(public), shown.ticket, **secured)
    return entered


def _address(request: web.BaseRequest, port: int) -> URL:
    return URL(f"http://{HERE}:{port}{request.rel_url.raw_path_qs}", encoded=True)


def _asked(request: web.BaseRequest, public: int, port: int) -> CIMultiDict[str]:
    """A request's headers as the lesson's server gets them."""
    headers = _passed(request.headers, but=NOT_ASKED)
    headers["Host"] = f"{HERE}:{port}"
    if (
        headers.get("Origin") == f"{request.scheme}://{request.host}"
    ):  # the page's own, nobody else's
        headers["Origin"] = f"http://{HERE}:{port}"
    sent = ";".join(request.headers.getall("Cookie", ())).split(";")
    its = f"{_own(public)}-"
    own = [each.strip().removeprefix(its) for each in sent if each.strip().startswith(its)]
    if own:
        headers["Cookie"] = "; ".join(own)
    return headers


def _told(
    request: web.BaseRequest, public: int, answered: CIMultiDictProxy[str]
) -> CIMultiDict[str]:
    """An answer's headers as the browser gets them."""
    headers = _passed(answered, but=NOT_TOLD)
    for cookie in answered.getall("Set-Cookie", ()):
        named, *attributes = cookie.split(";")
        kept = [each for each in attributes if not each.strip().lower().startswith("domain")]
        headers.add("Set-Cookie", ";".join((f"{_own(public)}-{named.strip()}", *kept)))
    # The browser sends the hub's cookies to the hub whichever of its ports asks: so the page's
    # scripts and forms have nobody to talk to but the page's own server.
    socket = f"{'wss' if request.secure else 'ws'}://{request.host}"
    headers.add("Content-Security-Policy", f"connect-src 'self' {socket}; form-action 'self'")
    return headers


def _passed(headers: CIMultiDictProxy[str], but: set[str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    kept = ((name, value) for name, value in headers.items() if name.lower() not in but | named)
    return CIMultiDict(kept)


async def _sent(request: web.BaseRequest) -> AsyncIterator[bytes]:
    while part := await asyncio.wait_for(request.content.readany(), SILENCE):
        yield part


async def _carry(source: WebSocket, target: WebSocket) -> Goodbye:
    """Carry messages until the source ends: its goodbye, or None if it said none."""
    with suppress(ConnectionError):
        while True:
            message = await source.receive()
            if message.type is WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await target.send_bytes(message.data)
            elif message.type is WSMsgType.CLOSE:
                reason = (message.extra or "").encode()
                return {"code": message.data or WSCloseCode.OK, "message": reason}
            else:
                return None
    return None


async def _whoever_ends(*carrying: Coroutine[None, None, Goodbye]) -> Goodbye:
    tasks = [asyncio.create_task(each) for each in carrying]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()


class Asking:
    """What answers a lesson that asks for a public port."""

    def __init__(self, table: Table, session: ClientSession) -> None:
        self._table = table
        self._session = session

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Lead a port to what the lesson's learner has listening, and say which; 503: none is left."""
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        if not await self._is_a_learners(token):
            return web.Response(status=403)
        try:
            port = int((await asyncio.wait_for(request.json(), SILENCE))["port"])
        except (ValueError, TypeError, LookupError):
            return web.Response(status=400)
        process = await asyncio.to_thread(_listener, port, token)
        if process is None:
            return web.Response(status=404)
        found = self._table.show(Shown(port, process))
        if found is None:
            return web.Response(status=503)
        public, shown = found
        scheme = "https" if CERTIFICATE else "http"
        return web.json_response(
            {"scheme": scheme, "port": public, "query": f"{TICKET}={shown.ticket}"}
        )

    async def _is_a_learners(self, token: str) -> bool:
        asked = {"Authorization": f"token {token}"}
        try:
            async with self._session.get(f"{HUB}/user", headers=asked) as answer:
                return answer.ok
        except (ClientError, TimeoutError):
            return False


def _listener(port: int, token: str) -> psutil.Process | None:
    """What listens at that port, if it was started by whoever was given the token."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("JUPYTERHUB_API_TOKEN") == token and port in _ports(process):
                return process
    return None


def _ports(process: psutil.Process) -> set[int]:
    connections = process.net_connections("tcp")
    return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}


async def serve() -> None:
    """Answer until the hub says that it's over, or is gone."""
    hub = os.getppid()
    over = asyncio.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, over.set)
    table = Table()
    async with (
        ClientSession(
            auto_decompress=False,
            connector=TCPConnector(limit=0, force_close=True),
            cookie_jar=DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            timeout=ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENCE),
        ) as session,
        _answering(Pages(table, session).answer) as pages,
        _answering(Asking(table, session).answer) as asking,
    ):
        secured = _certificate()
        for port in range(FIRST, LAST + 1):
            with suppress(OSError):  # somebody else's
                await web.TCPSite(pages, HOST, port, ssl_context=secured).start()
                table.ports.append(port)
        await web.TCPSite(asking, HERE, ASKED_AT).start()
        if len(table.ports) <= LAST - FIRST:
            free = f"{len(table.ports)}/{LAST - FIRST + 1}"
            print(f"HUB_PAGES {FIRST}-{LAST}: {free} livres  ·  {free} free", flush=True)
        while not over.is_set() and os.getppid() == hub:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 1)


@asynccontextmanager
async def _answering(
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
) -> AsyncIterator[web.ServerRunner]:
    server = web.Server(answer, access_log=None, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=GOODBYE)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


def _certificate() -> ssl.SSLContext | None:
    if not CERTIFICATE:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, KEY or None)
    return context


if __name__ == "__main__":
    asyncio.run(serve())

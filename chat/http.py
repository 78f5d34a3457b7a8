"""HTTP before Django's turn: a request's body within a bound, and the static files."""

import asyncio
from http import HTTPStatus

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404

MAX_BODY_BYTES = 64 * 1024
"""Much more than any form of this site sends."""
SECONDS_FOR_BODY = 10


class BoundedBody:
    """ASGI middleware: refuses a request whose body is too long, or comes too slowly.

    Django writes all of it to the disk before it asks who sends it and where to. The answer is
    413 or 408 (RFC 9110, sections 15.5.14 and 15.5.9).
    """

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        announced = int(dict(scope["headers"]).get(b"content-length", 0))
        body, more = b"", True
        try:
            async with asyncio.timeout(SECONDS_FOR_BODY):
                while more and max(announced, len(body)) <= MAX_BODY_BYTES:
                    event = await receive()
                    if event["type"] == "http.disconnect":
                        return
                    body += event.get("body", b"")
                    more = event.get("more_body", False)
        except TimeoutError:
            await refuse(send, HTTPStatus.REQUEST_TIMEOUT)
            return
        if max(announced, len(body)) > MAX_BODY_BYTES:
            await refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        read = [{"type": "http.request", "body": body}]

        async def receive_again():
            return read.pop() if read else await receive()

        await self.application(scope, receive_again, send)


async def refuse(send, status):
    """Answer with a status alone; the connection ends, since the body's rest may still come."""
    headers = [(b"connection", b"close"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body"})


class StaticFiles(ASGIStaticFilesHandler):
    """Django's own, for which a path out of their folder (`/static/../x`) would be a 500."""

    def serve(self, request):
        try:
            return super().serve(request)
        except SuspiciousFileOperation as error:
            raise Http404 from error

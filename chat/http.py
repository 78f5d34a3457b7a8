"""HTTP before Django's turn: a request's body within a bound, and the static files."""

import asyncio
from http import HTTPStatus
from io import BytesIO

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

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


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise's, for a server that speaks ASGI: to one, Django streams no file unless it is async."""

    def __init__(self, get_response):
        if not settings.DEBUG and not staticfiles_storage.hashed_files:
            raise SystemExit("No static files in STATIC_ROOT: run manage.py collectstatic first.")
        super().__init__(get_response)

    @staticmethod
    def serve(static_file, request):
        found = static_file.get_response(request.method, request.META)
        with found.file or BytesIO() as file:
            return HttpResponse(file.read(), status=found.status, headers=dict(found.headers))


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Each file's name tells its content: a browser keeps it for good, and never mixes two versions."""

    support_js_module_import_aggregation = True  # what a module imports as well

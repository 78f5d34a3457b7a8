"""The finished chat under Daphne, on a machine where uvicorn is not even installed."""

import asyncio

import pytest
from support import product
from support.product import chat
from websockets.exceptions import ConnectionClosed

from lab.run.server import Server

WITHOUT_UVICORN = "import sys\n\nsys.modules['uvicorn'] = None  # importing it is an ImportError\n"


async def test_a_frame_that_is_too_large_is_told_so_then_closed_with_a_code_that_daphne_sends(
    tmp_path,
):
    folder = product.build(tmp_path / "project")
    settings = folder / "mywebsite/settings.py"
    settings.write_text(WITHOUT_UVICORN + settings.read_text())
    server = Server.start(folder, folder / "server.log", program="daphne")
    try:
        async with asyncio.timeout(20), chat(server) as ana:
            await ana.say("olá")
            assert (await ana.hear("chat"))["message"] == "olá"
            await ana.say("x" * 100_000)
            assert (await ana.hear("error"))["code"] == "too-large"
            with pytest.raises(ConnectionClosed) as closed:
                await ana.hear()
            assert closed.value.rcvd.code == 4009
    finally:
        server.stop()

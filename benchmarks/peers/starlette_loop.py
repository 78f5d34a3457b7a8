"""Starlette: a set of WebSockets, and a loop that sends to each. Run by uvicorn."""

import json

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

readers: set[WebSocket] = set()


async def chat(websocket: WebSocket) -> None:
    """Relay what one client says to everybody, until it goes."""
    await websocket.accept()
    readers.add(websocket)
    try:
        while True:
            said = json.loads(await websocket.receive_text())
            text = json.dumps(
                {"type": "chat", "message": said["message"], "message2": said["message2"]}
            )
            for reader in list(readers):
                await reader.send_text(text)
    except WebSocketDisconnect:
        pass
    finally:
        readers.discard(websocket)


app = Starlette(routes=[WebSocketRoute("/ws/socket-server/", chat)])

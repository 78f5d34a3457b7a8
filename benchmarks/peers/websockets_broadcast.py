"""The websockets library alone: its asyncio server and its broadcast(). Takes a port."""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve

readers: set[ServerConnection] = set()


async def chat(connection: ServerConnection) -> None:
    """Relay what one client says to everybody, until it goes."""
    readers.add(connection)
    try:
        async for text in connection:
            said = json.loads(text)
            frame = {"type": "chat", "message": said["message"], "message2": said["message2"]}
            broadcast(readers, json.dumps(frame))
    finally:
        readers.discard(connection)


async def main(port: int) -> None:
    """Serve until the process is ended."""
    async with serve(chat, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

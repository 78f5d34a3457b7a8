"""00-websockets: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import base64
from contextlib import suppress

import websockets

from lab.exercises import NotYet, exercise

SECONDS = 2
TEXT, CLOSE, PONG = 1, 8, 10


async def _answer(data: bytes) -> tuple[int, bytes] | None:
    """The opcode and payload of the first frame that data gets from a server; None: silence."""

    async def shout(websocket: websockets.ServerConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            async for message in websocket:
                await websocket.send(message.upper())

    options = {"compression": None, "ping_interval": None, "close_timeout": 0.2}
    async with websockets.serve(shout, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(bytes(16)).decode()
        head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nSec-WebSocket-Key: {key}\r\n"
        head += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n"
        try:
            async with asyncio.timeout(SECONDS):
                writer.write(head.encode())
                await reader.readuntil(b"\r\n\r\n")
                writer.write(data)
                first, length = await reader.readexactly(2)
                if length == 126:
                    length = int.from_bytes(await reader.readexactly(2), "big")
                return first & 0b1111, await reader.readexactly(length)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return None
        finally:
            writer.close()


def _announced(frame: bytes) -> int:
    """How long the payload is, as a server reads it from the header."""
    length = (frame[1] if len(frame) > 1 else 0) & 0b0_1111111
    more = {126: 2, 127: 8}.get(length, 0)
    return int.from_bytes(frame[2 : 2 + more], "big") if more else length


def _farewell(payload: bytes) -> str:
    """A close frame's code and reason, as text."""
    return f"{int.from_bytes(payload[:2], 'big')} {payload[2:].decode(errors='replace')}".strip()


@exercise(
    answer="""
payload = b"oi"
# Only the opcode is new; a ping is masked like all that a client sends.
header = bytes([0b1_000_1001, 0b1_0000000 | len(payload)])
ping = header + masking_key + mask(payload, masking_key)
opcode = 10  # a pong, which brings the ping's payload back

await lesson.exercise("ping", ping, opcode)
""",
    wrong=(
        """
ping = frame
opcode = 10

await lesson.exercise("ping", ping, opcode)
""",
        """
ping = bytes([0b1_000_1001, 2]) + b"oi"
opcode = 10

await lesson.exercise("ping", ping, opcode)
""",
        """
ping = bytes([0b1_000_1001, 0b1_0000010]) + masking_key + mask(b"oi", masking_key)
opcode = 9

await lesson.exercise("ping", ping, opcode)
""",
        """
ping = bytes([0b1_000_1001]) + frame[1:6] + mask(b"oi", masking_key)
opcode = 10

await lesson.exercise("ping", ping, opcode)
""",
    ),
)
async def ping(frame: object, opcode: object) -> None:
    """A server answers the frame with a pong whose payload is oi, and that was foreseen."""
    if not isinstance(frame, bytes | bytearray):
        raise NotYet(
            "`ping` é um frame: um objeto `bytes`, como `frame` na lição.",
            "`ping` is a frame: a `bytes` object, like `frame` in the lesson.",
        )
    answer = await _answer(frame)
    if answer is None:
        raise NotYet(
            f"nenhum frame voltou em {SECONDS} segundos. Ou o cabeçalho anuncia mais bytes do que "
            "vieram, e o servidor ainda os espera, ou esse opcode não pede resposta.",
            f"no frame came back in {SECONDS} seconds. Either the header announces more bytes than "
            "came, and the server still waits for them, or this opcode asks for no answer.",
        )
    got, payload = answer
    if got == CLOSE:
        raise NotYet(
            f"o servidor desligou. O frame de fechamento diz: {_farewell(payload)}.",
            f"the server hung up. Its close frame says: {_farewell(payload)}.",
        )
    if got != PONG:
        raise NotYet(
            f"para o servidor isso é uma mensagem, não um ping: ele respondeu {payload.decode()!r}.",
            f"to the server that is a message, not a ping: it answered {payload.decode()!r}.",
        )
    if payload != b"oi":
        raise NotYet(
            f"é um ping, mas o conteúdo que voltou é {payload!r}, e não b'oi'.",
            f"it is a ping, but the payload that came back is {payload!r}, not b'oi'.",
        )
    if opcode != got:
        raise NotYet(
            f"o ping está certo, mas o frame que voltou não tem o opcode {opcode!r}.",
            f"the ping is right, but the opcode of the frame that came back isn't {opcode!r}.",
        )


@exercise(
    answer="""
def frame_of(text):
    payload = text.encode()
    size = len(payload)  # in bytes: one letter may take several
    if size < 126:
        length = bytes([0b1_0000000 | size])
    else:  # 126 announces two more bytes, the more significant one first
        length = bytes([0b1_0000000 | 126]) + size.to_bytes(2, "big")
    return bytes([0b1_000_0001]) + length + masking_key + mask(payload, masking_key)


await lesson.exercise("long-frame", frame_of)
""",
    wrong=(
        """
def frame_of(text):
    payload = text.encode()
    header = bytes([0b1_000_0001, 0b1_0000000 | len(payload)])
    return header + masking_key + mask(payload, masking_key)


await lesson.exercise("long-frame", frame_of)
""",
        """
def frame_of(text):
    size = len(text)
    if size < 126:
        length = bytes([0b1_0000000 | size])
    else:
        length = bytes([0b1_0000000 | 126]) + size.to_bytes(2, "big")
    return bytes([0b1_000_0001]) + length + masking_key + mask(text.encode(), masking_key)


await lesson.exercise("long-frame", frame_of)
""",
        """
def frame_of(text):
    payload = text.encode()
    size = len(payload)
    if size < 126:
        length = bytes([0b1_0000000 | size])
    else:
        length = bytes([0b1_0000000 | 126]) + size.to_bytes(2, "little")
    return bytes([0b1_000_0001]) + length + masking_key + mask(payload, masking_key)


await lesson.exercise("long-frame", frame_of)
""",
        """
def frame_of(text):
    payload = text.encode()
    size = len(payload)
    if size <= 126:
        length = bytes([0b1_0000000 | size])
    else:
        length = bytes([0b1_0000000 | 126]) + size.to_bytes(2, "big")
    return bytes([0b1_000_0001]) + length + masking_key + mask(payload, masking_key)


await lesson.exercise("long-frame", frame_of)
""",
    ),
)
async def long_frame(frame_of: object) -> None:
    """A server understands the frames of texts of each size, up to the largest."""
    for text in "olá", "a" * 125, "é" * 63, "a" * 300, "a" + "ã" * 32_767:
        size = len(text.encode())
        try:
            frame = frame_of(text)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise NotYet(
                f"com um texto de {size} bytes, `frame_of` lança {told}.",
                f"with a text of {size} bytes, `frame_of` raises {told}.",
            ) from error
        if frame is ...:
            raise NotYet(
                "troque os `...` pela sua resposta.", "replace the `...` with your answer."
            )
        if not isinstance(frame, bytes | bytearray):
            raise NotYet(
                f"`frame_of` devolve um {type(frame).__name__}; um frame são `bytes`.",
                f"`frame_of` returns a {type(frame).__name__}; a frame is `bytes`.",
            )
        answer = await _answer(frame)
        if answer is None:
            raise NotYet(
                f"com um texto de {size} bytes ({len(text)} letras), nada voltou em {SECONDS} "
                f"segundos. Pelo seu cabeçalho, o servidor espera {_announced(frame)} bytes.",
                f"with a text of {size} bytes ({len(text)} letters), nothing came back in {SECONDS} "
                f"seconds. By your header, the server expects {_announced(frame)} bytes.",
            )
        got, payload = answer
        if got == CLOSE:
            raise NotYet(
                f"com um texto de {size} bytes ({len(text)} letras), o servidor desligou: "
                f"{_farewell(payload)}.",
                f"with a text of {size} bytes ({len(text)} letters), the server hung up: "
                f"{_farewell(payload)}.",
            )
        if (got, payload) != (TEXT, text.upper().encode()):
            raise NotYet(
                f"o texto de {size} bytes ({len(text)} letras) não é o que o servidor entendeu: "
                f"voltou um frame de opcode {got} com {len(payload)} bytes.",
                f"the text of {size} bytes ({len(text)} letters) isn't what the server understood: "
                f"what came back is a frame of opcode {got} with {len(payload)} bytes.",
            )

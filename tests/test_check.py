"""A check as a whole: from a shell, of nasty workspaces, and what it says."""

from dataclasses import dataclass
from pathlib import Path

LIMIT = 10
"""Seconds that a check may take, whatever happens."""
KEYS = ["probe", "ok", "observed", "mistake", "file", "line", "advice"]

CONSUMERS, SETTINGS, ASGI = "chat/consumers.py", "mywebsite/settings.py", "mywebsite/asgi.py"
VIEWS, PAGE = "chat/views.py", "chat/templates/chat/index.html"
ON_A_SERVER = "import os\nimport sys\n\nif 'manage.py' not in sys.argv[0]:\n    "


# -- nasty ones -----------------------------------------------------------------


@dataclass(frozen=True)
class Nasty:
    """A text of a file's replaced once, or the file as a whole; and what is named then."""

    file: str
    old: str | None
    new: str | bytes
    mistakes: tuple[str | None, ...]
    """None: the difference itself is told."""

    def make(self, folder: Path) -> None:
        """Make it so in folder."""
        path = folder / self.file
        if self.old is None:
            path.write_bytes(self.new if isinstance(self.new, bytes) else self.new.encode())
            return
        text = path.read_text("utf-8")
        assert self.old in text
        path.write_text(text.replace(self.old, self.new, 1), "utf-8")


LOOP = ("never-ends",)
NASTY = {
    "a loop at import": Nasty(CONSUMERS, "import json", "import json\nwhile True: pass", LOOP),
    "a loop in an async consumer": Nasty(
        CONSUMERS,
        None,
        "from channels.generic.websocket import AsyncWebsocketConsumer\n"
        "class ChatConsumer(AsyncWebsocketConsumer):\n"
        "    async def receive(self, text_data):\n        while True: pass\n",
        (*LOOP, None),
    ),
    "a search that lets no other thread run": Nasty(
        CONSUMERS, "import json", "import json\nimport re\nre.match('(a+)+$', 'a' * 50 + 'b')", LOOP
    ),
    "a loop in the page": Nasty(PAGE, "<script>", "<script>while (true) {}", ("js-never-ends",)),
    "all the memory": Nasty(
        CONSUMERS,
        "import json",
        "import json\nx = []\nwhile True: x.append('y' * 10_000_000)",
        LOOP,
    ),
    "waiting for input": Nasty(CONSUMERS, "import json", "import json\ninput()", LOOP),
    "os._exit in settings": Nasty(
        SETTINGS, "DEBUG = True", "DEBUG = True\nimport os; os._exit(3)", ("exits-itself",)
    ),
    "sys.exit in receive": Nasty(
        CONSUMERS,
        "        text_data_json =",
        "        import sys; sys.exit(1)\n        text_data_json =",
        ("exits-itself",),
    ),
    "prints without end": Nasty(
        ASGI, "import os\n", ON_A_SERVER + "while True: print('x' * 10_000)\n", LOOP
    ),
    "ten processes of its own that stay": Nasty(
        SETTINGS,
        "DEBUG = True",
        "DEBUG = True\nimport os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
        "        os.setsid()\n        time.sleep(600)\nimport missing_module",
        ("module-missing",),
    ),
    "writes beside itself": Nasty(
        VIEWS,
        "def index(request):",
        "def index(request):\n    from pathlib import Path\n    Path('written').touch()\n"
        "    (Path(__file__).parent / 'written').touch()\n    1 / 0",
        ("error-in-line",),
    ),
    "five megabytes": Nasty(CONSUMERS, None, b"x = 1\n" * 850_000, (None,)),
    "rubbish": Nasty(CONSUMERS, None, bytes(range(256)) * 40, ("file-encoding",)),
}

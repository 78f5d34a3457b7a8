import json
import unicodedata
from collections import deque
from time import monotonic

LIMIT = 100_000


def read(text):
    """(message, message2), None when all is well; else None and (code, why)."""
    if text is None:
        return None, ("not-text", "Envie texto.")
    if len(text) > LIMIT:
        return None, ("size", "Grande demais.")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        return None, ("syntax", f"Isto não é JSON: {type(error).__name__}")
    if type(frame) is not dict or set(frame) != {"message", "message2"}:
        return None, ("shape", "Espero um objeto com message e message2.")
    said = frame["message"], frame["message2"]
    if not all(type(text) is str and fits(text) for text in said):
        return None, ("text", "Espero dois textos de até 2000 caracteres.")
    if not "".join(said).strip():
        return None, ("nothing", "Não há nada escrito.")
    return said, None


def fits(text):
    categories = {unicodedata.category(letter) for letter in text.replace("\n", "")}
    return len(text) <= 2000 and not categories & {"Cc", "Cs"}


class Window:
    """So many in a second."""

    def __init__(self, most=30):
        self.times = deque(maxlen=most)

    def full(self):
        now = monotonic()
        if len(self.times) == self.times.maxlen and now - self.times[0] < 1:
            return True
        self.times.append(now)
        return False

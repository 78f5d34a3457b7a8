"""`make hub FORGET=ana`: Ana's next login sets a new password; what she wrote stays."""

import dbm
import os
import sys
from pathlib import Path

PLACE = Path(os.environ.get("HUB_PLACE") or "build/hub")


def forget(name: str) -> str | None:
    """Forget a learner's password; what to say where there is none."""
    try:
        with dbm.open(str(PLACE / "own-passwords"), "w") as passwords:
            del passwords[name.encode()]
    except (KeyError, *dbm.error):
        return f"{name}: não tem senha ainda / has no password yet"
    return None


if __name__ == "__main__":
    sys.exit(forget(sys.argv[1]))

"""The finished chat's fault drill: what breaks around it is broken, and one table tells what was lost."""

import sys
from pathlib import Path

# Its clients are those of the tests.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

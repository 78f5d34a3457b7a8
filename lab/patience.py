"""How long a check waits for things: LAB_PATIENCE is a factor, for a machine that is busy.

A learner's check has ten seconds in all. Where many lessons run at once, as in the tests, a
correct project may need more, and a check that gave up early would say so in its output.
"""

import os

PATIENCE = float(os.environ.get("LAB_PATIENCE") or 1)

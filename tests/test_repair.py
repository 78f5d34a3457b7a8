"""The smallest repair: the fewest changes that, turned back, make what failed pass."""

import pytest

from lab.check.changes import Change
from lab.check.repair import smallest

CHANGES = [Change("chat/consumers.py", "lines", at, at + 1) for at in range(12)]


class Project:
    """What passes once the guilty are turned back, and how often it was asked."""

    def __init__(self, *guilty: int) -> None:
        self.guilty = {CHANGES[at] for at in guilty}
        self.asked = 0

    def passes(self, chosen: frozenset[Change]) -> bool:
        self.asked += 1
        return self.guilty <= chosen


@pytest.mark.parametrize("guilty", [(0,), (7,), (11,), (3, 4), (0, 11), (2, 6, 9)])
def test_the_guilty_are_found_and_nobody_else(guilty):
    project = Project(*guilty)
    assert set(smallest(CHANGES, project.passes, [])) == project.guilty
    assert project.asked <= 2 * len(CHANGES)


def test_a_suspected_line_is_tried_first():
    project = Project(8)
    assert smallest(CHANGES, project.passes, [("chat/consumers.py", 9)]) == (CHANGES[8],)
    assert project.asked == 1


def test_a_wrong_suspicion_accuses_nobody():
    project = Project(2)
    assert smallest(CHANGES, project.passes, [("chat/consumers.py", 9)]) == (CHANGES[2],)


def test_what_nothing_repairs_has_no_cause():
    assert smallest(CHANGES, lambda _: False, []) is None
    assert smallest([], lambda _: True, []) is None
    # Not even the failure as it was may count as its own repair.
    assert smallest(CHANGES, lambda chosen: not chosen, []) is None


def test_what_the_trial_raises_comes_out():
    def over(_: object) -> bool:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        smallest(CHANGES, over, [])

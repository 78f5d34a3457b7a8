"""The token bucket, with a clock that the test turns by hand."""

from chat.limits import TokenBucket


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_passes_then_it_is_empty():
    bucket = TokenBucket(rate=10, burst=3, clock=Clock())
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]


def test_it_fills_with_time_but_never_beyond_its_burst():
    clock = Clock()
    bucket = TokenBucket(rate=10, burst=3, clock=clock)
    while bucket.take():
        pass
    clock.now = 0.1
    assert [bucket.take() for _ in range(2)] == [True, False]
    clock.now = 3600
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]

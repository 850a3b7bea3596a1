"""Days out of the ordinary: far from the same weekday of the weeks before (median and median absolute deviation)."""

import statistics
from collections.abc import Sequence

WEEKS, LEAST_WEEKS = 8, 4
# 3.5 robust standard deviations: Iglewicz and Hoaglin (1993). 1.4826 makes the MAD one of a normal distribution.
LIMIT, TO_SIGMA = 3.5, 1.4826


def find(values: Sequence[float | None], first: int) -> dict[int, tuple[float, float]]:
    """Index from `first` on -> the range that was to be expected. `values`: by day, the history before `first` among them."""
    found = {}
    for i in range(first, len(values)):
        value = values[i]
        before = [v for k in range(1, WEEKS + 1) if i - 7 * k >= 0 and (v := values[i - 7 * k]) is not None]
        if value is None or len(before) < LEAST_WEEKS or not any(before):
            continue
        middle = statistics.median(before)
        spread = TO_SIGMA * statistics.median(abs(v - middle) for v in before)
        # A count scatters by its own root at least, so that 2 after a row of 1s is no news, or 1 after 0s.
        width = LIMIT * max(spread, max(abs(middle), 1.0) ** 0.5, 0.02 * abs(middle))
        if abs(value - middle) > width:
            found[i] = (max(0.0, middle - width), middle + width)
    return found

"""Fast draws from one random.Random: weighted picks and tables of samples, made once and read many times."""

from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from math import exp
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")
SAMPLES = 2048


class Pick(Generic[T]):
    """A weighted choice."""

    __slots__ = ("bounds", "items", "total")

    def __init__(self, weighted: Iterable[tuple[T, float]]) -> None:
        pairs = [(item, weight) for item, weight in weighted if weight > 0]
        self.items = [item for item, _ in pairs]
        self.bounds = list(accumulate(weight for _, weight in pairs))
        self.total = self.bounds[-1]

    def __call__(self, rng: Random) -> T:
        return self.items[bisect(self.bounds, rng.random() * self.total, 0, len(self.items) - 1)]


def weights(text: str) -> list[tuple[str, float]]:
    """ "home 60, product 20" -> [("home", 60), ("product", 20)]"""
    return [(name, float(weight)) for name, weight in (part.split() for part in text.split(","))]


class Spread:
    """Log-normal samples around a median, at most `most`."""

    __slots__ = ("values",)

    def __init__(self, rng: Random, median: float, sigma: float, most: float = 1e12) -> None:
        self.values = [min(median * exp(rng.gauss(0, sigma)), most) for _ in range(SAMPLES)]

    def __call__(self, rng: Random) -> float:
        return self.values[int(rng.random() * SAMPLES)]


def event_id(rng: Random, milliseconds: int) -> str:
    """A UUID of version 7, as the script makes them, from the generator's own randomness: the same seed, the same ids."""
    text = f"{milliseconds:012x}7{rng.getrandbits(76):019x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"

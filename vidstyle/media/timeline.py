"""Durations in seconds turned into whole ticks of a format without drift."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

ANIMATED = ("gif", "apng", "animated webp")  # ClipInfo.format of clips whose frames have durations of their own

# Browsers and picture viewers show a frame of an animated picture that asks for 10 ms or less for 100 ms.
BROWSER_MINIMUM = Fraction(1, 100)
BROWSER_DURATION = Fraction(1, 10)


class Timeline:
    """Counts the whole ticks that each frame covers, carrying the rounding error to the next one.

    tick: seconds, > 0. The ticks counted so far never differ by more than half a tick from the time that has passed.
    """

    def __init__(self, tick: Fraction) -> None:
        self._tick = tick
        self._time = Fraction(0)
        self._ticks = 0

    def advance(self, duration: Fraction) -> int:
        """The number of ticks of the next frame, which lasts `duration` seconds; may be 0."""
        self._time += duration
        end = math.floor(self._time / self._tick + Fraction(1, 2))
        ticks, self._ticks = end - self._ticks, end
        return ticks


def pieces(ticks: int, maximum: int) -> Iterator[int]:
    """`ticks` cut into parts of at most `maximum`; one part of 0 if it is 0."""
    while ticks > maximum:
        yield maximum
        ticks -= maximum
    yield ticks


def common_tick(durations: Iterable[Fraction]) -> Fraction:
    """The greatest time of which all `durations` are whole multiples; 0 if all are 0."""
    tick = Fraction(0)
    for duration in set(durations):
        denominator = math.lcm(tick.denominator, duration.denominator)
        tick = Fraction(math.gcd(int(tick * denominator), int(duration * denominator)), denominator)
    return tick


def common_rate(durations: Iterable[Fraction]) -> Fraction | None:
    """Frames per second if all `durations` are one and the same and not 0, else None."""
    different = set(durations)
    return 1 / different.pop() if len(different) == 1 and 0 not in different else None

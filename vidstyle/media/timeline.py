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

    tick: seconds, > 0. The ticks counted so far never differ by more than half a tick, or half of what the shortest
    frame takes, from the time that has passed; where the first frame takes more than its time, by that.
    """

    def __init__(self, tick: Fraction) -> None:
        self._tick = tick
        self._time = Fraction(0)
        self._ticks = 0

    def advance(self, duration: Fraction, shortest: int = 0) -> int | None:
        """The number of ticks of the next frame, which lasts `duration` seconds; None where it is left out.

        shortest: ticks that a frame takes at least, or it is left out, which the first one never is.
        """
        self._time += duration
        behind = self._time / self._tick - self._ticks
        if self._ticks and 2 * behind < shortest:
            return None
        ticks = max(shortest, math.floor(behind + Fraction(1, 2)))
        self._ticks += ticks
        return ticks


def shortest(tick: Fraction, format: str, duration: Fraction) -> int:
    """For Timeline.advance(): the fewest ticks that are shown as they are, for a frame of a clip of this format.

    What is shown for longer in the clip already stays as it is.
    """
    as_it_is = format == "gif" or (format in ANIMATED and duration <= BROWSER_MINIMUM)
    return 0 if as_it_is else math.floor(BROWSER_MINIMUM / tick) + 1


def shown(duration: Fraction) -> Fraction:
    """For how long browsers show a frame of an animated picture."""
    return BROWSER_DURATION if duration <= BROWSER_MINIMUM else duration


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

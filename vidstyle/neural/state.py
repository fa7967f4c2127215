"""Where painting stands between two frames, so that it can go on elsewhere or later with the same bytes."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

from numpy.typing import NDArray


class State(NamedTuple):
    """After `step` frames of the shot that begins at frame `shot`; step 0 of a loop's first shot is after its lead.

    facts: values that JSON can write. arrays: what else is needed, of any shapes and types.
    """

    shot: int
    step: int
    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    @property
    def loops(self) -> bool:
        """Whether it holds the ends of a loop; what is before a part of a shot holds those of the part before it."""
        return (self.step > 0 or self.shot == 0) and bool(self.facts["ends"])

    def all(self, name: str) -> list[NDArray[Any]]:
        """The arrays `name 0`, `name 1` and so on."""
        keys = itertools.takewhile(self.arrays.__contains__, (f"{name} {n}" for n in itertools.count()))
        return [self.arrays[key] for key in keys]

    def under(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays whose names begin with `name`, by what follows."""
        start = f"{name} "
        return {key.removeprefix(start): array for key, array in self.arrays.items() if key.startswith(start)}


class Resume:
    """What a Stylizer is told of an earlier run, and where it leaves what a later one needs; this one knows nothing."""

    def wanted(self, index: int) -> bool:
        """Whether a frame is to be painted; the others are known."""
        return True

    def state(self, shot: int, step: int) -> State | None:
        """The state after `step` frames of a shot; None for 0 where there is none. Asked for where wanted() begins."""
        return None

    def ends(self) -> State | None:
        """Any state that was kept and holds a loop's ends."""
        return None

    def keep(self, state: State) -> None:
        """Called after each frame, once it was taken."""

"""What is kept of viewers whose connection broke, so that they get only what changed since when they come back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fanlight.host import Viewer

PARK_SECONDS = 60.0
_MOST_PARKED = 16


@dataclass(frozen=True, slots=True)
class Parked:
    """A viewer that is away, and the codec that its picture came in."""

    viewer: Viewer
    codec: str


class Parking:
    """Holds viewers for a minute, the newest of them; `forget` is called with each that nobody came for."""

    def __init__(self, forget: Callable[[Viewer], None]) -> None:
        self._forget = forget
        self._parked: dict[tuple[str, str], tuple[Parked, asyncio.TimerHandle]] = {}

    def put(self, fingerprint: str, session: str, parked: Parked) -> None:
        """Keep a viewer for the client with this key that names this session."""
        if len(self._parked) >= _MOST_PARKED:
            self._expire(next(iter(self._parked)))
        key = fingerprint, session
        timer = asyncio.get_running_loop().call_later(PARK_SECONDS, self._expire, key)
        self._parked[key] = parked, timer

    def take(self, fingerprint: str, session: str) -> Parked | None:
        """Return the viewer that was kept, once."""
        if (found := self._parked.pop((fingerprint, session), None)) is None:
            return None
        found[1].cancel()
        return found[0]

    def clear(self) -> None:
        """Forget all of them."""
        for key in tuple(self._parked):
            self._expire(key)

    def _expire(self, key: tuple[str, str]) -> None:
        if (found := self._parked.pop(key, None)) is not None:
            found[1].cancel()
            self._forget(found[0].viewer)

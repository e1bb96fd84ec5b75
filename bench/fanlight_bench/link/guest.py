"""`python -m fanlight_bench.link.guest VISIT`: one viewer, in a process of its own, that notes all that it is shown.

It says READY with the first picture. START ends it or, where it is to type, lets it type first; then it writes down
what it saw. All times are `time.monotonic()` seconds, which all programs of this machine share.
"""

import asyncio
import random
import signal
import sys
import time

import msgspec
import numpy as np

import fanlight
from fanlight.client import RemoteSession
from fanlight.errors import FanlightError
from fanlight.session.ledger import InputEntry, LedgerEntry
from fanlight.types import Rect
from fanlight_bench import clock
from fanlight_bench.pipeline.measure import READY, START

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.08, 0.25
_MOST_WAIT = 2.0
_AIM_SECONDS = 0.5
_KEY = ord("a")
_RECONNECT_SECONDS = 90.0
_MIDDLE_GREY = 128


class Visit(msgspec.Struct, frozen=True):
    """Whom to visit; `home` is the viewer's. It types `keys` into `echo`, where there are any."""

    address: str
    fingerprint: str
    password: str
    home: str
    keys: int = 0
    echo: Rect | None = None


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """What the picture was from `at` on: when it was drawn by its clocks, None where they cannot be read or differ."""

    at: float
    drawn: float | None
    exact: bool


class Update(msgspec.Struct, frozen=True, array_like=True):
    """One update of the ledger, whether it was shown or merged with others; `received` is when it was here."""

    received: float
    bytes: int
    exact: bool


class Seen(msgspec.Struct, frozen=True):
    """What a viewer saw. Latencies are seconds: `keys` until the pixels had changed, `answers` as the ledger has it.

    `pressed` are the moments of the keys.
    """

    shown: list[Shown]
    updates: list[Update]
    pressed: list[float]
    keys: list[float]
    lost_keys: int
    answers: list[float]
    mismatches: int
    reconnects: int


class Guest:
    """A viewer, and what it notes."""

    def __init__(self, session: RemoteSession, echo: Rect | None) -> None:
        self._session = session
        self._echo = echo
        self._shown: list[Shown] = []
        self._updates: list[Update] = []
        self._answers: list[float] = []
        self._pressed: list[float] = []
        self._keys: list[float] = []
        self._lost = 0
        self._is_white = False
        self._turned = asyncio.Event()
        self._turned_at = 0.0
        self.has_picture = asyncio.Event()
        session.ledger.watch(self._note)

    def _note(self, entry: LedgerEntry, answered: tuple[InputEntry, ...]) -> None:
        self._updates.append(Update(entry.received_at, entry.bytes, entry.exact))
        self._answers.extend(one.latency for one in answered)

    async def watch(self) -> None:
        """Look at every update until cancelled."""
        async for update in self._session.updates():
            now = time.monotonic()
            reading = clock.read(self._session.image)
            drawn = None if reading is None or reading.torn else reading.micros / 1e6
            self._shown.append(Shown(now, drawn, update.exact))
            self._look_at_echo(now)
            self.has_picture.set()

    def _look_at_echo(self, now: float) -> None:
        if self._echo is None:
            return
        x, y, w, h = self._echo
        middle = self._session.image[y + h // 4 : y + 3 * h // 4, x + w // 4 : x + 3 * w // 4, 1]
        is_white = bool(np.mean(middle) > _MIDDLE_GREY)
        if is_white != self._is_white:
            self._is_white, self._turned_at = is_white, now
            self._turned.set()

    async def type(self, keys: int) -> None:
        """Press keys at random moments, each when the one before has shown; one that never shows is lost."""
        assert self._echo is not None
        pauses = random.Random(keys)  # noqa: S311 - moments that no clock repeats, no secret
        self._session.move_pointer(self._echo.x + 1, self._echo.y + 1)
        await asyncio.sleep(_AIM_SECONDS)
        self._answers.clear()
        for _ in range(keys):
            await asyncio.sleep(pauses.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE))
            self._keys.append(await self._press())

    async def _press(self) -> float:
        self._turned.clear()
        pressed = time.monotonic()
        self._pressed.append(pressed)
        self._session.send_key(_KEY, True)
        self._session.send_key(_KEY, False)
        try:
            async with asyncio.timeout(_MOST_WAIT):
                await self._turned.wait()
        except TimeoutError:
            self._lost += 1
            return _MOST_WAIT
        return self._turned_at - pressed

    def seen(self) -> Seen:
        """Return all that was noted."""
        session = self._session
        noted = self._shown, self._updates, self._pressed, self._keys, self._lost, self._answers
        return Seen(*noted, session.mismatches, session.reconnects)


async def visit(task: Visit) -> Seen:
    """Watch, and type what is to be typed."""
    start = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(START, start.set)
    connection = fanlight.connect(
        task.address,
        home=task.home,
        password=task.password,
        trust=task.fingerprint,
        reconnect=_RECONNECT_SECONDS,
    )
    async with connection as session:
        guest = Guest(session, task.echo)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(guest.watch())
            await guest.has_picture.wait()
            sys.stdout.buffer.write(READY)
            sys.stdout.buffer.flush()
            await start.wait()
            if task.keys:
                await guest.type(task.keys)
            watching.cancel()
        return guest.seen()


def main() -> None:
    """Run as a program; what fails says why in its last line on stderr."""
    signal.signal(START, signal.SIG_IGN)
    try:
        seen = asyncio.run(visit(msgspec.json.decode(sys.argv[1], type=Visit)))
    except* FanlightError as group:
        sys.exit(str(group.exceptions[0]))
    sys.stdout.buffer.write(msgspec.json.encode(seen))


if __name__ == "__main__":
    main()

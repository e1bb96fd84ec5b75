"""A remote screen without a host: its picture is a numpy array, and it remembers what it was sent."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import numpy as np

from fanlight.errors import FanlightError
from fanlight.kernels.shared import black_picture
from fanlight.session.events import ConnectionInfo
from fanlight.session.ledger import Ledger
from fanlight.types import CursorShape, Image, Permission, PointerPlace, Rect, Size, Tiles
from patience import PATIENCE

SCREEN = (1280, 800)


@dataclass(frozen=True)
class FakeUpdate:
    damage: tuple[Rect, ...] = ()
    exact: bool = True
    latency: float | None = 0.004
    bytes: int = 100
    seq: int = 1


def noise(size: Size, seed: int = 1) -> Image:
    image = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), np.uint8)
    image[:, :, 3] = 0
    return image


def shared(image: Image) -> Image:
    """The same picture in memory that an X server can map, where decoders have theirs."""
    picture = black_picture((image.shape[1], image.shape[0]))
    picture[:] = image
    return picture


def soft(size: Size) -> Image:
    """A picture without hard edges, so that scaling it has one right answer to within a few levels."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    image = np.zeros((size[1], size[0], 4), np.uint8)
    image[:, :, 0] = 127 + 120 * np.sin(x / 37)
    image[:, :, 1] = 127 + 120 * np.sin(y / 29)
    image[:, :, 2] = 127 + 120 * np.sin((x + y) / 43)
    return image


def whole(image: Image) -> Rect:
    return Rect(0, 0, image.shape[1], image.shape[0])


def shown(image: Image, size: Size) -> Image:
    """The picture in the middle of a black window of this size."""
    expected = np.zeros((size[1], size[0], 4), np.uint8)
    height, width = image.shape[:2]
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    expected[top : top + height, left : left + width] = image
    return expected


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline, pause = monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert monotonic() < deadline, f"waited in vain until {what}"
        pause.wait(0.01)


class FakeScreen:
    """A RemoteScreen. The test's thread calls push(), fail() and end(); the session's thread does the rest."""

    def __init__(self, image: Image, rights: frozenset[Permission] | None = None) -> None:
        self.address = "fake:7391"
        self.connected = True
        self.lock = threading.Lock()
        self.codec = "hybrid"
        self.image = image
        self.cursor: CursorShape | None = None
        self.pointer: PointerPlace | None = None
        self.rights = frozenset({Permission.VIEW, Permission.CONTROL}) if rights is None else rights
        self.denied, self.unavailable = frozenset({Permission.AUDIO}), frozenset({Permission.FILES})
        self.profile = "Default"
        self.connection = ConnectionInfo("TLSv1.3", "AES", True, "password", "anna@acme", "c" * 64, "d" * 64)
        self.ledger = Ledger()
        self.states: Tiles | None = None
        self.shown: list[tuple[int, float]] = []
        self._seq = 1
        self.sent: list[tuple[object, ...]] = []
        self.following = False
        self.shower: Callable[[int, tuple[Rect, ...]], None] = lambda seq, damage: None
        self.closed = False
        self.threads: set[int] = set()
        self._updates: asyncio.Queue[FakeUpdate | FanlightError | None] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def size(self) -> Size:
        return self.image.shape[1], self.image.shape[0]

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["FakeScreen"]:
        self._loop = asyncio.get_running_loop()
        self._updates.put_nowait(FakeUpdate((whole(self.image),)))
        try:
            yield self
        finally:
            self.closed = True

    def follow_picture(self, function: Callable[[int, tuple[Rect, ...]], None]) -> None:
        self.shower = function
        function(self._seq, (whole(self.image),))

    async def updates(self) -> AsyncIterator[FakeUpdate]:
        self.following = True
        while (update := await self._updates.get()) is not None:
            if isinstance(update, FanlightError):
                raise update
            yield update

    def push(self, *damage: Rect, change: Callable[[], None] = lambda: None, exact: bool = True) -> None:
        """Make a change on the session's thread, and tell of it as damage."""

        def make() -> None:
            change()
            self._seq += bool(damage)
            if damage:
                self.shower(self._seq, damage)
            self._updates.put_nowait(FakeUpdate(damage, exact, bytes=100 if damage else 0, seq=self._seq))

        self._on_loop(make)

    def fail(self, error: FanlightError) -> None:
        self._on_loop(lambda: self._updates.put_nowait(error))

    def end(self) -> None:
        """End the session, if it has not ended yet."""
        with contextlib.suppress(RuntimeError):
            self._on_loop(lambda: self._updates.put_nowait(None))

    def _on_loop(self, call: Callable[[], None]) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(call)

    def tile_states(self) -> Tiles | None:
        return None if self.states is None else self.states.copy()

    def presented(self, seq: int, at: float) -> None:
        self.threads.add(threading.get_ident())
        self.shown.append((seq, at))
        self.ledger.presented(seq, at)

    def move_pointer(self, x: int, y: int) -> None:
        self._note("move", x, y)

    def send_button(self, x: int, y: int, button: int, down: bool) -> None:
        self._note("button", x, y, button, down)

    def send_wheel(self, x: int, y: int, dx: int, dy: int) -> None:
        self._note("wheel", x, y, dx, dy)

    def send_key(self, keysym: int, down: bool) -> None:
        self._note("key", keysym, down)

    def _note(self, *what: object) -> None:
        self.threads.add(threading.get_ident())
        self.sent.append(what)

    def sent_keys(self) -> list[tuple[object, ...]]:
        return [what[1:] for what in self.sent if what[0] == "key"]

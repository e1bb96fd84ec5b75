# ruff: noqa: D102 - what the members mean stands on their class
"""What the viewer needs of a session: the part of the client's interface that it is written against."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol, TypeAlias

from fanlight.session.ledger import Ledger
from fanlight.types import CursorShape, Image, Permission, PointerPlace, Rect, Size, Tiles


class RemoteUpdate(Protocol):
    """What came since the consumer last looked, decoded.

    `seq` is the number of the newest update in it, 0 before the first. `damage` is empty where only the cursor's shape
    or place changed. `bytes` is what the picture took on the wire, 0 where none came. `latency` is seconds from the
    damage on the host to the decoded picture here, None where it is not known.
    """

    @property
    def seq(self) -> int: ...
    @property
    def damage(self) -> tuple[Rect, ...]: ...
    @property
    def exact(self) -> bool: ...
    @property
    def latency(self) -> float | None: ...
    @property
    def bytes(self) -> int: ...


class RemoteScreen(Protocol):
    """A live session; every member belongs to the thread of the session's event loop, but for `lock` and `image`.

    `lock` is held while an update changes `image`: another thread reads the picture as long as it holds it too.
    `connected` is False while a session whose connection broke waits for another one.
    `image` is the decoder's own picture: it changes with every update, and is another array after a resize. Until
    `size` is known it is (0, 0), and there is no `image`. Buttons are numbered as in X11: 1 left, 2 middle, 3 right,
    8 back, 9 forward. A wheel turns by notches; `dx` grows to the right, `dy` downwards. `tile_states` are 0 exact, 1
    refining and 2 lossy, a new array each time. `presented` says that update `seq` is on the screen since `at`,
    `time.monotonic()` seconds; the ledger has it then.
    """

    @property
    def address(self) -> str: ...
    @property
    def connected(self) -> bool: ...
    @property
    def codec(self) -> str: ...
    @property
    def size(self) -> Size: ...
    @property
    def lock(self) -> AbstractContextManager[Any]: ...
    @property
    def image(self) -> Image: ...
    @property
    def cursor(self) -> CursorShape | None: ...
    @property
    def pointer(self) -> PointerPlace | None: ...
    @property
    def rights(self) -> frozenset[Permission]: ...
    @property
    def ledger(self) -> Ledger: ...

    def updates(self) -> AsyncIterator[RemoteUpdate]: ...
    def tile_states(self) -> Tiles | None: ...
    def presented(self, seq: int, at: float) -> None: ...
    def move_pointer(self, x: int, y: int) -> None: ...
    def send_button(self, x: int, y: int, button: int, down: bool) -> None: ...
    def send_wheel(self, x: int, y: int, dx: int, dy: int) -> None: ...
    def send_key(self, keysym: int, down: bool) -> None: ...


Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[RemoteScreen]]
"""Opens the session when entered, ends it when left."""

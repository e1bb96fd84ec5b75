"""The input of one viewer: what it holds down, so that nothing stays held when it is gone.

Only what this viewer pressed can it release. Repeated presses of a held key are dropped: the host repeats by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from fanlight.errors import InjectError

MAX_HELD_KEYS = 64


@dataclass(frozen=True, slots=True)
class Key:
    """A key by its X keysym. `seq` numbers the viewer's input."""

    seq: int
    keysym: int
    down: bool


@dataclass(frozen=True, slots=True)
class Pointer:
    """The pointer's place, in pixels of the picture."""

    seq: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Button:
    """A button, numbered as in X, at a place."""

    seq: int
    x: int
    y: int
    button: int
    down: bool


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel at a place, in notches: `dx` to the right, `dy` downwards."""

    seq: int
    x: int
    y: int
    dx: int
    dy: int


Input: TypeAlias = Key | Pointer | Button | Wheel


class InputTarget(Protocol):
    """Where input goes. Every method may raise InjectError."""

    def move_pointer(self, x: int, y: int) -> None:
        """Put the pointer at (x, y)."""

    def press_button(self, number: int) -> None:
        """Press a button."""

    def release_button(self, number: int) -> None:
        """Release a button."""

    def scroll(self, dx: int, dy: int) -> None:
        """Turn the wheel."""

    def press_key(self, keysym: int) -> None:
        """Press a key."""

    def release_key(self, keysym: int) -> None:
        """Release a key."""


class InputChannel:
    """One viewer's keys and buttons on a target that others may use too."""

    def __init__(self, target: InputTarget) -> None:
        self._target = target
        self._keys: set[int] = set()
        self._buttons: set[int] = set()

    @property
    def held(self) -> tuple[frozenset[int], frozenset[int]]:
        """The keysyms and buttons that this viewer holds down."""
        return frozenset(self._keys), frozenset(self._buttons)

    def apply(self, event: Input) -> None:
        """Inject one event; InjectError when the target cannot, and then nothing more is held than before."""
        match event:
            case Key(keysym=keysym, down=down):
                self._hold(self._keys, keysym, down, self._target.press_key, self._target.release_key)
            case Pointer(x=x, y=y):
                self._target.move_pointer(x, y)
            case Button(x=x, y=y, button=button, down=down):
                self._target.move_pointer(x, y)
                self._hold(self._buttons, button, down, self._target.press_button, self._target.release_button)
            case Wheel(x=x, y=y, dx=dx, dy=dy):
                self._target.move_pointer(x, y)
                self._target.scroll(dx, dy)

    def release_all(self) -> None:
        """Release everything that is held, also after one fails; the first InjectError is raised at the end."""
        failed: InjectError | None = None
        releases: list[tuple[Callable[[int], None], int]] = []
        releases += [(self._target.release_button, n) for n in sorted(self._buttons)]
        releases += [(self._target.release_key, n) for n in sorted(self._keys)]
        self._buttons.clear()
        self._keys.clear()
        for release, number in releases:
            try:
                release(number)
            except InjectError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _hold(
        self, held: set[int], number: int, down: bool, press: Callable[[int], None], release: Callable[[int], None]
    ) -> None:
        if down and number not in held and len(held) < MAX_HELD_KEYS:
            press(number)
            held.add(number)
        elif not down and number in held:
            held.discard(number)
            release(number)

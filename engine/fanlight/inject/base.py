"""What every way of injecting input promises."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Injector(ABC):
    """Input for a host's screen; one thread at a time.

    InjectError: a value that does not exist, or the display is gone.
    """

    @abstractmethod
    def move_pointer(self, x: int, y: int) -> None:
        """Put the pointer at (x, y), in pixels of the screen."""

    @abstractmethod
    def press_button(self, number: int) -> None:
        """Press a button: 1 left, 2 middle, 3 right, 8 back, 9 forward."""

    @abstractmethod
    def release_button(self, number: int) -> None:
        """Release a button."""

    @abstractmethod
    def scroll(self, dx: int, dy: int) -> None:
        """Turn the wheel by clicks, to the right and down where positive."""

    @abstractmethod
    def press_key(self, keysym: int) -> None:
        """Press the key of an X keysym, whatever the keyboard's layout; a second press of a held key does nothing."""

    @abstractmethod
    def release_key(self, keysym: int) -> None:
        """Release the key that the press of this keysym took."""

    @abstractmethod
    def close(self) -> None:
        """Release all that is held, and let go of the display."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

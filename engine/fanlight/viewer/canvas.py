"""What the window shows its pixels from: memory that the X server maps, or SDL's surface.

SDL takes pixels only from a surface of its own, so a picture has to be copied there before the server copies it again.
A server that maps the decoder's picture copies it once. Where that cannot be done SDL's surface serves, and `how` says
why.
"""

import os
from collections.abc import Sequence

import pygame

from fanlight.kernels.shared import black_picture
from fanlight.kernels.x11_window import Part, SharingWindow, WindowError
from fanlight.types import Image, Rect, Size
from fanlight.viewer.areas import clip

_PICTURE, _OWN = 0, 1
_LONG = 1.0


class Canvas:
    """A surface of the open window's size, and the way from there to the screen; one thread at a time.

    The surface holds only what was painted on it: parts of a picture may be shown past it. What shows returns False
    where that way has failed: then all must be painted again, on another surface.
    """

    def __init__(self) -> None:
        self.how = ""
        self._sharing: SharingWindow | None = None
        self._own: pygame.Surface | None = None
        self._image: Image | None = None
        self._lent = False
        self.settled = True
        """Whether all that was shown is on the screen."""

    def open(self) -> None:
        """Take the window that is open now, in place of one before."""
        self.close()
        self.how = "shared memory"
        try:
            self._sharing = _sharing_window()
        except WindowError as error:
            self._do_without(error)
        self.fit()

    @property
    def size(self) -> Size:
        """The window's size now."""
        width, height = _of_sdl().get_size()
        return width, height

    @property
    def surface(self) -> pygame.Surface:
        """What to paint on; another one after `fit`."""
        return _of_sdl() if self._own is None else self._own

    def fit(self) -> None:
        """Take the size that the window has now."""
        size = self.size
        if self._sharing is None or (self._own is not None and self._own.get_size() == size):
            return
        memory = black_picture(size)
        try:
            if not self._sharing.lend(_OWN, memory):
                raise WindowError("the X server cannot map our memory")
        except WindowError as error:
            self._do_without(error)
        else:
            self._own = _surface_on(memory)

    def takes(self, image: Image) -> bool:
        """Whether parts of this picture can be shown as they are; asks the server at the first time."""
        if self._sharing is not None and image is not self._image:
            self._image = image
            try:
                self._lent = self._sharing.lend(_PICTURE, image)
            except WindowError as error:
                self._do_without(error)
        return self._lent

    def has(self, image: Image) -> bool:
        """Whether this picture is the one that was taken."""
        return self._lent and image is self._image

    def show(self, painted: Sequence[Rect]) -> bool:
        """Bring rectangles of the surface to the screen."""
        if self._sharing is None:
            pygame.display.update(painted)
            return True
        return self._put(self._parts(painted)) and self.settle()

    def begin(self, parts: Sequence[tuple[Rect, int, int]], painted: Sequence[Rect]) -> bool:
        """Begin to bring rectangles of the picture to (x, y) of the window each, and then those of the surface.

        The picture must not change until `settle`. All before must be settled.
        """
        return self._put([(_PICTURE, *rect, x, y) for rect, x, y in parts] + self._parts(painted))

    def settle(self, patience: float | None = None) -> bool:
        """Wait until all is on the screen, at most `patience` seconds; False where it is not yet, too."""
        try:
            while self._sharing is not None and not self.settled:
                self.settled = self._sharing.settle(_LONG if patience is None else patience)
                if patience is not None:
                    break
        except WindowError as error:
            self._do_without(error)
        return self._sharing is not None and self.settled

    def close(self) -> None:
        """Let go of the window."""
        if self._sharing is not None:
            self._sharing.close()
        self._sharing, self._own, self._image, self._lent = None, None, None, False
        self.settled = True

    def _put(self, parts: Sequence[Part]) -> bool:
        try:
            if self._sharing is not None:
                self.settled = self._sharing.show(parts, 0.0)
        except WindowError as error:
            self._do_without(error)
        return self._sharing is not None

    def _parts(self, painted: Sequence[Rect]) -> list[Part]:
        bounds = Rect(0, 0, *self.surface.get_size())
        inside = [clip(rect, bounds) for rect in painted]
        return [(_OWN, *rect, rect.x, rect.y) for rect in inside if rect.w and rect.h]

    def _do_without(self, error: WindowError) -> None:
        self.close()
        self.how = f"SDL's surface: {error}"


def _sharing_window() -> SharingWindow:
    driver = pygame.display.get_driver()
    window = pygame.display.get_wm_info().get("window")
    if driver != "x11" or not isinstance(window, int):
        raise WindowError(f"the window is one of {driver}, not of X11")
    return SharingWindow(window, os.environ.get("DISPLAY"))


def _of_sdl() -> pygame.Surface:
    # Asked for each time: a resize gives the window another surface.
    surface = pygame.display.get_surface()
    assert surface is not None, "the window is open as long as there is a canvas"
    return surface


def _surface_on(memory: Image) -> pygame.Surface:
    surface = pygame.image.frombuffer(memory.data, (memory.shape[1], memory.shape[0]), "BGRA")
    surface.set_alpha(None)
    return surface

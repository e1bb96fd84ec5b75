"""Screens that change: each scene is a list of frames with the damage a capture would report."""

from collections.abc import Callable, Iterable

import numpy as np

from fanlight.codec import encoders, open_encoder
from fanlight.errors import EncoderError
from fanlight.types import Frame, Image, Rect, Size

FRAME_SECONDS = 1 / 60
Step = tuple[Image, tuple[Rect, ...]]


def _opens(name: str) -> bool:
    try:
        open_encoder(name, (64, 64)).close()
    except EncoderError:
        return False
    return True


OPENING = [name for name in encoders() if _opens(name)]
"""The codecs that this machine can encode with: all but those whose hardware is missing."""

EXACT = ("tiles", "hybrid")


def blank(size: Size, value: int = 0) -> Image:
    """Make a picture of one grey, its X bytes filled with what must never matter."""
    image = np.full((size[1], size[0], 4), value, np.uint8)
    image[..., 3] = 0xA5
    return image


def text(size: Size, seed: int = 1) -> Image:
    """Make a page that looks like text to a codec: two colours, fine structure, no two rows alike."""
    image = blank(size, 245)
    marks = np.random.default_rng(seed).random((size[1], size[0])) < 0.2
    image[marks, :3] = (20, 30, 40)
    return image


def noise(size: Size, seed: int) -> Image:
    """Make a picture that no lossless codec shrinks."""
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), np.uint8)


def gradient(size: Size, shift: int = 0) -> Image:
    """Make a smooth picture of many colours."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    image = blank(size)
    image[..., 0] = (x + shift) * 255 // (size[0] + shift)
    image[..., 1] = y * 255 // size[1]
    image[..., 2] = (x + y + 2 * shift) // 3 % 256
    return image


def whole(size: Size) -> tuple[Rect, ...]:
    """Return the damage of a full change."""
    return (Rect(0, 0, *size),)


def typing(size: Size) -> Iterable[Step]:
    """A caret that leaves letters behind."""
    image = text(size)
    yield image, whole(size)
    for column in range(8):
        image = image.copy()
        rect = Rect(30 + 9 * column, 20, 8, 12)
        image[20:32, rect.x : rect.x + 8, :3] = 10 * column
        yield image, (rect,)


def scroll(size: Size) -> Iterable[Step]:
    """A page that scrolls beside a bar that does not."""
    bar, page = 40, text((size[0], size[1] * 2))
    for top in range(0, 70, 7):
        image = page[top : top + size[1]].copy()
        image[:, :bar, :3] = 90
        yield image, (Rect(bar, 0, size[0] - bar, size[1]),) if top else whole(size)


def window_move(size: Size) -> Iterable[Step]:
    """A window of text that moves over a gradient."""
    ground, window = gradient(size), text((90, 70), seed=4)
    for step in range(8):
        x, y = 10 + 5 * step, 10 + 3 * step
        image = ground.copy()
        image[y : y + 70, x : x + 90] = window
        yield image, (Rect(max(0, x - 5), max(0, y - 3), 95, 73),) if step else whole(size)


def noisy(size: Size) -> Iterable[Step]:
    """A picture that is new all over every time."""
    for seed in range(6):
        yield noise(size, seed), whole(size)


def gradients(size: Size) -> Iterable[Step]:
    """A smooth picture that drifts."""
    for shift in range(0, 40, 5):
        yield gradient(size, shift), whole(size)


def full_change(size: Size) -> Iterable[Step]:
    """Slides: everything changes, and changes back."""
    for image in (text(size, 1), gradient(size), text(size, 2), blank(size, 255), text(size, 1), blank(size)):
        yield image, whole(size)


def there_and_back(size: Size) -> Iterable[Step]:
    """A patch that blinks."""
    for step in range(6):
        image = text(size)
        if step % 2:
            image[50:80, 60:120, :3] = 255 - image[50:80, 60:120, :3]
        yield image, (Rect(60, 50, 60, 30),) if step else whole(size)


SCENES: dict[str, Callable[[Size], Iterable[Step]]] = {
    scene.__name__: scene for scene in (typing, scroll, window_move, noisy, gradients, full_change, there_and_back)
}


def frames(steps: Iterable[Step], start: float = 100.0) -> list[Frame]:
    """Give the steps of a scene their times, one every sixtieth of a second."""
    timed = []
    for number, (image, damage) in enumerate(steps):
        at = start + number * FRAME_SECONDS
        timed.append(Frame(image, damage, at, at + 0.001))
    return timed


def merged(timed: list[Frame], every: int) -> list[Frame]:
    """Keep every n-th frame and the last, with the damage of those left out."""
    kept, damage, first = [], (), timed[0].damaged_at
    for number, frame in enumerate(timed):
        first = frame.damaged_at if not damage else first
        damage += frame.damage
        if number % every == 0 or number == len(timed) - 1:
            kept.append(Frame(frame.image, damage, first, frame.captured_at))
            damage = ()
    return kept


def resting(frame: Frame) -> Frame:
    """Return the same picture without damage, as a host asks for refinement."""
    return Frame(frame.image, (), frame.captured_at, frame.captured_at)


def same(shown: Image, wanted: Image) -> bool:
    """Tell whether two pictures are equal in B, G and R."""
    return np.array_equal(shown[..., :3], wanted[..., :3])


def psnr(shown: Image, wanted: Image) -> float:
    """Return the peak signal-to-noise ratio over B, G and R, in dB."""
    error = np.mean((shown[..., :3].astype(np.float64) - wanted[..., :3]) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))

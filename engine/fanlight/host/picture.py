"""What the host hands to a viewer: one encoded update, the screen it belongs to, and its stamps."""

from dataclasses import dataclass

from fanlight.codec import Update
from fanlight.types import Pixels, Size

REST_SECONDS = 0.1
"""How long a picture must rest before what is still lossy is sent exactly."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a decoder must be opened for; `serial` grows with every change."""

    serial: int
    size: Size
    codec: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded update with its stamps, all `time.monotonic()` seconds of the host.

    `states` counts the captured states of the screen that merged into it. `quality` is the QP of what is lossy in it,
    `shared` counts the viewers that get the same update.
    """

    screen: Screen
    update: Update
    digest: int | None
    pixels: Pixels
    input_seq: int
    states: int
    damaged_at: float
    captured_at: float
    encode_started_at: float
    encoded_at: float
    quality: int | None
    shared: int

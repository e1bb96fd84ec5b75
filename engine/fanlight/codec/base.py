"""What every encoder and decoder promises; owns `Update` and the checks that all of them share.

A tile is *exact* where the decoder's pixels are those that the encoder last saw, and *lossy* from the moment a video
packet wrote to it until an update of tiles has brought it again. Both ends keep these marks alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from fanlight.errors import CodecError, EncoderError, UsageError
from fanlight.kernels import tiles as tile_kernels
from fanlight.kernels.lane import pixels_of
from fanlight.kernels.x11 import Screen
from fanlight.types import MAX_PIXELS, MAX_SIDE, Frame, Image, PointerPlace, Rect, Size, Tiles

EXACT, REFINING, LOSSY = 0, 1, 2
"""What `states` says of a tile: exact; lossy and waiting to be sent exactly; lossy as long as its video runs."""

QUALITIES = (10, 51)
"""The least and the most that `set_quality` takes, on the quantiser's scale of H.264: more is coarser."""

QUALITY_STEP = 3
"""A new quantiser is worth a key frame from this difference on: PyAV has no way to change it in an open encoder."""

DEFAULT_PORTION = 128 << 10

_NO_PIXELS: Mapping[str, int] = MappingProxyType({})


class Update(bytes):
    """What one `Encoder.encode` made: the bytes for the decoder, and what they bring about.

    `exact`: with it, the decoder's picture equals the frame. `key`: a decoder can start with it.
    `lane`: "tiles", "video", "both", or "" when it is empty. `pixels`: how many each of "copy", "tiles" and "video"
    wrote, where it is not empty.
    """

    exact: bool = False
    key: bool = False
    lane: str = ""
    pixels: Mapping[str, int] = _NO_PIXELS

    def __new__(
        cls,
        data: bytes | bytearray = b"",
        *,
        exact: bool = False,
        key: bool = False,
        lane: str = "",
        pixels: Mapping[str, int] = _NO_PIXELS,
    ) -> Self:
        """Copy `data` into an update."""
        update = super().__new__(cls, data)
        update.exact = exact
        update.key = key
        update.lane = lane
        update.pixels = pixels
        return update


class SmallUpdate(Update):
    """Exact tiles, and moves: what most updates are, made in as few steps as can be."""

    exact = True
    lane = "tiles"
    counts = bytes(16)
    """How many pixels it writes, as `kernels.lane.pixels_of` reads it."""
    if TYPE_CHECKING:

        def __new__(cls, data: bytes | memoryview = b"") -> Self:
            """Copy `data` into an update."""
    else:
        __new__ = bytes.__new__

    @property
    def pixels(self) -> Mapping[str, int]:  # type: ignore[override]
        """How many pixels each operation wrote."""
        if not self:
            return _NO_PIXELS
        tiles, moved = pixels_of(self.counts)
        return {"tiles": tiles, "copy": moved} if moved else {"tiles": tiles}


class WholeUpdate(SmallUpdate):
    """All tiles of a picture, which need none before them."""

    key = True


class FrameSource(Protocol):
    """What an encoder takes frames of by itself; every `fanlight.capture.Capture` is one."""

    @property
    def screen(self) -> Screen | None:
        """The native capture behind it, where there is one."""

    @property
    def last(self) -> Frame | None:
        """The frame that came last."""

    def next(self, timeout: float | None) -> Frame | None:
        """Wait for a frame, at most so many seconds."""


class Encoder(ABC):
    """Turns frames of one size into updates for any number of decoders in one state; not thread-safe.

    Every update must reach each of them, in order. One that missed some is caught up, or leaves for a fork. Frames may
    be skipped if their damage is added to a later one's.

    `near`, where the pointer stands, may be set: what is lossy is refined there first. `portion` may be set: about so
    many bytes of an update refine what is lossy, at most, and a quarter of that beside a change. What a link carries in
    20 ms is right, since whatever changes next waits for it.
    """

    name: str
    can_catch_up: ClassVar[bool] = True
    """Whether `catch_up` can ever work."""

    def __init__(self, size: Size) -> None:
        self.size = checked_size(size)
        self.near: PointerPlace | None = None
        self.portion = DEFAULT_PORTION
        self._untouched: Tiles = tile_kernels.no_tiles(self.size)
        self._untouched.flags.writeable = False
        self._touched: Tiles | None = self._untouched
        self._closed = False

    def encode(self, frame: Frame) -> Update:
        """Bring the decoder up to date with the frame; empty when it lacks nothing.

        Only `frame.damage` is looked at. A frame without damage says that the screen rests: what is lossy is refined.
        """
        self._need_open()
        if frame.size != self.size:
            raise UsageError(f"the encoder is for {_text(self.size)}, the frame is {_text(frame.size)}; open a new one")
        self._touched = self._untouched
        return self._encode(frame)

    @abstractmethod
    def _encode(self, frame: Frame) -> Update:
        """Make the update, and set `_touched` to fresh marks if it is not empty, or to None for `_look_touched`."""

    def encode_next(self, source: FrameSource, timeout: float | None = None) -> Update | None:
        """Wait for the source's next frame and bring the decoder up to date with it; `source.last` is then that frame.

        It is `encode(source.next(timeout))`, but a small change of an X screen is coded before any Python runs.
        None: no frame came; or one of another size, with which this encoder has nothing to do.
        """
        self._need_open()
        frame = source.next(timeout)
        return None if frame is None or frame.size != self.size else self.encode(frame)

    @property
    def touched(self) -> Tiles:
        """Marks of the tiles that the last update changed at the decoder; the next one replaces them."""
        if self._touched is None:
            self._touched = self._look_touched()
        return self._touched

    def _look_touched(self) -> Tiles:
        return self._untouched

    @property
    def chained(self) -> bool:
        """Whether a decoder that missed an update can follow no other before a key, whatever tiles it is given."""
        return False

    def catch_up(self, lacks: Tiles) -> Update:
        """Make an update for one decoder that has every tile of this encoder's picture but those in `lacks`.

        It brings them as this encoder last saw them. After it that decoder can take all updates that follow; those who
        missed nothing are not sent it, and lose nothing by it. UsageError where `chained`.
        """
        self._need_open()
        if self.can_catch_up and self.chained:
            raise UsageError("a decoder that missed updates cannot be caught up while video runs; fork the encoder")
        return self._catch_up(lacks)

    def _catch_up(self, lacks: Tiles) -> Update:
        raise UsageError(f"the {self.name} encoder sends whole pictures: a decoder that missed one needs a key frame")

    def fork(self, lacks: Tiles) -> "Encoder":
        """Open another encoder, of the same options, for a decoder that has this one's picture but for `lacks`.

        What is lossy here is so there. Its next update brings what changed, and `lacks`; it runs no video at first.
        """
        self._need_open()
        return self._fork(lacks)

    def _fork(self, lacks: Tiles) -> "Encoder":
        raise UsageError(f"the {self.name} encoder cannot be forked")

    @property
    def quality(self) -> int | None:
        """The quantiser of what is lossy, on the scale of H.264; None where nothing ever is."""
        return None

    def set_quality(self, qp: int) -> None:
        """Code what is lossy with another quantiser, 10 to 51, from some later update on; lossless encoders ignore it.

        Small steps are put off, since most codecs must start again with a key frame.
        """
        checked_number("quality", qp, *QUALITIES)

    def states(self) -> Tiles:
        """Return EXACT, REFINING or LOSSY for each tile, as an array of its own."""
        return tile_kernels.no_tiles(self.size)

    @property
    @abstractmethod
    def pending(self) -> bool:
        """Whether a frame without damage would still bring the decoder closer to the host's pixels."""

    @property
    @abstractmethod
    def digest(self) -> int | None:
        """The 64-bit digest of the exact tiles of the decoder's picture; None for codecs of whole pictures."""

    @abstractmethod
    def refresh(self) -> None:
        """Make the next update stand alone, so that a decoder just opened can start with it."""

    def close(self) -> None:
        """Free what the encoder holds; it encodes nothing more."""
        self._closed = True

    def _need_open(self) -> None:
        if self._closed:
            raise UsageError(f"the {self.name} encoder is closed; open a new one")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Decoder(ABC):
    """Turns the updates of one encoder back into its picture; not thread-safe.

    Updates are hostile. After a CodecError the picture may be half changed, so the decoder refuses all that follows.
    """

    name: str

    def __init__(self, size: Size) -> None:
        self.size = checked_size(size)
        self.damage: tuple[Rect, ...] = ()
        self._closed = False
        self._damaged = False

    def decode(self, update: bytes | bytearray | memoryview) -> Image:
        """Apply one update; return `image`. CodecError for bytes that no encoder of this name and size makes."""
        if self._closed:
            raise UsageError(f"the {self.name} decoder is closed; open a new one")
        if self._damaged:
            raise CodecError(
                f"the {self.name} decoder met a damaged update before; open a new one and ask for a refresh"
            )
        self.damage = ()
        try:
            self._decode(memoryview(update))
        except CodecError:
            self._damaged = True
            raise
        return self.image

    @abstractmethod
    def _decode(self, update: memoryview) -> None:
        """Apply the update and set `damage`."""

    @property
    @abstractmethod
    def image(self) -> Image:
        """The picture now, as a read-only view that later updates change."""

    @property
    @abstractmethod
    def digest(self) -> int | None:
        """The 64-bit digest of the exact tiles; equals the encoder's. None for codecs of whole pictures."""

    def states(self) -> Tiles:
        """Return EXACT, REFINING or LOSSY for each tile, as an array of its own."""
        return tile_kernels.no_tiles(self.size)

    def close(self) -> None:
        """Free what the decoder holds; it decodes nothing more."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def checked_size(size: Size) -> Size:
    """Return the size, or raise UsageError when no picture may be that large or that small."""
    width, height = size
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise UsageError(f"a picture has sides of 1 to {MAX_SIDE} pixels, not {_text(size)}")
    if width * height > MAX_PIXELS:
        raise UsageError(f"a picture has at most {MAX_PIXELS} pixels, and {_text(size)} is more")
    return int(width), int(height)


def checked_number(name: str, value: object, least: int, most: int) -> int:
    """Return an option's value as int, or raise UsageError with the range it must be in."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UsageError(f"{name} is a whole number from {least} to {most}, not {value!r}")
    return value


def cannot_open(what: str, reason: object) -> EncoderError:
    """Make the error for a codec that this machine does not offer."""
    return EncoderError(f"{what} cannot be opened: {reason}")


def _text(size: Size) -> str:
    return f"{size[0]}x{size[1]}"

"""What every encoder and decoder promises; owns `Update` and the checks that all of them share."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from fanlight.errors import CodecError, EncoderError, UsageError
from fanlight.types import MAX_PIXELS, MAX_SIDE, Frame, Image, Rect, Size


class Update(bytes):
    """What one `Encoder.encode` made: the bytes for the decoder, and what they bring about.

    `exact`: with it, the decoder's picture equals the frame. `key`: it needs no update before it.
    `lane`: "tiles", "video", "both", or "" when it is empty.
    """

    exact: bool
    key: bool
    lane: str

    def __new__(cls, data: bytes | bytearray = b"", *, exact: bool = False, key: bool = False, lane: str = "") -> Self:
        """Copy `data` into an update."""
        update = super().__new__(cls, data)
        update.exact = exact
        update.key = key
        update.lane = lane
        return update


class Encoder(ABC):
    """Turns frames of one size into updates for one decoder; not thread-safe.

    Every update must reach the decoder, in order. Frames may be skipped if their damage is added to a later one's.
    """

    name: str

    def __init__(self, size: Size) -> None:
        self.size = checked_size(size)
        self._closed = False

    def encode(self, frame: Frame) -> Update:
        """Bring the decoder up to date with the frame; empty when it lacks nothing.

        Only `frame.damage` is looked at. A frame without damage says that the screen rests: what is lossy is refined.
        """
        if self._closed:
            raise UsageError(f"the {self.name} encoder is closed; open a new one")
        if frame.size != self.size:
            raise UsageError(f"the encoder is for {_text(self.size)}, the frame is {_text(frame.size)}; open a new one")
        return self._encode(frame)

    @abstractmethod
    def _encode(self, frame: Frame) -> Update: ...

    @property
    @abstractmethod
    def pending(self) -> bool:
        """Whether a frame without damage would still bring the decoder closer to the host's pixels."""

    @property
    @abstractmethod
    def digest(self) -> int | None:
        """The 64-bit digest of the decoder's picture; None while it is lossy."""

    @abstractmethod
    def refresh(self) -> None:
        """Make the next update stand alone, so that a decoder just opened can start with it."""

    def close(self) -> None:
        """Free what the encoder holds; it encodes nothing more."""
        self._closed = True

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
    def digest(self) -> int:
        """The 64-bit digest of the picture; equals the encoder's where that has one."""

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

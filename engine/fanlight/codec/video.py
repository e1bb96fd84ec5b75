"""Whole pictures through PyAV: one packet for one frame; owns everything that touches FFmpeg.

What is coded and how stands in `profiles`. Colours are full range and flagged so in the stream. Encoders run at a
constant quantiser, which spares x264 the search of the whole picture that its rate controls make for every frame.

Pictures are coded at a width that divides by 16 and an even height: 4:2:0 needs even sides, and swscale leaves the last
pixels of other widths unwritten. What is added repeats the last column and row; the decoder cuts it off.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias, cast

import av
import numpy as np
from av.codec.context import ThreadType
from av.codec.hwaccel import HWAccel
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from fanlight.codec.base import cannot_open, checked_number
from fanlight.codec.feeding import Feed
from fanlight.codec.patience import Patience
from fanlight.codec.profiles import PROFILES, THREADS, Profile
from fanlight.errors import CodecError, EncoderError, UsageError
from fanlight.types import Image, Rect, Size

DEFAULT_FPS = 60

_Packets: TypeAlias = "list[av.Packet[VideoCodecContext]]"

_NEVER = 1 << 30
_PATIENCE = 2.0
_PROBE = (64, 64)
_BT709 = 1


def can_decode(profile: Profile) -> bool:
    """Tell whether this PyAV has the decoder of a profile."""
    try:
        av.Codec(profile.decoder, "r")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


@lru_cache(maxsize=64)
def check_encoder(name: str) -> None:
    """Open a profile's encoder and close it: EncoderError, with the reason, where this machine cannot."""
    VideoWriter(PROFILES[name], _PROBE).close()


class VideoWriter:
    """An FFmpeg encoder of one profile for pictures of one size."""

    def __init__(
        self,
        profile: Profile,
        size: Size,
        *,
        qp: object = None,
        preset: object = None,
        fps: object = DEFAULT_FPS,
    ) -> None:
        self._profile = profile
        self._size = size
        self._feed = Feed(profile, size)
        self._fed = self._given = 0
        self._patience: Patience[_Packets] | None = Patience(_PATIENCE) if profile.may_hang else None
        options = _options(profile, qp, preset)
        rate = checked_number("fps", fps, 1, 240)
        try:
            self._context = _open_encoder(profile, profile.coded_size(size), options, rate)
        except (av.FFmpegError, ValueError, NotImplementedError) as error:
            raise cannot_open(profile.title, _reason(profile, error)) from error

    @property
    def held(self) -> int:
        """How many frames went in and have not come out."""
        return self._fed - self._given

    def note(self, damage: Iterable[Rect]) -> None:
        """Say where the picture changed; `encode` looks nowhere else."""
        self._feed.note(damage)

    def encode(self, image: Image, *, key: bool) -> tuple[bytes, bool]:
        """Return the packet, and whether it needs none before it; an empty one where the encoder holds frames back."""
        try:
            frame = self._feed.frame(image)
            frame.pts = self._fed
            frame.pict_type = PictureType.I if key else PictureType.NONE
            packets = self._feed_encoder(frame)
        except TimeoutError:
            raise EncoderError(f"{self._profile.title} did not answer for {_PATIENCE:g} seconds") from None
        except av.FFmpegError as error:
            raise EncoderError(f"{self._profile.title} failed at work: {error}") from error
        self._fed += 1
        self._given += len(packets)
        if not packets and self._profile.may_delay:
            return b"", False
        if len(packets) != 1:
            raise EncoderError(f"{self._profile.title} gave {len(packets)} packets for one frame")
        return bytes(packets[0]), packets[0].is_keyframe

    def close(self) -> None:
        """Tell the encoder that nothing follows, which some need to end their threads quietly."""
        with suppress(av.FFmpegError, TimeoutError):
            self._feed_encoder(None)
        if self._patience is not None:
            self._patience.end()

    def _feed_encoder(self, frame: av.VideoFrame | None) -> _Packets:
        if self._patience is None:
            return self._context.encode(frame)
        return self._patience.call(lambda: self._context.encode(frame))


class VideoReader:
    """An FFmpeg decoder of one profile for hostile packets of pictures of one size."""

    def __init__(self, profile: Profile, size: Size) -> None:
        self._profile = profile
        self._size = size
        self._coded = profile.coded_size(size)
        self._reformatter = VideoReformatter()
        try:
            self._context = _open_decoder(profile, self._coded)
        except (av.FFmpegError, ValueError) as error:
            raise cannot_open(f"the decoder {profile.decoder}", error) from error

    def decode(self, packet: memoryview) -> Image:
        """Return the packet's picture, valid for as long as the caller keeps it; CodecError for anything else."""
        try:
            frames = self._context.decode(av.Packet(bytes(packet)))
        except (av.FFmpegError, ValueError) as error:
            raise CodecError(f"the {self._profile.name} packet does not decode: {error}") from error
        # Before the first key frame FFmpeg shows nothing, so that is refused here too.
        if len(frames) != 1:
            raise CodecError(f"a packet of {self._profile.name} holds one picture, not {len(frames)}")
        return self._convert(self._checked(frames[0]))

    def _checked(self, frame: av.VideoFrame) -> av.VideoFrame:
        if (frame.width, frame.height) != self._coded:
            raise CodecError(
                f"the {self._profile.name} picture is {frame.width}x{frame.height};"
                f" {self._coded[0]}x{self._coded[1]} was agreed"
            )
        if frame.format.name not in self._profile.formats:
            sampling = "4:4:4" if "yuv444p" in self._profile.formats else "4:2:0"
            raise CodecError(f"the {self._profile.name} picture is {frame.format.name}, not {sampling} with 8 bits")
        return frame

    def _convert(self, frame: av.VideoFrame) -> Image:
        width, height = self._size
        converted = self._reformatter.reformat(
            frame,
            format="bgra",
            src_colorspace=self._profile.matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.AREA,
            threads=THREADS,
        )
        plane = converted.planes[0]
        rows: Image = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size // 4, 4)
        return rows[:height, :width]


def checked_qp(profile: Profile, qp: object) -> int:
    """Return a quantiser on the profile's own scale, its default for None."""
    return profile.qp if qp is None else checked_number("qp", qp, *profile.qps)


def checked_preset(profile: Profile, preset: object) -> str:
    """Return a preset of the profile, its default for None."""
    if preset is None:
        return profile.preset
    if preset not in profile.presets:
        known = ", ".join(profile.presets)
        raise UsageError(f"preset is one of {known}, not {preset!r}" if known else f"{profile.title} has no presets")
    return str(preset)


def _options(profile: Profile, qp: object, preset: object) -> dict[str, str]:
    options = profile.settings | profile.quantiser(checked_qp(profile, qp))
    if profile.presets:
        options[profile.preset_option] = checked_preset(profile, preset)
    return options


def _reason(profile: Profile, error: Exception) -> str:
    if isinstance(error, av.codec.codec.UnknownCodecError):
        said = f"this PyAV has no encoder {profile.encoder}"
    elif isinstance(error, av.UnknownError):
        said = "FFmpeg gives no reason"
    else:
        said = str(getattr(error, "strerror", None) or error)
    return f"{said}; it needs {profile.needs}" if profile.needs else said


def _open_encoder(profile: Profile, coded: Size, options: dict[str, str], fps: int) -> VideoCodecContext:
    for name, value in profile.environment.items():
        os.environ.setdefault(name, value)
    context = _create(profile.encoder, "w", HWAccel(profile.device) if profile.device else None)
    context.width, context.height = coded
    context.pix_fmt = profile.source
    context.time_base = Fraction(1, fps)
    context.framerate = Fraction(fps)
    context.gop_size = _NEVER
    context.max_b_frames = 0
    context.thread_count = THREADS
    context.thread_type = ThreadType.SLICE
    context.color_range = ColorRange.JPEG
    context.color_primaries = context.color_trc = _BT709
    context.colorspace = profile.colours
    context.options = options
    with _own_scheduling():
        context.open()
    return context


@contextmanager
def _own_scheduling() -> Iterator[None]:
    """Keep what opens inside from running in real time.

    SVT-AV1 makes its threads, and the one that opens it, SCHED_FIFO where the user is root. On a machine that is also
    to draw the screen, and for every program that this thread starts later, that means to stand still.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    before = set(_threads())
    try:
        yield
    finally:
        for thread in (0, *set(_threads()) - before):
            with suppress(ProcessLookupError):
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, priority)


def _threads() -> list[int]:
    return [int(name) for name in os.listdir("/proc/self/task")]  # noqa: PTH208 - names, not files


def _open_decoder(profile: Profile, coded: Size) -> VideoCodecContext:
    context = _create(profile.decoder, "r")
    context.thread_count = THREADS
    context.thread_type = ThreadType.SLICE
    # FFmpeg bounds the picture before it allocates, with each side rounded up; the exact size is compared afterwards.
    most = (coded[0] + 63) // 64 * 64 * ((coded[1] + 63) // 64 * 64)
    context.options = {"flags": "+low_delay", "err_detect": "explode", "max_pixels": str(most)}
    context.open()
    return context


def _create(codec: str, mode: Literal["r", "w"], hardware: HWAccel | None = None) -> VideoCodecContext:
    # PyAV's own types know video contexts only for codecs that are named literally.
    return cast(VideoCodecContext, av.CodecContext.create(codec, mode, hardware))

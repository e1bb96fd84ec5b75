"""Full-frame H.264 through PyAV: one packet for one frame, without delay; owns everything that touches FFmpeg.

Colours: BT.709, full range, 4:2:0, flagged so in the stream. x264 runs at constant QP, which spares it the search
of the whole picture that its rate controls make for every frame.

Pictures are coded at a width that divides by 16 and an even height: 4:2:0 needs even sides, and swscale leaves the last
pixels of other widths unwritten. What is added repeats the last column and row; the decoder cuts it off.
"""

from fractions import Fraction

import av
import numpy as np
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from fanlight.codec.base import Decoder, Encoder, Update, cannot_open, checked_number
from fanlight.codec.picture import Picture
from fanlight.errors import CodecError, EncoderError, UsageError
from fanlight.kernels import tiles as tile_kernels
from fanlight.types import Frame, Image, Rect, Size

DEFAULT_QP = 24
DEFAULT_PRESET = "ultrafast"
DEFAULT_FPS = 60

_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
# Slices that are coded side by side; each costs a little compression, and a session shares its cores with the screen.
_THREADS = 2
_NEVER = 1 << 30
_BT709 = 1


class H264Writer:
    """An x264 context for pictures of one size."""

    def __init__(
        self, size: Size, *, qp: object = DEFAULT_QP, preset: object = DEFAULT_PRESET, fps: object = DEFAULT_FPS
    ) -> None:
        self._size = size
        self._coded = coded_size(size)
        self._canvas = None if self._coded == size else np.zeros((self._coded[1], self._coded[0], 4), np.uint8)
        self._reformatter = VideoReformatter()
        self._count = 0
        if preset not in _PRESETS:
            raise UsageError(f"preset is one of {', '.join(_PRESETS)}, not {preset!r}")
        checked_number("qp", qp, 1, 51)
        rate = checked_number("fps", fps, 1, 240)
        try:
            self._context = _open_x264(self._coded, {"preset": str(preset), "qp": str(qp)}, rate)
        except (av.FFmpegError, ValueError) as error:
            raise cannot_open("H.264 (libx264)", error) from error

    def encode(self, image: Image, *, key: bool) -> tuple[bytes, bool]:
        """Return the packet (Annex B, one access unit), and whether it needs no packet before it."""
        source = self._on_canvas(image)
        try:
            frame = self._reformatter.reformat(
                av.VideoFrame.from_numpy_buffer(source, "bgra"),
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.JPEG,
                interpolation=Interpolation.AREA,
                threads=_THREADS,
            )
            frame.pts = self._count
            frame.pict_type = PictureType.I if key else PictureType.NONE
            packets = self._context.encode(frame)
        except av.FFmpegError as error:
            raise EncoderError(f"libx264 failed at work: {error}") from error
        if len(packets) != 1:
            raise EncoderError(f"libx264 gave {len(packets)} packets for one frame")
        self._count += 1
        return bytes(packets[0]), packets[0].is_keyframe

    def _on_canvas(self, image: Image) -> Image:
        if self._canvas is None:
            return image
        width, height = self._size
        self._canvas[:height, :width] = image
        self._canvas[:height, width:] = self._canvas[:height, width - 1 : width]
        self._canvas[height:] = self._canvas[height - 1]
        return self._canvas


class H264Reader:
    """An H.264 decoder for hostile packets of pictures of one size."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._coded = coded_size(size)
        self._reformatter = VideoReformatter()
        try:
            self._context = _open_h264(self._coded)
        except (av.FFmpegError, ValueError) as error:
            raise cannot_open("the H.264 decoder", error) from error

    def decode(self, packet: memoryview) -> Image:
        """Return the packet's picture, valid for as long as the caller keeps it; CodecError for anything else."""
        try:
            frames = self._context.decode(av.Packet(bytes(packet)))
        except (av.FFmpegError, ValueError) as error:
            raise CodecError(f"the H.264 packet does not decode: {error}") from error
        # Before the first key frame FFmpeg shows nothing, so that is refused here too.
        if len(frames) != 1:
            raise CodecError(f"an H.264 packet holds one picture, not {len(frames)}")
        return self._convert(self._checked(frames[0]))

    def _checked(self, frame: av.VideoFrame) -> av.VideoFrame:
        if (frame.width, frame.height) != self._coded:
            raise CodecError(
                f"the H.264 picture is {frame.width}x{frame.height}; {self._coded[0]}x{self._coded[1]} was agreed"
            )
        if frame.format.name not in ("yuv420p", "yuvj420p"):
            raise CodecError(f"the H.264 picture is {frame.format.name}, not 4:2:0 with 8 bits")
        return frame

    def _convert(self, frame: av.VideoFrame) -> Image:
        width, height = self._size
        converted = self._reformatter.reformat(
            frame,
            format="bgra",
            src_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.AREA,
            threads=_THREADS,
        )
        plane = converted.planes[0]
        rows: Image = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size // 4, 4)
        return rows[:height, :width]


class H264Encoder(Encoder):
    """The whole picture as H.264, always lossy: the plain way, to compare with."""

    name = "h264"

    def __init__(
        self, size: Size, *, qp: object = DEFAULT_QP, preset: object = DEFAULT_PRESET, fps: object = DEFAULT_FPS
    ) -> None:
        super().__init__(size)
        self._writer = H264Writer(self.size, qp=qp, preset=preset, fps=fps)
        self._key_due = True

    def _encode(self, frame: Frame) -> Update:
        if not (frame.damage or self._key_due):
            return Update()
        packet, is_key = self._writer.encode(frame.image, key=self._key_due)
        self._key_due = False
        return Update(packet, key=is_key, lane="video")

    @property
    def pending(self) -> bool:
        """Always False: a lossy picture is all that this codec has."""
        return False

    @property
    def digest(self) -> int | None:
        """Always None."""
        return None

    def refresh(self) -> None:
        """Make the next update a key frame."""
        self._key_due = True


class H264Decoder(Decoder):
    """Shows the packets of an H264Encoder."""

    name = "h264"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._reader = H264Reader(self.size)
        self._picture = Picture(self.size)
        self._all = tile_kernels.all_tiles(self.size)

    def _decode(self, update: memoryview) -> None:
        if not update:
            return
        tile_kernels.copy(self._reader.decode(update), self._picture.image, self._all)
        self._picture.touch(self._all)
        self.damage = (Rect(0, 0, *self.size),)

    @property
    def image(self) -> Image:
        """The picture now, read-only."""
        return self._picture.view

    @property
    def digest(self) -> int:
        """The digest of the lossy picture; the encoder has none to compare it with."""
        return self._picture.digest


def coded_size(size: Size) -> Size:
    """Return the size at which a picture is coded."""
    width, height = size
    return (width + 15) // 16 * 16, (height + 1) // 2 * 2


def _open_x264(coded: Size, options: dict[str, str], fps: int) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = coded
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, fps)
    context.framerate = Fraction(fps)
    context.gop_size = _NEVER
    context.max_b_frames = 0
    context.thread_count = _THREADS
    context.thread_type = ThreadType.SLICE
    context.color_range = ColorRange.JPEG
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.options = {"tune": "zerolatency", "forced-idr": "1", **options}
    context.open()
    return context


def _open_h264(coded: Size) -> VideoCodecContext:
    context = av.CodecContext.create("h264", "r")
    context.thread_count = _THREADS
    context.thread_type = ThreadType.SLICE
    # FFmpeg bounds the picture before it allocates, with each side rounded up; the exact size is compared afterwards.
    most = (coded[0] + 63) // 64 * 64 * ((coded[1] + 63) // 64 * 64)
    context.options = {"flags": "+low_delay", "err_detect": "explode", "max_pixels": str(most)}
    context.open()
    return context

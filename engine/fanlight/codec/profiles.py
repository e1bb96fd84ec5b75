"""The whole-picture video codecs by name: which FFmpeg encoder and decoder each uses, and how it is set for screens.

Every row is the low-latency setting that the encoder's own documentation gives: no B frames, no lookahead, no frame
threads, key frames only when asked for, and a constant quantiser, so that quality does not depend on what moved before.
docs/codecs.md explains the rows to users.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from av.video.reformatter import Colorspace

from fanlight.errors import UsageError
from fanlight.types import Size

THREADS = 2
"""Slices or rows coded side by side: each costs compression, and a session shares its cores with the screen."""

_X26X_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
_420 = ("yuv420p", "yuvj420p")
_444 = ("yuv444p", "yuvj444p")
_BT709, _BT601 = 1, 5
_H264_QPS = (1, 51)


def _qp(qp: int) -> dict[str, str]:
    return {"qp": str(qp)}


def _vpx_quality(qp: int) -> dict[str, str]:
    return {"crf": str(qp), "qmin": str(qp), "qmax": str(qp), "b": "0"}


def _fixed_scale(qp: int) -> dict[str, str]:
    return {"qmin": str(qp), "qmax": str(qp)}


def _qsv_quality(qp: int) -> dict[str, str]:
    # FFmpeg counts the scale in lambdas, of which 118 make one step.
    return {"flags": "+qscale", "global_quality": str(qp * 118)}


@dataclass(frozen=True, slots=True)
class Profile:
    """How one codec is opened.

    `quantiser` turns a qp into FFmpeg options; `qps` are the least and the most, `qp` the default, on the codec's own
    scale. `formats` are those its decoder accepts, `source` is what its encoder is fed, `colours` is FFmpeg's number
    of the matrix. `least` bounds the coded size from below. `may_delay`: frames may come out later than they went in.
    `may_hang`: it has been seen to lock itself up at work. `device` is the kind of hardware that FFmpeg opens; `needs`
    tells people what the encoder wants of a machine.
    """

    name: str
    title: str
    encoder: str
    decoder: str
    quantiser: Callable[[int], dict[str, str]]
    qps: tuple[int, int]
    qp: int
    preset_option: str = "preset"
    presets: tuple[str, ...] = ()
    preset: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    source: str = "yuv420p"
    formats: tuple[str, ...] = _420
    colours: int = _BT709
    least: Size = (1, 1)
    may_delay: bool = False
    may_hang: bool = False
    device: str | None = None
    needs: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def matrix(self) -> Colorspace:
        """The matrix that turns B, G, R into what is coded."""
        return Colorspace.ITU601 if self.colours == _BT601 else Colorspace.ITU709

    @property
    def options(self) -> frozenset[str]:
        """The options that its encoder takes."""
        return frozenset({"qp", "fps"} | ({"preset"} if self.presets else set()))

    def from_h264(self, qp: int) -> int:
        """Turn a quantiser of H.264's scale, 1 to 51, into the one of this codec that stands as far along its scale."""
        least, most = self.qps
        return least + round((qp - 1) * (most - least) / (_H264_QPS[1] - 1))

    def as_h264(self, qp: int) -> int:
        """Turn a quantiser of this codec's scale into one of H.264's."""
        least, most = self.qps
        return 1 + round((qp - least) * (_H264_QPS[1] - 1) / (most - least))

    def coded_size(self, size: Size) -> Size:
        """Return the size at which a picture is coded: a width that divides by 16 and an even height."""
        width, height = max(size[0], self.least[0]), max(size[1], self.least[1])
        return (width + 15) // 16 * 16, (height + 1) // 2 * 2


def _x264(name: str, title: str, source: str, formats: tuple[str, ...]) -> Profile:
    return Profile(
        name,
        f"{title} (libx264)",
        "libx264",
        "h264",
        _qp,
        (1, 51),
        26,
        presets=_X26X_PRESETS,
        preset="ultrafast",
        settings={"tune": "zerolatency", "forced-idr": "1"},
        source=source,
        formats=formats,
    )


def _x265(name: str, title: str, source: str, formats: tuple[str, ...]) -> Profile:
    return Profile(
        name,
        f"{title} (libx265)",
        "libx265",
        "hevc",
        _qp,
        (1, 51),
        26,
        presets=_X26X_PRESETS,
        preset="ultrafast",
        settings={
            "tune": "zerolatency",
            "forced-idr": "1",
            "x265-params": f"log-level=none:pools={THREADS}:frame-threads=1:repeat-headers=1:scenecut=0:keyint=-1",
        },
        source=source,
        formats=formats,
        least=(32, 32),
    )


def _vp9(name: str, title: str, source: str, formats: tuple[str, ...]) -> Profile:
    return Profile(
        name,
        f"{title} (libvpx)",
        "libvpx-vp9",
        "vp9",
        _vpx_quality,
        (1, 63),
        32,
        preset_option="cpu-used",
        presets=("5", "6", "7", "8", "9"),
        preset="8",
        settings={
            "deadline": "realtime",
            "tune-content": "screen",
            "lag-in-frames": "0",
            "auto-alt-ref": "0",
            "row-mt": "1",
            "tile-columns": "1",
        },
        source=source,
        formats=formats,
    )


H264 = _x264("h264", "H.264", "nv12", _420)

_AV1 = Profile(
    "av1",
    "AV1 (SVT-AV1)",
    "libsvtav1",
    "libdav1d",
    _qp,
    (1, 63),
    32,
    presets=("7", "8", "9", "10", "11", "12"),
    # Above 8 the library leaves its screen tools out, and small sharp blocks go wrong for some frames.
    preset="8",
    settings={"svtav1-params": f"rtc=1:pred-struct=1:scm=1:lp={THREADS}"},
    least=(64, 64),
    may_delay=True,
    # Version 4.1 has been seen to wait for itself, with all its threads, in the middle of a stream.
    may_hang=True,
    # The library writes its settings to standard error otherwise.
    environment={"SVT_LOG": "0"},
)

_MJPEG = Profile(
    "mjpeg",
    "Motion JPEG",
    "mjpeg",
    "mjpeg",
    _fixed_scale,
    (1, 31),
    4,
    settings={"huffman": "default"},
    # JFIF knows no other colours.
    colours=_BT601,
)

_NVENC = Profile(
    "h264_nvenc",
    "H.264 on an NVIDIA card (NVENC)",
    "h264_nvenc",
    "h264",
    lambda qp: {"rc": "constqp", "qp": str(qp)},
    (1, 51),
    24,
    presets=("p1", "p2", "p3", "p4", "p5", "p6", "p7"),
    preset="p3",
    settings={"tune": "ull", "zerolatency": "1", "delay": "0", "forced-idr": "1"},
    least=(160, 64),
    may_delay=True,
    needs="an NVIDIA card and its driver",
)

_VAAPI = Profile(
    "h264_vaapi",
    "H.264 through VA-API",
    "h264_vaapi",
    "h264",
    lambda qp: {"rc_mode": "CQP", "qp": str(qp)},
    (1, 51),
    24,
    settings={"async_depth": "1"},
    source="nv12",
    least=(128, 128),
    may_delay=True,
    device="vaapi",
    needs="a graphics card at /dev/dri, its VA-API driver, and a PyAV built with VA-API",
)

_QSV = Profile(
    "h264_qsv",
    "H.264 on an Intel GPU (Quick Sync)",
    "h264_qsv",
    "h264",
    _qsv_quality,
    (1, 51),
    24,
    presets=("veryfast", "faster", "fast", "medium"),
    preset="veryfast",
    settings={"async_depth": "1", "look_ahead": "0", "forced_idr": "1"},
    source="nv12",
    least=(128, 128),
    may_delay=True,
    needs="an Intel GPU and its oneVPL runtime",
)

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        H264,
        _x264("h264_444", "H.264 4:4:4", "yuv444p", _444),
        _x265("hevc", "HEVC", "yuv420p", _420),
        _x265("hevc_444", "HEVC 4:4:4", "yuv444p", _444),
        _vp9("vp9", "VP9", "yuv420p", _420),
        _vp9("vp9_444", "VP9 4:4:4", "yuv444p", _444),
        _AV1,
        _MJPEG,
        _NVENC,
        _VAAPI,
        _QSV,
    )
}
"""Every profile by its name, in the order that people are shown."""


def region_name(profile: Profile) -> str:
    """Return the name of the hybrid codec whose regions have this profile."""
    return "hybrid" if profile is H264 else f"hybrid-{profile.name.replace('_', '-')}"


def region_profile(video: object) -> Profile | None:
    """Return the profile that the option `video` means: True the default, False none, else a name."""
    if isinstance(video, bool):
        return H264 if video else None
    profile = PROFILES.get(video.replace("-", "_")) if isinstance(video, str) else None
    if profile is None:
        known = ", ".join(name.replace("_", "-") for name in PROFILES)
        raise UsageError(f"video is True, False or one of {known}, not {video!r}")
    return profile

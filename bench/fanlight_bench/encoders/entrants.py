"""Which encoders take part, with which presets, and at which rate points each is measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from fanlight.codec import encoders, open_encoder
from fanlight.codec.profiles import PROFILES
from fanlight.errors import EncoderError, UsageError

_X26X_QPS, _QUICK_X26X_QPS = (14, 20, 26, 34), (18, 26, 34)
_WIDE_QPS, _QUICK_WIDE_QPS = (8, 20, 32, 46), (12, 28, 44)
_JPEG_QPS, _QUICK_JPEG_QPS = (1, 3, 7, 18), (2, 6, 16)


@dataclass(frozen=True)
class Entrant:
    """An encoder with its options; `qps` are its rate points, empty where it has one only.

    `cost` is about how many ms it takes for a million pixels on a plain processor, to estimate how long a run takes.
    """

    system: str
    encoder: str
    qps: tuple[int, ...] = ()
    quick_qps: tuple[int, ...] = ()
    preset: str = ""
    cost: float = 5.0
    quick: bool = True
    needs_device: bool = False

    def points(self, quick: bool) -> Iterator[dict[str, str | int | float]]:
        """Yield the options of each rate point."""
        preset: dict[str, str | int | float] = {"preset": self.preset} if self.preset else {}
        qps = self.quick_qps if quick else self.qps
        if self.needs_device and not _opens(self):
            # Its reason is the same at every rate point.
            qps = qps[:1]
        if not qps:
            yield preset
        for qp in qps:
            yield {"qp": qp} | preset


def _video(
    encoder: str, qps: tuple[int, ...], quick_qps: tuple[int, ...], cost: float, *presets: str, quick: bool = True
) -> list[Entrant]:
    """Enter an encoder at its default preset, and at others with fewer points in a full run."""
    default = PROFILES[encoder].preset
    return [
        Entrant(encoder, encoder, qps, quick_qps, default, cost, quick),
        *(Entrant(f"{encoder} {preset}", encoder, qps, quick_qps, preset, cost * 2, quick=False) for preset in presets),
    ]


def _hardware(encoder: str) -> Entrant:
    return Entrant(encoder, encoder, _X26X_QPS, _QUICK_X26X_QPS, PROFILES[encoder].preset, 4.0, needs_device=True)


def _opens(entrant: Entrant) -> bool:
    try:
        open_encoder(entrant.encoder, (640, 360)).close()
    except EncoderError:
        return False
    return True


ENTRANTS: tuple[Entrant, ...] = (
    Entrant("hybrid", "hybrid", (20, 28, 36), cost=6.0),
    Entrant("tiles", "tiles", cost=4.0),
    *_video("h264", _X26X_QPS, _QUICK_X26X_QPS, 6.0, "superfast", "veryfast", "medium"),
    *_video("h264_444", _X26X_QPS, _QUICK_X26X_QPS, 9.0),
    *_video("hevc", _X26X_QPS, _QUICK_X26X_QPS, 30.0, "superfast"),
    *_video("hevc_444", _X26X_QPS, _QUICK_X26X_QPS, 45.0, quick=False),
    *_video("vp9", _WIDE_QPS, _QUICK_WIDE_QPS, 16.0, "5", "9"),
    *_video("vp9_444", _WIDE_QPS, _QUICK_WIDE_QPS, 24.0, quick=False),
    *_video("av1", _WIDE_QPS, _QUICK_WIDE_QPS, 45.0, "12"),
    *_video("mjpeg", _JPEG_QPS, _QUICK_JPEG_QPS, 6.0),
    _hardware("h264_nvenc"),
    _hardware("h264_vaapi"),
    _hardware("h264_qsv"),
)
"""Every encoder of `fanlight.encoders()`, and some at further presets."""


def chosen(names: tuple[str, ...], quick: bool) -> list[Entrant]:
    """Return the entrants of these names, by encoder or by system; those of a run where none is named.

    UsageError for a name that is neither.
    """
    known = [*encoders(), *(one.system for one in ENTRANTS if one.system != one.encoder)]
    for name in names:
        if name not in known:
            raise UsageError(f'There is no encoder "{name}". There are: {", ".join(known)}.')
    if not names:
        return [one for one in ENTRANTS if one.quick or not quick]
    return [one for one in ENTRANTS if one.system in names or (one.encoder in names and (one.quick or not quick))]

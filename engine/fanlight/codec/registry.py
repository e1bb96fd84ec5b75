"""The codecs by name: which there are, which options each takes, and how they are opened."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from fanlight.codec.base import Decoder, Encoder
from fanlight.codec.hybrid import HybridEncoder
from fanlight.codec.hybrid_decoder import HybridDecoder
from fanlight.codec.profiles import H264, PROFILES, region_name
from fanlight.codec.tiles import TilesDecoder, TilesEncoder
from fanlight.codec.video import can_decode
from fanlight.codec.whole import VideoDecoder, VideoEncoder
from fanlight.errors import UsageError
from fanlight.types import Size


@dataclass(frozen=True, slots=True)
class _Codec:
    encoder: Callable[..., Encoder]
    decoder: Callable[[Size], Decoder]
    options: frozenset[str]


_CODECS = {
    "hybrid": _Codec(
        HybridEncoder, partial(HybridDecoder, "hybrid", H264), frozenset({"video", "level", "qp", "preset"})
    ),
    "tiles": _Codec(TilesEncoder, TilesDecoder, frozenset({"level"})),
} | {
    name: _Codec(partial(VideoEncoder, profile), partial(VideoDecoder, profile), profile.options)
    for name, profile in PROFILES.items()
}

# What hybrid encoders call themselves, by the codec of their regions.
_HYBRIDS = {region_name(profile): profile for profile in PROFILES.values()}


def encoders() -> list[str]:
    """List the names that `open_encoder` and `open_decoder` know, the default first; not all need open here."""
    return list(_CODECS)


@cache
def decoders() -> tuple[str, ...]:
    """List the names that `open_decoder` can open here, the default first: what this end can be sent."""
    profiles = PROFILES | _HYBRIDS
    names = (*_CODECS, *(name for name in _HYBRIDS if name not in _CODECS))
    return tuple(name for name in names if name not in profiles or can_decode(profiles[name]))


def open_encoder(name: str, size: Size, **options: object) -> Encoder:
    """Open an encoder for pictures of one size.

    `tiles`: level (zstd, 1 to 19). `hybrid`: video (False keeps it to tiles; the name of another codec than H.264 then
    stands in the encoder's own, and `hybrid-vp9` and so on may be opened by that), level, qp, preset. All others: qp,
    fps (nominal) and most of them preset. Values of qp and preset are on the codec's own scales (docs/codecs.md).
    UsageError for a name, size or option that does not exist; EncoderError, with the reason, for an encoder that this
    machine cannot open.
    """
    if name in _HYBRIDS:
        name, options = "hybrid", {"video": _HYBRIDS[name].name, **options}
    codec = _find(name)
    unknown = sorted(options.keys() - codec.options)
    if unknown:
        known = ", ".join(sorted(codec.options))
        raise UsageError(f"the {name} encoder has no option {', '.join(unknown)}; it has {known}")
    return codec.encoder(size, **options)


def open_decoder(name: str, size: Size) -> Decoder:
    """Open the decoder for the updates of an encoder of this `name`; its picture is black until the first."""
    if name in _HYBRIDS:
        return HybridDecoder(name, _HYBRIDS[name], size)
    return _find(name).decoder(size)


def _find(name: str) -> _Codec:
    try:
        return _CODECS[name]
    except KeyError:
        raise UsageError(f"there is no codec {name!r}; there are {', '.join(_CODECS)}") from None

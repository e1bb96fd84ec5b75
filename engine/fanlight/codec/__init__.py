"""Encoders that turn frames into updates, and the decoders that turn them back into the picture."""

from fanlight.codec.base import DEFAULT_PORTION, EXACT, LOSSY, REFINING, Decoder, Encoder, FrameSource, Update
from fanlight.codec.registry import decoders, encoders, open_decoder, open_encoder

__all__ = [
    "DEFAULT_PORTION",
    "EXACT",
    "LOSSY",
    "REFINING",
    "Decoder",
    "Encoder",
    "FrameSource",
    "Update",
    "decoders",
    "encoders",
    "open_decoder",
    "open_encoder",
]

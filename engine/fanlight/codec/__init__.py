"""Encoders that turn frames into updates, and the decoders that turn them back into the picture."""

from fanlight.codec.base import Decoder, Encoder, Update
from fanlight.codec.registry import encoders, open_decoder, open_encoder

__all__ = ["Decoder", "Encoder", "Update", "encoders", "open_decoder", "open_encoder"]

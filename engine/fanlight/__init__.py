"""fanlight streams a screen: capture, encode, decode, and an authenticated session round them.

Names are loaded when they are first used, so a program that only captures does not pay for the network.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fanlight.capture import Capture, open_capture
    from fanlight.client import RemoteSession, connect
    from fanlight.codec import Decoder, Encoder, encoders, open_decoder, open_encoder
    from fanlight.errors import FanlightError
    from fanlight.types import CursorShape, Frame, Permission, PointerPlace, Rect

_HOMES = {
    "Capture": "capture",
    "CursorShape": "types",
    "Decoder": "codec",
    "Encoder": "codec",
    "FanlightError": "errors",
    "Frame": "types",
    "Permission": "types",
    "PointerPlace": "types",
    "Rect": "types",
    "RemoteSession": "client",
    "connect": "client",
    "encoders": "codec",
    "open_capture": "capture",
    "open_decoder": "codec",
    "open_encoder": "codec",
}

__all__ = [
    "Capture",
    "CursorShape",
    "Decoder",
    "Encoder",
    "FanlightError",
    "Frame",
    "Permission",
    "PointerPlace",
    "Rect",
    "RemoteSession",
    "connect",
    "encoders",
    "open_capture",
    "open_decoder",
    "open_encoder",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fanlight' has no attribute {name!r}")
    return getattr(importlib.import_module(f"fanlight.{_HOMES[name]}"), name)

"""Messages that several tests need whole, with fields to change."""

from fanlight.protocol import messages as m
from fanlight.types import Permission

CONNECTED = m.Connected(tls="TLSv1.3", cipher="c", direct=True, client="c" * 64, alias=None, host="d" * 64)


def session_message(**change):
    values = {
        "rights": [Permission.VIEW],
        "unavailable": [],
        "epoch": 1,
        "profile": "p",
        "method": "password",
        "host_proof": bytes(32),
        "session": "0" * 32,
        "token": None,
        "resume": None,
        "resume_seconds": 0,
        "connection": CONNECTED,
    }
    return m.Session(**(values | change))


def example(kind):
    """Return a message of a type that needs a right, for a screen of 64x64 with serial 1."""
    values = {
        m.Screen: {"width": 64, "height": 64, "codec": "tiles", "serial": 2, "continues": False},
        m.PointerPlace: {"place": None},
        m.Refresh: {"reason": "test"},
        m.Watch: {"codecs": ["tiles"], "resume": None},
        m.Key: {"seq": 1, "keysym": 97, "down": True},
        m.Pointer: {"seq": 1, "x": 1, "y": 1},
        m.Button: {"seq": 1, "x": 1, "y": 1, "button": 1, "down": True},
        m.Wheel: {"seq": 1, "x": 1, "y": 1, "dx": 0, "dy": 1},
    }
    if kind is m.Picture:
        return m.Picture(1, 1, 0, True, True, True, *[0] * 10, b"")
    return m.Cursor(0, 0, 0, 0, b"") if kind is m.Cursor else kind(**values[kind])

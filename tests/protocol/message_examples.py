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

"""Sessions as a host tells them, for tests of the dialog."""

from typing import Any

from fanlight.dialog.model import GRACE_SECONDS, HostState, Model
from fanlight.net.reception import SessionFacts
from fanlight.types import Permission

CONTROL, VIEW, AUDIO = Permission.CONTROL, Permission.VIEW, Permission.AUDIO
KEY = "0123456789abcdef" * 4
PROFILES = {"Default": [CONTROL, VIEW], "Full Access": [AUDIO, CONTROL, VIEW], "Screen Sharing": [VIEW]}


def facts(number: str, **changed: Any) -> SessionFacts:
    usual: dict[str, Any] = {
        "id": number,
        "state": "open",
        "client": KEY,
        "alias": None,
        "address": "192.0.2.1:5",
        "verified": "key",
        "profiles": {},
        "seconds_left": None,
        "session": "",
        "method": "request",
        "profile": "Default",
        "rights": [CONTROL, VIEW],
        "denied": [],
        "unavailable": [],
        "withdrawn": [],
        "controls": False,
        "tls": "TLSv1.3",
        "cipher": "x",
        "direct": True,
        "host": "d" * 64,
    }
    return SessionFacts(**(usual | changed))


def request(number: str = "1", **changed: Any) -> SessionFacts:
    return facts(
        number, **({"state": "requesting", "profiles": PROFILES, "seconds_left": 60.0, "rights": []} | changed)
    )


def shown(*sessions: SessionFacts, at: float = 0.0, **state: Any) -> Model:
    """A model that has shown these sessions since `at`."""
    model = Model()
    model.take(HostState(sessions=list(sessions), **state), at)
    return model


LATER = GRACE_SECONDS + 0.001

"""One viewer's session at either end: bytes and `now` in, events and bytes out. No clock, no socket, no picture."""

from fanlight.session.client_session import ClientSession
from fanlight.session.host_handshake import Door
from fanlight.session.host_session import HostSession

__all__ = ["ClientSession", "Door", "HostSession"]

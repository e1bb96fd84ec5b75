"""The wire: framing, messages, the table of what is legal when, and a connection without I/O (docs/protocol.md)."""

from fanlight.protocol.connection import Connection, Denied
from fanlight.protocol.table import Role, State

__all__ = ["Connection", "Denied", "Role", "State"]

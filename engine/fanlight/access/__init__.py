"""Who may come in, and with which rights: identities, password proofs, rules and the store they stand in."""

from fanlight.access.identity import Identity
from fanlight.access.rules import Rules
from fanlight.access.store import Store

__all__ = ["Identity", "Rules", "Store"]

"""Who may come in, and with which rights: identities, password proofs, rules and the store they stand in."""

from fanlight.access.identity import Identity
from fanlight.access.rules import Rules
from fanlight.access.store import Store
from fanlight.access.tries import Issued, Offer, Tried, Who

__all__ = ["Identity", "Issued", "Offer", "Rules", "Store", "Tried", "Who"]

"""The Python API: connect to a host, watch its screen as a numpy array, and send it input.

async with fanlight.connect("host:7391", password=...) as session:
async for update in session.updates():
...                                   # session.image is the remote screen now
"""

from fanlight.client.connecting import connect
from fanlight.client.session import RemoteSession, ScreenUpdate
from fanlight.session.ledger import InputEntry, Ledger, LedgerEntry

__all__ = ["InputEntry", "Ledger", "LedgerEntry", "RemoteSession", "ScreenUpdate", "connect"]

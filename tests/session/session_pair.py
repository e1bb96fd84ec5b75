"""Two sessions in one process, with a list of bytes between them and a clock that the test turns."""

import hashlib
from datetime import UTC, datetime

from fanlight.access import Identity, scram
from fanlight.session import ClientSession, HostSession, events
from fanlight.types import Permission

PASSWORD = "correct horse"
TODAY = datetime(2030, 1, 1, tzinfo=UTC)
HOST = Identity.create(TODAY)
CLIENT = Identity.create(TODAY)
LEAF = HOST.leaf(TODAY).certificate_der
STEP = 0.05


def binding(leaf=LEAF):
    return hashlib.sha256(leaf).digest()


class Pair:
    """A host and a client. `answers` are the events that the client's owner answers by itself."""

    def __init__(self, rules, salted, *, leaf=LEAF, host_leaf=LEAF, client=CLIENT, available=frozenset(Permission),
                 trust=True, prove=True):  # fmt: skip
        self.now = 1000.0
        self.host = HostSession(rules, HOST, binding(host_leaf), "peer", self.now, available)
        self.client = ClientSession(client, leaf, self.now, TODAY)
        self.salted, self.trust, self.prove = salted, trust, prove
        self.host_events, self.client_events = [], []
        self.to_host, self.to_client = b"", b""

    def run(self, rounds=20):
        """Carry bytes both ways until both are silent."""
        for _ in range(rounds):
            to_host, to_client = self.take(self.client), self.take(self.host)
            if not to_host and not to_client:
                return self
            self.now += STEP
            self.give_host(to_host)
            self.give_client(to_client)
        raise AssertionError("the two never fall silent")

    @staticmethod
    def take(session):
        return b"".join(session.data_to_send())

    def give_host(self, data):
        self.to_host += data
        self.host_events += self.host.receive_data(data, self.now)

    def give_client(self, data):
        self.to_client += data
        new = self.client.receive_data(data, self.now)
        self.client_events += new
        for event in new:
            if isinstance(event, events.HostIdentity) and self.trust:
                self.client.trust(self.now)
            if isinstance(event, events.SaltWanted) and self.prove:
                self.client.prove(self.salted, self.now)

    def host_of(self, kind):
        return [event for event in self.host_events if isinstance(event, kind)]

    def client_of(self, kind):
        return [event for event in self.client_events if isinstance(event, kind)]

    @property
    def ends(self):
        """The reasons and errors with which the two ended: (host, client)."""
        return tuple(found[0] if (found := of(events.Ended)) else None for of in (self.host_of, self.client_of))


def salted_for(rules, password=PASSWORD):
    offer = rules.methods()
    return scram.salt_password(password, offer.salt, offer.iterations)

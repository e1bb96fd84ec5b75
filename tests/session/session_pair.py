"""Two sessions in one process, with a list of bytes between them and a clock that the test turns."""

import hashlib
from datetime import UTC, datetime

from fanlight.access import Identity, scram
from fanlight.session import ClientSession, Door, HostSession, events
from fanlight.types import Permission

PASSWORD = "correct horse"
TODAY = datetime(2030, 1, 1, tzinfo=UTC)
HOST = Identity.create(TODAY)
CLIENT = Identity.create(TODAY)
LEAF = HOST.leaf(TODAY).certificate_der
WALL = TODAY.timestamp()
STEP = 0.05


def binding(leaf=LEAF):
    return hashlib.sha256(leaf).digest()


class Pair:
    """A host and a client. `answers` are the events that the client's owner answers by itself."""

    def __init__(self, rules, salted, *, leaf=LEAF, host_leaf=LEAF, client=CLIENT, available=frozenset(Permission),
                 trust=True, prove=True, remember=False, code=None, certificate=None, **host):  # fmt: skip
        self.now = 1000.0
        door = Door(rules, HOST, binding(host_leaf), "peer", available, wall_ahead=WALL - self.now, **host)
        self.host = HostSession(door, self.now)
        self.host.secured_by("TLSv1.3", "TLS_AES_256_GCM_SHA384")
        self.client = ClientSession(client, leaf, self.now, TODAY, certificate=certificate)
        self.salted, self.trust, self.prove, self.remember, self.code = salted, trust, prove, remember, code
        self.host_events, self.client_events = [], []
        self.to_host, self.to_client = b"", b""

    def run(self, rounds=30):
        """Carry bytes both ways until both are silent and no answer waits for its time."""
        for _ in range(rounds):
            to_host, to_client = self.take(self.client), self.take(self.host)
            if not to_host and not to_client:
                if self.host._answer is None:
                    return self
                self.now = self.host.deadline
                self.host_events += self.host.timeout(self.now)
                continue
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
                self.come_in()
            if isinstance(event, events.CodeWanted) and self.code is not None:
                self.client.give_code(self.code, self.now)

    def come_in(self):
        """Answer the host that waits for a credential; others come in by other methods."""
        self.client.prove(self.salted, self.now, remember=self.remember)

    def host_of(self, kind):
        return [event for event in self.host_events if isinstance(event, kind)]

    def client_of(self, kind):
        return [event for event in self.client_events if isinstance(event, kind)]

    @property
    def ends(self):
        """The reasons and errors with which the two ended: (host, client)."""
        return tuple(found[0] if (found := of(events.Ended)) else None for of in (self.host_of, self.client_of))


def salted_for(rules, password=PASSWORD):
    offer = rules.offer()
    return scram.salt_password(password, offer.salt, offer.iterations)

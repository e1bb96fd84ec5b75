"""Clients that come in by every way there is, and what a host answers them, byte for byte."""

import pyotp
from session_pair import CLIENT, STEP, TODAY, WALL, Pair

from fanlight.access import Identity
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import KINDS
from fanlight.session import events

FAILED, REFUSED, ASK_CODE = (pack_header(kind, 2) + b"{}" for kind in (0x09, 0x0A, 0x06))
OTHER = Identity.create(TODAY)


class Comer(Pair):
    """A Pair whose client comes in by `way`: "password", "request", or a pair of "token" or "resume" and a secret."""

    def __init__(self, rules, salted, way="password", **options):
        super().__init__(rules, salted, **options)
        self.way = way

    def come_in(self):
        match self.way:
            case "password":
                super().come_in()
            case "request":
                self.client.request(self.now)
            case ("token", secret):
                self.client.show_token(secret, self.now)
            case ("resume", secret):
                self.client.resume(secret, self.now)

    @property
    def opened(self):
        (opened,) = self.client_of(events.Opened)
        return opened

    def requested(self):
        """Run until the request is with the person."""
        self.run()
        assert self.host.is_requesting
        return self

    def accept(self, profile="Default", without=frozenset()):
        self.host_events += self.host.accept(profile, without, self.now)
        return self.run()

    def deliver(self, last=None):
        """Carry bytes until the host has read the client's message `last` (a type); return what it then says.

        None: until the client has nothing more to say. The clock goes on by STEP for every message but the last.
        """
        while data := self.take(self.client):
            kind = data[4]
            self.give_host(data)
            if last is not None and kind == KINDS[last]:
                return self.take(self.host)
            self.wait_for_answer()
            self.now += STEP
            self.give_client(self.take(self.host))
        return self.take(self.host)

    def wait_for_answer(self):
        while self.host._answer is not None:
            self.now = self.host.deadline
            self.host_events += self.host.timeout(self.now)


def enrolled(rules, wall=WALL):
    """Switch two-factor codes on; return the app and the recovery codes."""
    app = pyotp.TOTP(rules.totp.enrol("tests").secret)
    return app, rules.totp.confirm(app.at(wall - 3600), wall - 3600)


def frames(data):
    """Return the frames in what one side has sent."""
    found = []
    while data:
        end = 4 + int.from_bytes(data[:4], "little")
        found.append(data[:end])
        data = data[end:]
    return found


def kinds(data):
    """Return the types of the frames in what one side has sent."""
    return [frame[4] for frame in frames(data)]


def answered(made, last):
    """Carry a handshake to the message `last` and return the answer, which must come after just 500 ms."""
    assert made.deliver(last) == b""
    asked_at = made.now
    assert made.host.deadline == asked_at + 0.5
    assert made.host.timeout(asked_at + 0.4999) == []
    assert made.take(made.host) == b""
    made.now = asked_at + 0.5
    made.host_events += made.host.timeout(made.now)
    return made.take(made.host)


def token(rules, salted, client=CLIENT):
    return Comer(rules, salted, remember=True, client=client).run().opened.secrets.token


def resume(rules, salted, client=CLIENT):
    """Return the secret of a session that was cut off, and that session."""
    made = Comer(rules, salted, client=client).run()
    made.host.lost(made.now)
    return made.opened.secrets.resume, made.opened

"""What the tests of the rules share: a password whose stretching is done once, clients, and a moment."""

import functools

import pyotp

from fanlight.access import Rules, Store, Who, scram

PASSWORD = "correct horse"
PEPPER = bytes(range(32))
MESSAGE = b"label" + bytes(64)
NOW = 1_900_000_000.0
HOUR, DAY = 3600.0, 86_400.0
FEW = 2  # Rounds of stretching: how many there are is no matter of the rules.

OWNER = Who("a" * 64, None, "192.0.2.1:1")
OTHER = Who("b" * 64, None, "192.0.2.2:2")
ANNA = Who("c" * 64, "anna@acme", "192.0.2.3:3")


def open_rules(path, audit=None):
    """Open the rules at `path` as a restart does; in a new file passwords cost little."""
    store = Store(path)
    store.put_setting("iterations", FEW)
    return Rules(store, PEPPER, audit)


def proof(rules, password=PASSWORD, message=MESSAGE):
    offer = rules.offer()
    return scram.client_proof(_salted(password, offer.salt, offer.iterations), message)


def try_password(rules, who=OWNER, password=PASSWORD, now=NOW):
    return rules.password(who, proof(rules, password), MESSAGE, now)


def let_in(rules, who=OWNER, now=NOW, *, remember=False, session="session"):
    """Open a session by PASSWORD, which must be right; return what is issued."""
    return rules.opened(who, try_password(rules, who, now=now), now, remember=remember, session=session)


@functools.cache
def _salted(password, salt, iterations):
    return scram.salt_password(password, salt, iterations)


class Log:
    """An audit that keeps what it is given."""

    def __init__(self):
        self.entries = []

    def append(self, event, now, **fields):
        self.entries.append((event, now, fields))

    @property
    def reasons(self):
        return [(event, fields["reason"]) for event, _, fields in self.entries if "reason" in fields]


class App:
    """An authenticator app."""

    secret = ""

    def switch_on(self, rules, now=NOW - DAY):
        """Enrol this app and confirm it, well before NOW; return the recovery codes."""
        self.secret = rules.totp.enrol("me").secret
        return rules.totp.confirm(self.at(now), now)

    def at(self, now):
        return pyotp.TOTP(self.secret).at(int(now))

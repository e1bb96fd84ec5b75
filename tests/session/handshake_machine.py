"""A handshake as a state machine: every message, answer, delay, loss and damage, in any order, at both ends.

What holds whatever happens: bytes give events and nothing else; each side ends at most once, and then says and grants
nothing; the host opens a session only for a client that has proved its key and given what was asked for; and there is
always a deadline, at which something comes of it.
"""

import atexit
import functools
import tempfile
from pathlib import Path

import pyotp
from comers import Comer
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from session_pair import CLIENT, PASSWORD, WALL, salted_for

from fanlight.access import Rules, Store
from fanlight.errors import LocalProtocolError, UsageError
from fanlight.protocol import State
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import TABLE
from fanlight.session import events
from fanlight.types import Permission

LONGEST_WAIT = 140.0
WAYS = ("password", "wrong", "token", "wrong token", "resume", "request")


@functools.cache
def prepared():
    """Return rules with a password and an app for codes, once for all sequences: (rules, salted, app)."""
    home = tempfile.TemporaryDirectory()
    atexit.register(home.cleanup)
    rules = Rules(Store(Path(home.name) / "fanlight.db"), bytes(32))
    rules.set_password(PASSWORD, "Unattended Access")
    return rules, salted_for(rules)


class HandshakeMachine(RuleBasedStateMachine):
    """Two sessions, the link between them, and everybody who may do something to either."""

    @initialize(
        way=st.sampled_from(WAYS),
        codes=st.booleans(),
        unattended=st.sampled_from([True, True, True, False]),
        code_is_right=st.booleans(),
    )
    def begin(self, way, codes, unattended, code_is_right):
        self.rules, salted = prepared()
        self.reset()
        self.way, self.codes = way, codes
        proof = ("token", bytes(32)) if way == "wrong token" else way
        if way in ("token", "resume"):
            earlier = Comer(self.rules, salted, remember=True).run()
            earlier.host.lost(earlier.now)
            proof = (way, getattr(earlier.opened.secrets, way))
        app = None
        if codes:
            app = pyotp.TOTP(self.rules.totp.enrol("tests").secret)
            self.rules.totp.confirm(app.at(WALL - 3600), WALL - 3600)
        self.rules.set_unattended(unattended)
        self.was_unattended = unattended
        self.code_is_right = code_is_right
        code = app.at(WALL) if app and code_is_right else "000000"
        self.pair = Comer(
            self.rules,
            bytes(32) if way == "wrong" else salted,
            way=proof if isinstance(proof, tuple) or proof == "request" else "password",
            code=code,
        )
        self.on_the_way = {"host": b"", "client": b""}
        self.accepted = False

    def reset(self):
        rules = self.rules
        rules.throttle.reset()
        rules.totp.switch_off()
        rules.set_unattended(True)
        with rules._store.changing() as db:
            db.execute("DELETE FROM prompts")

    # -- the link ------------------------------------------------------------------------------------------------------

    def collect(self):
        self.on_the_way["host"] += self.pair.take(self.pair.client)
        self.on_the_way["client"] += self.pair.take(self.pair.host)

    @rule(to=st.sampled_from(["host", "client"]), size=st.sampled_from([1, 4, 5, 60, 5000]))
    def carry(self, to, size):
        self.collect()
        data, self.on_the_way[to] = self.on_the_way[to][:size], self.on_the_way[to][size:]
        if data:
            getattr(self.pair, f"give_{to}")(data)

    @rule()
    def carry_all(self):
        for to in ("host", "client") * 3:
            self.carry(to, 1_000_000)

    @rule(to=st.sampled_from(["host", "client"]), place=st.integers(0, 3000), bits=st.integers(1, 255))
    def damage(self, to, place, bits):
        self.collect()
        data = bytearray(self.on_the_way[to])
        if data:
            data[place % len(data)] ^= bits
            self.on_the_way[to] = bytes(data)

    @rule(to=st.sampled_from(["host", "client"]), kind=st.sampled_from(sorted(TABLE)), body=st.binary(max_size=40))
    def invent(self, to, kind, body):
        self.collect()
        self.on_the_way[to] += pack_header(kind, len(body)) + body

    @rule(side=st.sampled_from(["host", "client"]))
    def cut(self, side):
        session = getattr(self.pair, side)
        getattr(self.pair, f"{side}_events").extend(session.lost(self.pair.now))

    # -- the owners ----------------------------------------------------------------------------------------------------

    def act(self, what):
        """Do what an owner may do at any time; that it is not the time for it is an answer."""
        try:
            return what() or []
        except (LocalProtocolError, UsageError):
            return []

    @rule(what=st.sampled_from(["trust", "come in", "code", "leave", "end", "waive"]))
    def client_does(self, what):
        pair, client = self.pair, self.pair.client
        done = {
            "trust": lambda: client.trust(pair.now),
            "come in": pair.come_in,
            "code": self.give_wrong_code,
            "leave": lambda: client.leave(pair.now),
            "end": lambda: client.end("enough", pair.now),
            "waive": lambda: client.waive(frozenset({Permission.CONTROL})),
        }[what]
        pair.client_events += self.act(done)

    def give_wrong_code(self):
        self.pair.client.give_code("123456", self.pair.now)
        # What a client gives after its end goes nowhere.
        self.code_is_right &= self.pair.client.ended

    @rule(what=st.sampled_from(["accept", "reject", "end", "end for good", "rights", "review"]))
    def host_does(self, what):
        pair, host = self.pair, self.pair.host
        done = {
            "accept": lambda: host.accept("Default", frozenset(), pair.now),
            "reject": lambda: host.reject(pair.now),
            "end": lambda: host.end("enough", pair.now),
            "end for good": lambda: host.end("enough", pair.now, for_good=True),
            "rights": lambda: host.set_rights(frozenset({Permission.VIEW}), pair.now),
            "review": lambda: host.review(pair.now),
        }[what]
        before = len(pair.host_of(events.Opened))
        pair.host_events += self.act(done)
        self.accepted |= len(pair.host_of(events.Opened)) > before

    @rule(on=st.booleans())
    def settings_change(self, on):
        self.rules.set_unattended(on)
        self.was_unattended |= on

    # -- time ----------------------------------------------------------------------------------------------------------

    @rule(step=st.sampled_from([0.01, 0.4, 0.5, 5.0, 30.0]))
    def time_passes(self, step):
        """Let the clock go on; owners call `timeout` whenever a deadline has come."""
        end = self.pair.now + step
        for _ in range(200):
            due = [d for s in (self.pair.host, self.pair.client) if (d := s.deadline) is not None and d <= end]
            if not due:
                break
            self.pair.now = max(self.pair.now, min(due))
            self.ring("host")
            self.ring("client")
        else:
            raise AssertionError("a deadline that passes again and again")
        self.pair.now = end

    def ring(self, side):
        session, now = getattr(self.pair, side), self.pair.now
        if session.deadline is not None and session.deadline <= now:
            getattr(self.pair, f"{side}_events").extend(session.timeout(now))
            assert session.deadline is None or session.deadline > now, "nothing came of a deadline"

    # -- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    @precondition(lambda self: hasattr(self, "pair"))
    def each_ends_once_and_is_silent_then(self):
        for session, of in ((self.pair.host, self.pair.host_of), (self.pair.client, self.pair.client_of)):
            assert len(of(events.Ended)) == session.ended
            assert len(of(events.Opened)) <= 1
            if session.ended:
                assert session.granted == frozenset()
                assert session.deadline is None
            else:
                assert session.deadline <= self.pair.now + LONGEST_WAIT
            if session.state is not State.SESSION:
                assert session.granted == frozenset()

    @invariant()
    @precondition(lambda self: hasattr(self, "pair"))
    def nobody_comes_in_who_may_not(self):
        if not self.pair.host_of(events.Opened):
            assert self.pair.host.granted == frozenset()
            return
        assert self.pair.host.fingerprint == CLIENT.fingerprint
        if self.way == "request":
            assert self.accepted
        else:
            assert self.way in ("password", "token", "resume")
            assert self.was_unattended
            assert self.code_is_right or not self.codes or self.way != "password"

    @invariant()
    @precondition(lambda self: hasattr(self, "pair"))
    def the_client_believes_only_what_the_host_did(self):
        if self.pair.client_of(events.Opened):
            assert self.pair.host_of(events.Opened)

    def teardown(self):
        if hasattr(self, "pair"):
            for side in ("host", "client"):
                getattr(self.pair, f"{side}_events").extend(getattr(self.pair, side).lost(self.pair.now))
            self.each_ends_once_and_is_silent_then()

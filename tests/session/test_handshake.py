from datetime import timedelta

import pytest
from message_examples import session_message
from session_pair import CLIENT, HOST, LEAF, PASSWORD, TODAY, Pair, binding

from fanlight.access import Identity, Rules, Store, scram
from fanlight.errors import (
    AuthenticationFailed,
    ConnectionLost,
    IdentityError,
    LocalProtocolError,
    Refused,
    RemoteProtocolError,
    StateError,
)
from fanlight.protocol import Connection, Role, State
from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import TABLE
from fanlight.session import ClientSession, Door, HostSession, events
from fanlight.types import Permission

SCREEN_AND_INPUT = frozenset({Permission.VIEW, Permission.CONTROL})


def messages(role, data):
    """Decode what one side has sent, as the other side's table has it."""
    found, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "little")
        spec = TABLE[data[place + 4]]
        assert role in spec.senders
        found.append(spec.decode(memoryview(data)[place + 5 : place + 4 + length]))
        place += 4 + length
    return found


def kinds(role, data):
    return [type(message).__name__ for message in messages(role, data)]


# -- letting in ------------------------------------------------------------------------------------------------------


def test_the_right_password_opens_the_session_on_both_ends(pair):
    made = pair(available=SCREEN_AND_INPUT).run()
    (host,), (client,) = made.host_of(events.Opened), made.client_of(events.Opened)
    assert host.fingerprint == CLIENT.fingerprint
    assert client.fingerprint == HOST.fingerprint
    assert host.profile == client.profile == "Unattended Access"
    assert host.session == client.session
    assert host.rights == client.rights == made.host.granted == made.client.granted == SCREEN_AND_INPUT
    assert made.host.state is made.client.state is State.SESSION
    assert made.ends == (None, None)


def test_the_handshake_has_its_messages_in_order(pair):
    made = pair().run()
    assert kinds(Role.CLIENT, made.to_host)[:3] == ["ClientHello", "Prove", "Auth"]
    assert kinds(Role.HOST, made.to_client)[:3] == ["HostHello", "Methods", "Session"]


def test_it_works_byte_by_byte(open_rules, salted):
    made = Pair(open_rules, salted)
    while to_host := made.take(made.client):
        for byte in to_host:
            made.give_host(bytes([byte]))
        for byte in made.take(made.host):
            made.give_client(bytes([byte]))
    assert made.client_of(events.Opened)
    assert made.host_of(events.Opened)


def test_the_client_learns_who_the_host_is_before_anything_is_proved(pair):
    made = pair(trust=False).run()
    assert made.client_events == [events.HostIdentity(HOST.fingerprint, HOST.certificate_der)]
    assert kinds(Role.CLIENT, made.to_host) == ["ClientHello"]
    assert made.host.state is made.client.state is State.PROVE


def test_the_client_sends_no_proof_of_its_own_accord(pair):
    made = pair(prove=False).run()
    (wanted,) = made.client_of(events.SaltWanted)
    assert wanted.iterations == 600_000
    assert kinds(Role.CLIENT, made.to_host) == ["ClientHello", "Prove"]
    with pytest.raises(LocalProtocolError):
        made.client.trust(made.now)
    made.client.prove(made.salted, made.now)
    with pytest.raises(LocalProtocolError):
        made.client.prove(made.salted, made.now)
    made.run()
    assert made.client_of(events.Opened)


def test_the_client_cannot_prove_before_it_is_asked(open_rules, salted):
    made = Pair(open_rules, salted, trust=False)
    with pytest.raises(LocalProtocolError):
        made.client.trust(made.now)
    with pytest.raises(LocalProtocolError):
        made.client.prove(salted, made.now)
    made.run()
    with pytest.raises(LocalProtocolError):
        made.client.prove(salted, made.now)


def test_nothing_of_the_host_is_told_before_the_session(pair):
    made = pair(prove=False).run()
    with pytest.raises(LocalProtocolError):
        made.host.send_screen((64, 64), "tiles", 1)
    with pytest.raises(LocalProtocolError):
        made.host.send_cursor(None)
    assert made.take(made.host) == b""
    assert made.host.granted == frozenset()


def test_rights_are_those_of_the_profile_that_this_machine_has(pair):
    assert pair(available=frozenset({Permission.VIEW})).run().client.granted == {Permission.VIEW}
    assert Permission.PRIVACY not in pair().run().client.granted


# -- the same answer for every reason --------------------------------------------------------------------------------


def test_wrong_password_off_and_no_password_are_the_same_bytes(open_rules, salted, tmp_path):
    wrong = Pair(open_rules, bytes(32)).run()
    open_rules.set_unattended(False)
    try:
        off = Pair(open_rules, salted).run()
    finally:
        open_rules.set_unattended(True)
    bare = Rules(Store(tmp_path / "bare.db"), bytes(32))
    bare.set_unattended(True)
    empty = Pair(bare, salted).run()
    tails = set()
    for made in (wrong, off, empty):
        assert kinds(Role.HOST, made.to_client) == ["HostHello", "Methods", "Failed"]
        tails.add(made.to_client[-7:])
        host, client = made.ends
        assert isinstance(host.error, AuthenticationFailed)
        assert isinstance(client.error, AuthenticationFailed)
        assert not made.host_of(events.Opened) + made.client_of(events.Opened)
        assert made.host.granted == made.client.granted == frozenset()
    assert tails == {pack_header(0x09, 2) + b"{}"}


def test_methods_are_the_same_bytes_whether_access_is_on_or_off(open_rules, salted):
    def offered():
        made = Pair(open_rules, salted, prove=False).run()
        return next(x for x in messages(Role.HOST, made.to_client) if isinstance(x, m.Methods))

    on = offered()
    open_rules.set_unattended(False)
    try:
        assert offered().encode() == on.encode()
    finally:
        open_rules.set_unattended(True)
    assert on.methods == ["password", "token", "request", "resume"]


def test_a_store_that_cannot_be_opened_looks_like_a_wrong_password(open_rules, salted):
    other = Rules(Store(open_rules._store.path), bytes(range(32)))
    made = Pair(other, salted).run()
    assert kinds(Role.HOST, made.to_client) == ["HostHello", "Methods", "Failed"]
    assert isinstance(made.ends[0].error, StateError)
    assert isinstance(made.ends[1].error, AuthenticationFailed)


def test_a_store_that_breaks_ends_the_handshake_and_says_why_to_the_owner_alone(open_rules, salted, monkeypatch):
    def broken():
        raise StateError("/home/me/fanlight.db is damaged")

    monkeypatch.setattr(open_rules, "offer", broken)
    made = Pair(open_rules, salted).run()
    assert "damaged" in made.ends[0].reason
    assert isinstance(made.ends[1].error, ConnectionLost)
    assert "damaged" not in made.ends[1].reason


@pytest.mark.parametrize("proof", [b"", bytes(31), bytes(33), bytes(64)])
def test_a_proof_of_another_length_fails_as_a_wrong_one(pair, proof):
    made = pair(prove=False).run()
    made.client._connection.send(m.Auth(method="password", proof=proof, remember=False))
    made.run()
    assert kinds(Role.HOST, made.to_client)[-1] == "Failed"


def test_a_code_that_nobody_asked_for_is_a_breach(pair):
    made = pair(prove=False).run()
    body = b'{"code":"123456"}'
    made.give_host(pack_header(0x07, len(body)) + body)
    assert isinstance(made.ends[0].error, RemoteProtocolError)


# -- who is at the other end -----------------------------------------------------------------------------------------


def drive_to_auth(client, iterations=600_000, host=HOST):
    """Play a host that knows no password, up to METHODS."""
    connection = Connection(Role.HOST)

    def step():
        connection.receive_data(b"".join(client.data_to_send()))
        while connection.next_event() is not None:
            pass

    step()
    connection.send(m.HostHello(version=m.VERSION, nonce=bytes(32), identity=host.certificate_der))
    found = client.receive_data(b"".join(connection.data_to_send()), 0.0)
    if not isinstance(found[0], events.HostIdentity):
        return connection, found
    client.trust(0.0)
    step()
    connection.send(m.Methods(methods=list(m.METHODS), salt=bytes(32), iterations=iterations))
    return connection, client.receive_data(b"".join(connection.data_to_send()), 0.0)


def test_a_proof_for_another_channel_is_refused(pair):
    """A man in the middle shows a leaf of his own to the client and passes its messages on."""
    other = HOST.leaf(TODAY).certificate_der
    made = pair(leaf=LEAF, host_leaf=other).run()
    assert kinds(Role.HOST, made.to_client) == ["HostHello", "Refused"]
    assert isinstance(made.ends[0].error, Refused)
    assert isinstance(made.ends[1].error, Refused)


def test_a_password_proof_for_another_channel_fails(open_rules, salted):
    """The man in the middle has a key of his own, proves it, and passes on only the password's proof."""
    victim = Pair(open_rules, salted, leaf=HOST.leaf(TODAY).certificate_der, host_leaf=LEAF)
    victim.host._binding = binding(HOST.leaf(TODAY).certificate_der)
    mallory = Pair(open_rules, salted, prove=False).run()
    drive_to_auth(victim.client)
    victim.client.prove(salted, 0.0)
    mallory.give_host(b"".join(victim.client.data_to_send()))
    mallory.run()
    assert kinds(Role.HOST, mallory.to_client) == ["HostHello", "Methods", "Failed"]


def test_a_leaf_that_the_identity_did_not_sign_stops_the_client(open_rules, salted):
    foreign = Identity.create(TODAY).leaf(TODAY).certificate_der
    made = Pair(open_rules, salted, leaf=foreign).run()
    assert not made.client_of(events.HostIdentity)
    assert isinstance(made.ends[1].error, IdentityError)
    assert kinds(Role.CLIENT, made.to_host) == ["ClientHello", "Bye"]


@pytest.mark.parametrize("later", [timedelta(days=-2), timedelta(days=7)])
def test_a_leaf_out_of_its_dates_stops_the_client(later):
    client = ClientSession(CLIENT, LEAF, 0.0, TODAY + later)
    _, found = drive_to_auth(client)
    assert isinstance(found[0].error, IdentityError)


def test_a_host_that_does_not_know_the_password_cannot_open_the_session():
    client = ClientSession(CLIENT, LEAF, 0.0, TODAY)
    connection, (wanted,) = drive_to_auth(client)
    client.prove(scram.salt_password(PASSWORD, wanted.salt, 1), 0.0)
    connection.receive_data(b"".join(client.data_to_send()))
    while connection.next_event() is not None:
        pass
    session = session_message()
    connection.send(session)
    connection.send(m.Screen(width=64, height=64, codec="tiles", serial=1, continues=False))
    (ended,) = client.receive_data(b"".join(connection.data_to_send()), 0.0)
    assert isinstance(ended.error, IdentityError)
    assert client.granted == frozenset()
    assert client.ended


@pytest.mark.parametrize(
    ("iterations", "good"), [(599_999, False), (600_000, True), (2_000_000, True), (2_000_001, False)]
)
def test_the_client_stretches_neither_too_little_nor_for_ever(iterations, good):
    client = ClientSession(CLIENT, LEAF, 0.0, TODAY)
    body = f'{{"methods":["password"],"salt":"{"A" * 22}==","iterations":{iterations}}}'.encode()
    connection = Connection(Role.HOST)
    connection.receive_data(b"".join(client.data_to_send()))
    connection.next_event()
    connection.send(m.HostHello(version=m.VERSION, nonce=bytes(32), identity=HOST.certificate_der))
    client.receive_data(b"".join(connection.data_to_send()), 0.0)
    client.trust(0.0)
    (event,) = client.receive_data(pack_header(0x04, len(body)) + body, 0.0)
    assert isinstance(event, events.SaltWanted if good else events.Ended)


def test_a_host_that_takes_no_password_is_told_apart():
    client = ClientSession(CLIENT, LEAF, 0.0, TODAY)
    connection = Connection(Role.HOST)
    connection.receive_data(b"".join(client.data_to_send()))
    connection.next_event()
    connection.send(m.HostHello(version=m.VERSION, nonce=bytes(32), identity=HOST.certificate_der))
    client.receive_data(b"".join(connection.data_to_send()), 0.0)
    client.trust(0.0)
    body = b"".join(m.Methods(methods=["token"], salt=bytes(32), iterations=600_000).encode())
    (ended,) = client.receive_data(pack_header(0x04, len(body)) + body, 0.0)
    assert "takes no password" in ended.reason


# -- replay ----------------------------------------------------------------------------------------------------------


def split(data):
    frames = []
    while data:
        length = 4 + int.from_bytes(data[:4], "little")
        frames.append(data[:length])
        data = data[length:]
    return frames


def test_a_replayed_prove_is_refused(pair, open_rules):
    hello, prove, *_ = split(pair().run().to_host)
    host = HostSession(Door(open_rules, HOST, binding(), "peer"), 0.0)
    host.receive_data(hello, 0.0)
    assert host.receive_data(prove, 0.0) == []
    assert host.timeout(0.49) == []
    (ended,) = host.timeout(0.5)
    assert isinstance(ended.error, Refused)
    assert kinds(Role.HOST, b"".join(host.data_to_send())) == ["HostHello", "Refused"]


def test_a_replayed_auth_fails(pair):
    *_, auth = split(pair().run().to_host)[:3]
    made = pair(prove=False).run()
    made.give_host(auth)
    made.run()
    assert isinstance(made.ends[0].error, AuthenticationFailed)
    assert kinds(Role.HOST, made.to_client)[-1] == "Failed"


def test_the_same_client_never_proves_with_the_same_bytes(pair):
    one, other = pair().run(), pair().run()
    for a, b in zip(split(one.to_host)[:3], split(other.to_host)[:3], strict=True):
        assert a != b
    assert one.client_of(events.Opened)[0].session != other.client_of(events.Opened)[0].session


def test_a_prove_by_another_key_than_the_hello_s_is_refused(pair):
    made = pair(trust=False).run()
    other = Identity.create(TODAY)
    transcript = made.client._connection.transcript
    made.client._connection.send(m.Prove(signature=other.sign_proof(binding(), transcript)))
    made.run()
    assert isinstance(made.ends[0].error, Refused)


def test_a_host_cannot_be_made_to_prove_for_a_client(pair):
    """What a host signs in its handshake is never a client's PROVE: reflecting its HELLO back leads nowhere."""
    made = pair(trust=False).run()
    made.give_host(split(made.to_client)[0])
    assert isinstance(made.ends[0].error, RemoteProtocolError)


# -- order -----------------------------------------------------------------------------------------------------------


def test_frames_left_out_doubled_or_swapped_end_the_handshake(pair, open_rules):
    frames = split(pair().run().to_host)[:3]
    orders = [[1], [2], [0, 0], [0, 2], [1, 0, 2], [0, 1, 1], [0, 1, 2, 2], [2, 1, 0]]
    for order in orders:
        host = HostSession(Door(open_rules, HOST, binding(), "peer"), 0.0)
        found = [event for number in order for event in host.receive_data(frames[number], 0.0)]
        assert [type(event) for event in found] == [events.Ended]
        assert host.ended
        assert host.granted == frozenset()


def test_session_messages_before_the_session_end_it(pair):
    for state in ("hello", "prove", "auth"):
        made = pair(trust=state != "prove", prove=False)
        if state != "hello":
            made.run()
        body = b'{"seq":1,"keysym":97,"down":true}'
        made.give_host(pack_header(0x30, len(body)) + body)
        assert isinstance(made.ends[0].error, RemoteProtocolError)
        assert not made.host_of(events.InputEvent)


# -- versions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "on_the_host"),
    [
        (0, f"the client is too old: it speaks 0, this host {m.VERSION}; update it"),
        (m.VERSION + 1, f"the client is too new: it speaks {m.VERSION + 1}, this host {m.VERSION}; update this host"),
    ],
)
def test_a_client_of_another_version_gets_a_clear_end(open_rules, theirs, on_the_host):
    host = HostSession(Door(open_rules, HOST, binding(), "peer"), 0.0)
    body = f'{{"version":{theirs},"something":"else"}}'.encode()
    (ended,) = host.receive_data(pack_header(0x01, len(body)) + body, 0.0)
    assert ended.reason == on_the_host
    hello, bye = messages(Role.HOST, b"".join(host.data_to_send()))
    assert hello.version == m.VERSION
    assert bye.reason == on_the_host


@pytest.mark.parametrize(
    ("theirs", "on_the_client"),
    [
        (0, f"the host is too old: it speaks 0, this client {m.VERSION}; update it"),
        (m.VERSION + 1, f"the host is too new: it speaks {m.VERSION + 1}, this client {m.VERSION}; update this client"),
    ],
)
def test_a_host_of_another_version_gets_a_clear_end(theirs, on_the_client):
    client = ClientSession(CLIENT, LEAF, 0.0, TODAY)
    client.data_to_send()
    body = f'{{"version":{theirs},"identity":5}}'.encode()
    (ended,) = client.receive_data(pack_header(0x02, len(body)) + body, 0.0)
    assert ended.reason == on_the_client
    assert isinstance(ended.error, RemoteProtocolError)
    assert kinds(Role.CLIENT, b"".join(client.data_to_send())) == ["Bye"]


# -- time ------------------------------------------------------------------------------------------------------------


def test_a_client_that_says_nothing_is_sent_away_after_twenty_seconds(open_rules):
    host = HostSession(Door(open_rules, HOST, binding(), "peer"), 100.0)
    assert host.deadline == 120.0
    assert host.timeout(119.99) == []
    (ended,) = host.timeout(120.0)
    assert isinstance(ended.error, ConnectionLost)
    assert host.deadline is None
    assert host.timeout(1000.0) == []
    assert kinds(Role.HOST, b"".join(host.data_to_send())) == ["Bye"]


def test_single_bytes_do_not_put_the_deadline_off(open_rules):
    host = HostSession(Door(open_rules, HOST, binding(), "peer"), 0.0)
    for second in range(20):
        assert host.receive_data(b"\x40\0\0\0\x01"[second : second + 1], float(second)) == []
    assert [type(event) for event in host.timeout(20.0)] == [events.Ended]


def test_a_person_has_two_minutes_for_the_password(pair):
    made = pair(prove=False).run()
    asked = made.now
    for session in (made.host, made.client):
        assert asked + 119 < session.deadline <= asked + 120
        assert session.timeout(session.deadline - 0.01) == []
    assert isinstance(made.client.timeout(made.client.deadline)[0].error, AuthenticationFailed)
    assert isinstance(made.host.timeout(made.host.deadline)[0].error, ConnectionLost)


def test_after_the_password_the_host_has_twenty_seconds(pair):
    made = pair(prove=False).run()
    made.now += 100
    made.client.prove(made.salted, made.now)
    assert made.client.deadline == made.now + 20
    (ended,) = made.client.timeout(made.now + 20)
    assert isinstance(ended.error, ConnectionLost)


def test_a_host_that_nobody_confirms_is_left(pair):
    made = pair(trust=False).run()
    (ended,) = made.client.timeout(made.client.deadline)
    assert isinstance(ended.error, IdentityError)


# -- cuts ------------------------------------------------------------------------------------------------------------


class CutPair(Pair):
    """A Pair whose link carries only so many bytes of one direction, and then breaks."""

    def __init__(self, rules, salted, direction, left):
        super().__init__(rules, salted)
        self.left = {"host": 10**9, "client": 10**9} | {direction: left}
        self.broken = False

    def give_host(self, data):
        super().give_host(self._cut("host", data))

    def give_client(self, data):
        super().give_client(self._cut("client", data))

    def _cut(self, direction, data):
        if self.broken:
            return b""
        kept = data[: self.left[direction]]
        self.left[direction] -= len(kept)
        self.broken = len(kept) < len(data)
        return kept


@pytest.mark.parametrize("direction", ["host", "client"])
def test_a_handshake_cut_at_any_byte_ends_once_on_both_sides_and_opens_nothing(open_rules, salted, direction):
    left, complete = 0, False
    while not complete:
        made = CutPair(open_rules, salted, direction, left).run()
        carried = split(made.to_host if direction == "host" else made.to_client)
        # Signatures differ in length from run to run, so the run itself says when its handshake came through whole.
        complete = len(carried) >= 3 and len(carried[2]) == 4 + int.from_bytes(carried[2][:4], "little")
        if not complete:
            check_nothing_opened(made, direction)
        left += 1
    assert left > 300
    assert made.host_of(events.Opened)


def check_nothing_opened(made, direction):
    made.host_events += made.host.lost(made.now)
    made.client_events += made.client.lost(made.now)
    assert len(made.host_of(events.Ended)) == len(made.client_of(events.Ended)) == 1
    assert all(isinstance(ended.error, ConnectionLost) for ended in made.ends)
    assert not made.client_of(events.Opened)
    assert made.host.granted == made.client.granted == frozenset()
    assert made.host.receive_data(b"more", made.now) == []
    if direction == "host":
        assert not made.host_of(events.Opened)

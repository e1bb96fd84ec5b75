import contextlib
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from message_examples import session_message

from fanlight.errors import LocalProtocolError, RemoteProtocolError
from fanlight.protocol import Connection, Denied, Role, State
from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import KINDS, TABLE
from fanlight.types import Permission

KEY = bytes(range(32))
VIEW_AND_CONTROL = [Permission.VIEW, Permission.CONTROL]
HELLO = m.ClientHello(version=m.VERSION, nonce=KEY, key=b"key", certificate=None)
PICTURE = (1, 1, 0, True, True, True, *[0] * 10)
SCREEN = m.Screen(width=64, height=64, codec="tiles", serial=1, continues=False)


def session(rights=VIEW_AND_CONTROL):
    return session_message(rights=rights)


def handshake(rights=VIEW_AND_CONTROL):
    return [
        HELLO,
        m.HostHello(version=m.VERSION, nonce=KEY, identity=b"identity"),
        m.Prove(signature=b"signature"),
        m.Methods(methods=list(m.METHODS), salt=KEY, iterations=600_000),
        m.Auth(method="password", proof=KEY, remember=False),
        session(rights),
    ]


EXAMPLES = {
    type(message): message
    for message in [
        *handshake(),
        m.AskCode(),
        m.Code(code="000000"),
        m.Failed(),
        m.Refused(),
        m.Bye(reason=""),
        m.Ping(t=0),
        m.Pong(t=0, at=0),
        m.RightsChanged(rights=VIEW_AND_CONTROL, epoch=2),
        m.AuditHead(head=KEY, last=False),
        m.Countersign(head=KEY, signature=b"signature"),
        m.Waive(rights=[]),
        m.Leave(),
        SCREEN,
        m.Picture(*PICTURE, b""),
        m.Cursor(0, 0, 0, 0, b""),
        m.PointerPlace(place=None),
        m.Ack((m.Mark(1, 0, 0),)),
        m.Presented(1, 0),
        m.Refresh(reason=""),
        m.Watch(codecs=["tiles"], resume=None),
        m.Key(seq=1, keysym=1, down=True),
        m.Pointer(seq=1, x=0, y=0),
        m.Button(seq=1, x=0, y=0, button=1, down=True),
        m.Wheel(seq=1, x=0, y=0, dx=0, dy=1),
    ]
}
SENDERS = {
    "ClientHello": "C", "HostHello": "H", "Prove": "C", "Methods": "H", "Auth": "C", "AskCode": "H", "Code": "C",
    "Session": "H", "Failed": "H", "Refused": "H", "Bye": "CH", "Ping": "CH", "Pong": "CH", "RightsChanged": "H",
    "Screen": "H", "Picture": "H", "Cursor": "H", "PointerPlace": "H", "Ack": "C", "Refresh": "C",
    "Presented": "C", "Watch": "C", "Key": "C", "Pointer": "C", "Button": "C", "Wheel": "C",
    "AuditHead": "H", "Countersign": "C", "Waive": "C", "Leave": "C",
}  # fmt: skip
STATES = {
    "ClientHello": {"CLIENT_HELLO"}, "HostHello": {"HOST_HELLO"}, "Prove": {"PROVE"}, "Methods": {"METHODS"},
    "Auth": {"AUTH"}, "AskCode": {"VERDICT"}, "Code": {"CODE"}, "Session": {"VERDICT"}, "Failed": {"VERDICT"},
    "Refused": {"METHODS", "VERDICT"}, "Bye": {state.name for state in State} - {"CLOSED"},
}  # fmt: skip
NEEDS = {
    "Screen": "view", "Picture": "view", "Cursor": "view", "PointerPlace": "view", "Refresh": "view",
    "Watch": "view",
    "Key": "control", "Pointer": "control", "Button": "control", "Wheel": "control",
}  # fmt: skip


def frame(message):
    body = b"".join(message.encode())
    return pack_header(KINDS[type(message)], len(body)) + body


def received(connection, data):
    connection.receive_data(data)
    events = []
    while (event := connection.next_event()) is not None:
        events.append(event)
    return events


def at(role, state, rights=VIEW_AND_CONTROL):
    """Make a connection of one side in a state, by the messages that lead there."""
    connection = Connection(role)
    path = handshake(rights)
    if state is State.CODE:
        path = [*path[:5], m.AskCode()]
    if state is State.CLOSED:
        path = [m.Bye(reason="")]
    for message in path:
        if connection.state is state:
            break
        sender = SENDERS[type(message).__name__]
        if sender[0] == role.name[0]:
            connection.send(message)
        else:
            received(connection, frame(message))
    assert connection.state is state
    connection.data_to_send()
    return connection


def changed_to(rights, role):
    """Make a connection of one side in a session whose host shows a screen and then changes the rights."""
    connection = at(role, State.SESSION)
    change = m.RightsChanged(rights=rights, epoch=2)
    if role is Role.CLIENT:
        received(connection, frame(SCREEN) + frame(change))
    else:
        connection.send(change)
        connection.data_to_send()
    return connection


def test_the_table_is_the_protocol():
    assert {spec.message.__name__ for spec in TABLE.values()} == set(SENDERS) == {kind.__name__ for kind in EXAMPLES}
    for spec in TABLE.values():
        name = spec.message.__name__
        assert {role.name[0] for role in spec.senders} == set(SENDERS[name])
        assert {state.name for state in spec.states} == STATES.get(name, {"SESSION"})
        assert spec.needs == NEEDS.get(name)
        assert spec.limit <= 4096 or name in ("Picture", "Cursor")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("role", Role)
def test_each_message_is_taken_in_its_state_from_its_sender_and_nowhere_else(role, kind, state):
    connection = at(role, state)
    if state is State.SESSION and role is Role.CLIENT and kind is m.Picture:
        received(connection, frame(SCREEN))
    legal = role.peer.name[0] in SENDERS[kind.__name__] and state.name in STATES.get(kind.__name__, {"SESSION"})
    if state is State.CLOSED:
        assert received(connection, frame(EXAMPLES[kind])) == []
    elif legal:
        assert received(connection, frame(EXAMPLES[kind])) == [EXAMPLES[kind]]
    else:
        with pytest.raises(
            RemoteProtocolError, match=rf"{kind.__name__} is not legal from a \w+ in state {state.name}"
        ):
            received(connection, frame(EXAMPLES[kind]))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("role", Role)
def test_each_message_is_sent_in_its_state_by_its_sender_and_nowhere_else(role, kind, state):
    connection = at(role, state)
    if state is State.SESSION and role is Role.HOST and kind is m.Picture:
        connection.send(SCREEN)
        connection.data_to_send()
    legal = role.name[0] in SENDERS[kind.__name__] and state.name in STATES.get(kind.__name__, {"SESSION"})
    if legal:
        connection.send(EXAMPLES[kind])
        assert b"".join(connection.data_to_send()) == frame(EXAMPLES[kind])
    else:
        with pytest.raises(LocalProtocolError, match="is not legal"):
            connection.send(EXAMPLES[kind])
        assert connection.data_to_send() == []


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if kind.__name__ in NEEDS])
def test_each_message_with_a_right_is_denied_without_it_whatever_its_body(kind):
    needs = Permission(NEEDS[kind.__name__])
    receiver = Role.HOST if "C" in SENDERS[kind.__name__] else Role.CLIENT
    others = [right for right in Permission if right is not needs]
    connection = changed_to(others, receiver)
    garbage = pack_header(KINDS[kind], 1) + b"!"
    ping = frame(m.Ping(t=0))
    assert received(connection, frame(EXAMPLES[kind]) + garbage + ping) == [
        Denied(kind.__name__, needs),
        Denied(kind.__name__, needs),
        m.Ping(t=0),
    ]
    sender = at(receiver.peer, State.SESSION, others)
    with pytest.raises(LocalProtocolError, match=f"needs the right {needs}"):
        sender.send(EXAMPLES[kind])
    assert sender.data_to_send() == []


@pytest.mark.parametrize("only", Permission)
@pytest.mark.parametrize("kind", [spec.message for spec in TABLE.values() if State.SESSION in spec.states])
def test_of_all_rights_just_its_own_opens_a_message(kind, only):
    spec = TABLE[KINDS[kind]]
    wanted = EXAMPLES[kind] if NEEDS.get(kind.__name__) in (None, only) else Denied(kind.__name__, spec.needs)
    for sender in spec.senders:
        assert received(changed_to([only], sender.peer), frame(EXAMPLES[kind])) == [wanted]


def test_a_right_withdrawn_in_the_session_holds_from_the_next_message():
    host, client = at(Role.HOST, State.SESSION), at(Role.CLIENT, State.SESSION)
    assert received(host, frame(EXAMPLES[m.Key])) == [EXAMPLES[m.Key]]
    host.send(m.RightsChanged(rights=[Permission.VIEW], epoch=2))
    assert received(host, frame(EXAMPLES[m.Key])) == [Denied("Key", Permission.CONTROL)]
    received(client, b"".join(host.data_to_send()))
    assert client.granted == host.granted == {Permission.VIEW}


def test_no_right_is_granted_before_the_session():
    for state in State:
        if state is not State.SESSION:
            assert at(Role.HOST, state).granted == at(Role.CLIENT, state).granted == frozenset()


@pytest.mark.parametrize("state", [state for state in State if state not in (State.SESSION, State.CLOSED)])
@pytest.mark.parametrize("role", Role)
def test_before_the_session_no_frame_may_be_over_4096_bytes(role, state):
    for kind, spec in TABLE.items():
        if role.peer in spec.senders and state in spec.states:
            connection = at(role, state)
            connection.receive_data(pack_header(kind, 4097))
            with pytest.raises(RemoteProtocolError, match="at most 4096"):
                connection.next_event()


def test_a_picture_is_legal_only_as_large_as_its_screen_allows():
    connection = at(Role.CLIENT, State.SESSION)
    with pytest.raises(RemoteProtocolError, match="at most 0"):
        received(connection, pack_header(KINDS[m.Picture], 53))
    connection = at(Role.CLIENT, State.SESSION)
    received(connection, frame(SCREEN))
    limit = m.picture_limit((64, 64))
    assert received(connection, pack_header(KINDS[m.Picture], limit)) == []
    connection = at(Role.CLIENT, State.SESSION)
    received(connection, frame(SCREEN))
    with pytest.raises(RemoteProtocolError, match=f"at most {limit}"):
        received(connection, pack_header(KINDS[m.Picture], limit + 1))


def test_a_picture_over_its_limit_is_not_sent():
    connection = at(Role.HOST, State.SESSION)
    connection.send(SCREEN)
    connection.data_to_send()
    update = bytes(m.picture_limit((64, 64)))
    with pytest.raises(LocalProtocolError, match="over its limit"):
        connection.send(m.Picture(*PICTURE, update))
    assert connection.data_to_send() == []


def test_a_large_update_is_queued_without_a_copy():
    connection = at(Role.HOST, State.SESSION)
    connection.send(m.Screen(width=1920, height=1080, codec="tiles", serial=1, continues=False))
    update = bytes(1_000_000)
    connection.send(m.Picture(*PICTURE, update))
    assert any(part is update for part in connection.data_to_send())


def test_what_the_peer_would_refuse_is_not_sent():
    connection = at(Role.CLIENT, State.SESSION)
    for message in (
        m.Button(seq=1, x=0, y=0, button=10, down=True),
        m.Key(seq=0, keysym=1, down=True),
        m.Wheel(seq=1, x=0, y=0, dx=0, dy=33),
        m.Pointer(seq=1, x=1.5, y=0),
        m.Ack((m.Mark(0, 0, 0),)),
    ):
        with pytest.raises(LocalProtocolError):
            connection.send(message)
    assert connection.data_to_send() == []


def test_both_ends_hash_the_raw_bytes_of_every_handshake_frame():
    host, client = Connection(Role.HOST), Connection(Role.CLIENT)
    raw = b""
    for message in handshake():
        sender, receiver = (client, host) if SENDERS[type(message).__name__] == "C" else (host, client)
        sender.send(message)
        data = b"".join(sender.data_to_send())
        raw += data
        assert received(receiver, data) == [message]
        assert host.transcript == client.transcript == hashlib.sha256(raw).digest()


def test_the_transcript_covers_the_bytes_and_not_what_they_mean():
    one, other = Connection(Role.HOST), Connection(Role.HOST)
    body = b"".join(HELLO.encode())
    assert received(one, frame(HELLO)) == received(other, pack_header(1, len(body) + 1) + body + b" ") == [HELLO]
    assert one.transcript != other.transcript


def test_nothing_comes_after_an_error():
    connection = at(Role.HOST, State.SESSION)
    with pytest.raises(RemoteProtocolError):
        received(connection, b"\0\0\0\0\0" + frame(m.Ping(t=0)))
    assert received(connection, frame(m.Ping(t=0))) == []
    connection.send(m.Bye(reason="protocol"))
    assert b"".join(connection.data_to_send()) == frame(m.Bye(reason="protocol"))


def test_nothing_comes_after_a_goodbye():
    connection = at(Role.HOST, State.SESSION)
    assert received(connection, frame(m.Bye(reason="")) + frame(m.Ping(t=0))) == [m.Bye(reason="")]
    assert connection.state is State.CLOSED


def test_unknown_types_and_other_protocols_are_refused_by_name():
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x01\x02\x00\x01", b"RFB 003.008\n"):
        with pytest.raises(RemoteProtocolError):
            received(Connection(Role.HOST), data)


def test_messages_are_handed_out_one_at_a_time():
    connection = at(Role.CLIENT, State.VERDICT)
    connection.receive_data(frame(session([])) + frame(SCREEN))
    assert connection.next_event() == session([])
    assert connection.state is State.SESSION
    assert connection.next_event() == Denied("Screen", Permission.VIEW)


@settings(max_examples=200)
@given(
    role=st.sampled_from(Role),
    state=st.sampled_from(State),
    parts=st.lists(
        st.one_of(st.binary(max_size=80), st.sampled_from([frame(e) for e in EXAMPLES.values()])), max_size=6
    ),
    flips=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 255)), max_size=3),
)
def test_any_bytes_in_any_state_give_events_or_the_peers_error(role, state, parts, flips):
    data = bytearray(b"".join(parts))
    for place, bits in flips:
        if data:
            data[place % len(data)] ^= bits
    connection = at(role, state)
    with contextlib.suppress(RemoteProtocolError):
        received(connection, bytes(data))
    assert connection.data_to_send() == []


@settings(max_examples=50)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=30))
def test_events_are_the_same_however_the_bytes_are_cut(sizes):
    messages = [EXAMPLES[kind] for kind in (m.Key, m.Ping, m.Pointer, m.Wheel, m.Button, m.Ping)] * 3
    data = b"".join(map(frame, messages))
    connection, events, place = at(Role.HOST, State.SESSION), [], 0
    while place < len(data):
        size = sizes[place % len(sizes)]
        events += received(connection, data[place : place + size])
        place += size
    assert events == messages

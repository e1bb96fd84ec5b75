import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_examples import CONNECTED, session_message

from fanlight.errors import RemoteProtocolError
from fanlight.protocol import messages as m
from fanlight.protocol.framing import HEADER
from fanlight.protocol.table import KINDS, TABLE
from fanlight.types import MAX_PIXELS, MAX_SIDE, Permission

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "message_vectors.json").read_text(encoding="utf-8"))
SPECS = {spec.message.__name__: spec for spec in TABLE.values()}


def decode(name, body):
    return SPECS[name].decode(memoryview(body))


def build(vector):
    """Make the message of a vector from its fields alone."""
    kind = getattr(m, vector["message"])
    if issubclass(kind, m.Control):
        return msgspec.convert(vector["fields"], kind)
    fields = {k: bytes.fromhex(v) if isinstance(v, str) else v for k, v in vector["fields"].items()}
    if kind is m.Ack:
        return m.Ack(tuple(m.Mark(*mark) for mark in fields["marks"]))
    return kind(**fields)


def test_every_message_has_a_golden_vector():
    assert {vector["message"] for vector in VECTORS.values()} == set(SPECS)


@pytest.mark.parametrize("name", VECTORS)
def test_golden_frames_decode_to_their_fields(name):
    frame = bytes.fromhex(VECTORS[name]["frame"])
    length, kind = HEADER.unpack_from(frame)
    assert length == len(frame) - 4
    assert TABLE[kind].message.__name__ == VECTORS[name]["message"]
    decoded = TABLE[kind].decode(memoryview(frame)[HEADER.size :])
    assert decoded == build(VECTORS[name])
    assert len(frame) - HEADER.size <= TABLE[kind].limit


@pytest.mark.parametrize("name", VECTORS)
def test_golden_fields_encode_to_their_frames(name):
    message = build(VECTORS[name])
    body = b"".join(message.encode())
    assert (HEADER.pack(len(body) + 1, KINDS[type(message)]) + body).hex() == VECTORS[name]["frame"]


GOOD = {
    "ClientHello": {"version": 4, "nonce": "A" * 43 + "=", "key": "AAAA", "certificate": None},
    "HostHello": {"version": 4, "nonce": "A" * 43 + "=", "identity": "AAAA"},
    "Methods": {"methods": ["password"], "salt": "A" * 22 + "==", "iterations": 600_000},
    "Auth": {"method": "password", "proof": "AAAA", "remember": False},
    "Code": {"code": "123456"},
    "Session": msgspec.to_builtins(session_message()),
    "AuditHead": {"head": "AAAA", "last": True},
    "Countersign": {"head": "AAAA", "signature": "AAAA"},
    "Waive": {"rights": []},
    "Leave": {},
    "Bye": {"reason": ""},
    "Ping": {"t": 0},
    "RightsChanged": {"rights": [], "epoch": 1},
    "Screen": {"width": 1, "height": 1, "codec": "tiles", "serial": 1, "continues": False},
    "Watch": {"codecs": ["tiles"], "resume": {"session": "0" * 32, "screen": 1, "seq": 0}},
    "PointerPlace": {"place": {"x": 0, "y": 0}},
    "Key": {"seq": 1, "keysym": 1, "down": True},
    "Pointer": {"seq": 1, "x": 0, "y": 0},
    "Button": {"seq": 1, "x": 0, "y": 0, "button": 1, "down": True},
    "Wheel": {"seq": 1, "x": 0, "y": 0, "dx": 0, "dy": 0},
}


@pytest.mark.parametrize("name", GOOD)
def test_the_smallest_good_message_passes(name):
    assert type(decode(name, json.dumps(GOOD[name]).encode())).__name__ == name


BAD = [
    ("ClientHello", {"nonce": "A" * 42 + "=="}),  # 31 bytes
    ("ClientHello", {"nonce": "A" * 44}),  # 33 bytes
    ("ClientHello", {"nonce": "%" * 44}),
    ("ClientHello", {"key": ""}),
    ("ClientHello", {"key": "A" * 344}),  # 258 bytes
    ("ClientHello", {"version": -1}),
    ("ClientHello", {"version": 65_536}),
    ("ClientHello", {"version": True}),
    ("HostHello", {"identity": "A" * 2732}),  # 2049 bytes
    ("Methods", {"iterations": 599_999}),
    ("Methods", {"iterations": 2_000_001}),
    ("Methods", {"salt": "A" * 20}),  # 15 bytes
    ("Methods", {"salt": "A" * 88}),  # 66 bytes
    ("Methods", {"methods": []}),
    ("Methods", {"methods": ["password"] * 5}),
    ("Methods", {"methods": ["telepathy"]}),
    ("ClientHello", {"certificate": ""}),
    ("ClientHello", {"certificate": "A" * 2732}),  # 2049 bytes
    ("Auth", {"method": "none"}),
    ("Auth", {"remember": 1}),
    ("Auth", {"proof": "A" * 88}),
    ("Code", {"code": "12345"}),
    ("Code", {"code": "1" * 41}),
    ("Code", {"code": "123 456"}),
    ("Code", {"code": "123456\n"}),
    ("Code", {"code": "١٢٣٤٥٦"}),
    ("Session", {"rights": ["root"]}),
    ("Session", {"rights": ["view"] * 17}),
    ("Session", {"host_proof": "AAAA"}),
    ("Session", {"session": "0" * 31}),
    ("Session", {"session": "0" * 32 + "\n"}),
    ("Session", {"profile": "p" * 65}),
    ("Session", {"profile": ""}),
    ("Session", {"epoch": 0}),
    ("Session", {"method": "telepathy"}),
    ("Session", {"unavailable": ["root"]}),
    ("Session", {"token": "AAAA"}),
    ("Session", {"resume": "AAAA"}),
    ("Session", {"resume_seconds": 86_401}),
    ("Session", {"connection": None}),
    ("Session", {"connection": msgspec.to_builtins(CONNECTED) | {"client": "C" * 64}}),
    ("Session", {"connection": msgspec.to_builtins(CONNECTED) | {"host": "d" * 63}}),
    ("Session", {"connection": msgspec.to_builtins(CONNECTED) | {"tls": "t" * 201}}),
    ("AuditHead", {"head": ""}),
    ("AuditHead", {"head": "A" * 172}),
    ("Countersign", {"signature": ""}),
    ("Countersign", {"signature": "A" * 176}),
    ("Waive", {"rights": ["root"]}),
    ("Waive", {"rights": ["view"] * 17}),
    ("Leave", {"now": True}),
    ("Bye", {"reason": "x" * 201}),
    ("Ping", {"t": -1}),
    ("Ping", {"t": 2**53}),
    ("Ping", {"t": 1.5}),
    ("Ping", {"t": "0"}),
    ("Ping", {"t": None}),
    ("Screen", {"width": 0}),
    ("Screen", {"width": MAX_SIDE + 1}),
    ("Screen", {"height": 65_535}),
    ("Screen", {"codec": ""}),
    ("Screen", {"codec": "../x"}),
    ("Screen", {"codec": "h264\n"}),
    ("Screen", {"serial": 0}),
    ("Screen", {"serial": 2**32}),
    ("Screen", {"continues": 1}),
    ("Watch", {"codecs": []}),
    ("Watch", {"codecs": ["tiles"] * 33}),
    ("Watch", {"codecs": ["Tiles"]}),
    ("Watch", {"resume": {}}),
    ("Watch", {"resume": {"session": "0" * 31, "screen": 1, "seq": 0}}),
    ("Watch", {"resume": {"session": "0" * 32, "screen": 0, "seq": 0}}),
    ("Watch", {"resume": {"session": "0" * 32, "screen": 1, "seq": -1}}),
    ("PointerPlace", {"place": {"x": -1, "y": 0}}),
    ("PointerPlace", {"place": {"x": MAX_SIDE, "y": 0}}),
    ("PointerPlace", {"place": {"x": 0}}),
    ("PointerPlace", {"place": {"x": 0, "y": 0, "z": 0}}),
    ("Key", {"keysym": 0}),
    ("Key", {"keysym": 0x2000_0000}),
    ("Key", {"down": 1}),
    ("Key", {"seq": 0}),
    ("Pointer", {"x": 65_536}),
    ("Pointer", {"y": -65_536}),
    ("Button", {"button": 0}),
    ("Button", {"button": 10}),
    ("Wheel", {"dx": 33}),
    ("Wheel", {"dy": -33}),
]


@pytest.mark.parametrize(("name", "change"), BAD)
def test_a_value_out_of_bounds_is_refused(name, change):
    with pytest.raises(RemoteProtocolError, match=name):
        decode(name, json.dumps(GOOD[name] | change).encode())


@pytest.mark.parametrize("name", GOOD)
def test_unknown_and_missing_fields_are_refused(name):
    with pytest.raises(RemoteProtocolError, match="unknown field"):
        decode(name, json.dumps(GOOD[name] | {"extra": 1}).encode())
    for field in GOOD[name]:
        rest = {key: value for key, value in GOOD[name].items() if key != field}
        with pytest.raises(RemoteProtocolError, match="missing required field"):
            decode(name, json.dumps(rest).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"t":1} {}',
        b'\xef\xbb\xbf{"t":1}',
        b'{"t":1e999}',
        b'{"t":' + b"[" * 4000,
        b'{"x":' + b"[" * 4000,
        b'{"reason":"\xff"}',
        b'{"reason":"\\ud800"}',
        b"GET / HTTP/1.1\r\n",
    ],
)
@pytest.mark.parametrize("name", ["Ping", "Bye", "ClientHello", "Refresh"])
def test_what_is_not_one_object_is_refused(name, body):
    with pytest.raises(RemoteProtocolError):
        decode(name, body)


@pytest.mark.parametrize("name", sorted(SPECS))
@given(body=st.binary(max_size=200))
def test_any_body_gives_a_message_or_the_peers_error(name, body):
    with contextlib.suppress(RemoteProtocolError):
        decode(name, body)


def test_an_error_never_carries_the_peers_control_characters():
    with pytest.raises(RemoteProtocolError) as caught:
        decode("Ping", b'{"\\u001b[2J\\u202e%s":1}' % (b"x" * 3000))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_hello_of_another_version_is_read_no_further():
    for name in ("ClientHello", "HostHello"):
        assert decode(name, b'{"version":0}') == m.OtherVersion(0)
        assert decode(name, b'{"new":{"deep":[1]},"version":5,"nonce":7}') == m.OtherVersion(5)


def picture(**change):
    values = dict.fromkeys(m.Picture.__struct_fields__, 0)
    values |= {"seq": 1, "screen": 1, "exact": True, "key": True, "proved": True, "update": b""}
    return m.Picture(**(values | change))


def body_of(message):
    return bytearray(b"".join(message.encode()))


@given(
    st.builds(
        m.Picture,
        *[st.integers(1, 2**32 - 1)] * 2,
        st.integers(0, 2**32 - 1),
        *[st.booleans()] * 3,
        st.integers(0, 255),
        *[st.integers(0, m.MAX_COUNT)] * 3,
        *[st.integers(0, m.MAX_STAMP)] * 5,
        st.integers(0, 2**64 - 1),
        st.binary(max_size=50),
        st.booleans(),
    ).filter(lambda made: made.proved or not made.exact)
)
def test_a_picture_decodes_to_itself(message):
    assert decode("Picture", bytes(body_of(message))) == message


def test_a_picture_is_encoded_and_decoded_without_a_copy():
    update = b"u" * 1000
    head, tail = picture(update=update).encode()
    assert tail is update
    body = bytes(head) + update
    assert decode("Picture", body).update.obj is body


@pytest.mark.parametrize("change", [{"seq": 0}, {"screen": 0}, {"sent_at": 2**53}, {"damaged_at": 2**64 - 1}])
def test_a_picture_out_of_bounds_is_refused(change):
    with pytest.raises(RemoteProtocolError, match="PICTURE"):
        decode("Picture", body_of(picture(**change)))


def test_a_picture_with_impossible_flags_or_half_a_header_is_refused():
    body = body_of(picture())
    for flags in (1, 3, 9, 16, 0xFF):
        body[12] = flags
        with pytest.raises(RemoteProtocolError, match="flags"):
            decode("Picture", body)
    with pytest.raises(RemoteProtocolError, match="73 bytes"):
        decode("Picture", body[:73])


@pytest.mark.parametrize(
    ("cursor", "cut"),
    [
        (m.Cursor(513, 1, 0, 0, bytes(513 * 4)), 0),
        (m.Cursor(1, 513, 0, 0, bytes(513 * 4)), 0),
        (m.Cursor(0, 1, 0, 0, b""), 0),
        (m.Cursor(1, 0, 0, 0, b""), 0),
        (m.Cursor(2, 2, 0, 0, bytes(15)), 0),
        (m.Cursor(2, 2, 0, 0, bytes(17)), 0),
        (m.Cursor(2, 2, 2, 0, bytes(16)), 0),
        (m.Cursor(2, 2, 0, 2, bytes(16)), 0),
        (m.Cursor(0, 0, 1, 0, b""), 0),
        (m.Cursor(0, 0, 0, 0, b""), 1),
    ],
)
def test_a_cursor_that_is_not_what_it_says_is_refused(cursor, cut):
    body = body_of(cursor)
    with pytest.raises(RemoteProtocolError, match="CURSOR"):
        decode("Cursor", body[: len(body) - cut])


def test_the_largest_cursor_fits_its_limit():
    cursor = m.Cursor(512, 512, 511, 511, bytes(512 * 512 * 4))
    assert decode("Cursor", body_of(cursor)) == cursor
    assert len(body_of(cursor)) == SPECS["Cursor"].limit


MARK = b"\x01" + bytes(19)


@pytest.mark.parametrize(
    "body",
    [b"", bytes(19), bytes(20), bytes(21), b"\x01\0\0\0" + b"\xff" * 16, MARK[:-1], MARK + bytes(20), MARK * 33],
)
def test_an_ack_of_nothing_too_much_another_length_or_time_is_refused(body):
    with pytest.raises(RemoteProtocolError, match="ACK"):
        decode("Ack", body)


def test_an_ack_names_as_many_pictures_as_its_limit_has_room_for():
    marks = tuple(m.Mark(seq, 2 * seq, 3 * seq) for seq in range(1, m.MOST_MARKS + 1))
    assert decode("Ack", body_of(m.Ack(marks))) == m.Ack(marks)
    assert len(body_of(m.Ack(marks))) == SPECS["Ack"].limit


@pytest.mark.parametrize("body", [b"", bytes(11), bytes(12), bytes(13), b"\x01\0\0\0" + b"\xff" * 8])
def test_a_presented_of_nothing_another_length_or_time_is_refused(body):
    with pytest.raises(RemoteProtocolError, match="PRESENTED"):
        decode("Presented", body)


def test_sequence_numbers_start_again_at_one():
    assert m.next_seq(0) == 1
    assert m.next_seq(m.MAX_SEQ) == 1


def test_the_picture_limit_follows_the_size_and_never_passes_the_tables():
    assert m.picture_limit((1, 1)) == m.picture_limit((64, 64)) < m.picture_limit((65, 64))
    for side in (4096, 4097, 8129, 8192, 16_321, MAX_SIDE):
        assert m.picture_limit((side, MAX_PIXELS // side)) <= m.PICTURE_LIMIT


def test_plain_text_is_printable_and_short():
    assert m.plain("a\x1b[0m\n\u202eb") == "a?[0m??b"
    assert len(m.plain("x" * 1000)) == m.MAX_TEXT
    assert m.plain("Zürich 東京") == "Zürich 東京"


def test_rights_are_sent_by_name():
    assert m.RightsChanged(rights=[Permission.CLIPBOARD_FILES], epoch=1).encode() == [
        b'{"rights":["clipboard-files"],"epoch":1}'
    ]

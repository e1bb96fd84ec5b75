"""Write the golden messages: message_vectors.json holds each message's fields and the whole frame in hexadecimal.

Run it only when the protocol changes on purpose: `python tests/vectors/message_make.py`.
"""

import json
from pathlib import Path

import msgspec

from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import KINDS
from fanlight.types import Permission

KEY = bytes(range(32))
CONNECTED = m.Connected(
    tls="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    direct=True,
    client="c" * 64,
    alias="ann@acme",
    host="d" * 64,
)
MESSAGES = {
    "client_hello": m.ClientHello(version=4, nonce=KEY, key=b"0Y0\x13", certificate=None),
    "client_hello_alias": m.ClientHello(version=4, nonce=KEY, key=b"0Y0\x13", certificate=b"0\x82\x01\xa1"),
    "host_hello": m.HostHello(version=4, nonce=KEY[::-1], identity=b"0\x82\x01\xa2"),
    "prove": m.Prove(signature=b"0E\x02\x20"),
    "methods": m.Methods(methods=list(m.METHODS), salt=KEY, iterations=600_000),
    "auth_password": m.Auth(method="password", proof=KEY, remember=True),
    "auth_token": m.Auth(method="token", proof=KEY, remember=False),
    "auth_resume": m.Auth(method="resume", proof=KEY, remember=False),
    "auth_request": m.Auth(method="request", proof=b"", remember=False),
    "ask_code": m.AskCode(),
    "code": m.Code(code="012345"),
    "code_recovery": m.Code(code="ABCD-EFGH-2345"),
    "session": m.Session(
        rights=[Permission.CONTROL, Permission.VIEW],
        unavailable=[Permission.PRINT],
        epoch=1,
        profile="Unattended Access",
        method="password",
        host_proof=KEY,
        session="00112233445566778899aabbccddeeff",
        token=KEY[::-1],
        resume=KEY,
        resume_seconds=600,
        connection=CONNECTED,
    ),
    "session_request": m.Session(
        rights=[Permission.VIEW],
        unavailable=[],
        epoch=1,
        profile="Screen Sharing",
        method="request",
        host_proof=KEY,
        session="00112233445566778899aabbccddeeff",
        token=None,
        resume=None,
        resume_seconds=0,
        connection=CONNECTED,
    ),
    "failed": m.Failed(),
    "refused": m.Refused(),
    "bye": m.Bye(reason="the viewer has left"),
    "ping": m.Ping(t=1_234_567),
    "pong": m.Pong(t=1_234_567, at=9_007_199_254_740_991),
    "rights_changed": m.RightsChanged(rights=[Permission.VIEW], epoch=2),
    "rights_none": m.RightsChanged(rights=[], epoch=3),
    "audit_head": m.AuditHead(head=KEY, last=False),
    "audit_head_last": m.AuditHead(head=KEY, last=True),
    "countersign": m.Countersign(head=KEY, signature=b"0E\x02\x20"),
    "waive": m.Waive(rights=[Permission.CONTROL]),
    "leave": m.Leave(),
    "screen": m.Screen(width=1920, height=1080, codec="hybrid", serial=1, continues=False),
    "picture_exact_key": m.Picture(
        1, 1, 0, True, True, True, 0, 4096, 8192, 0, 10, 20, 25, 30, 40, 0xFEDCBA9876543210, b"update"
    ),
    "picture_lossy": m.Picture(
        0xFFFFFFFF,
        2,
        7,
        False,
        False,
        False,
        30,
        0,
        0,
        1_296_000,
        100_000,
        100_100,
        100_150,
        102_000,
        102_010,
        0,
        b"\x00",
    ),
    "picture_proved_beside_a_film": m.Picture(
        2, 2, 8, False, False, True, 51, 0, 64, 9, 1, 2, 3, 4, 5, 0x0123456789ABCDEF, b"update"
    ),
    "picture_that_asks": m.Picture(
        3, 2, 8, True, False, True, 0, 64, 64, 0, 1, 2, 3, 4, 5, 0x0123456789ABCDEF, b"update", asks=True
    ),
    "cursor": m.Cursor(2, 1, 1, 0, bytes(range(8))),
    "cursor_hidden": m.Cursor(0, 0, 0, 0, b""),
    "pointer_place": m.PointerPlace(place=m.Point(x=0, y=16_383)),
    "pointer_hidden": m.PointerPlace(place=None),
    "ack": m.Ack((m.Mark(5, 1_000_000, 1_000_500),)),
    "ack_of_three": m.Ack(
        (m.Mark(0xFFFFFFFF, 1_000_000, 1_000_500), m.Mark(1, 1_016_000, 1_016_500), m.Mark(3, 1_050_000, 1_050_500))
    ),
    "presented": m.Presented(5, 1_004_000),
    "watch": m.Watch(codecs=["hybrid", "tiles"], resume=None),
    "watch_on": m.Watch(
        codecs=["tiles"], resume=m.Resumed(session="00112233445566778899aabbccddeeff", screen=1, seq=5)
    ),
    "refresh": m.Refresh(reason="the digest of update 5 does not match"),
    "key": m.Key(seq=1, keysym=0x61, down=True),
    "pointer": m.Pointer(seq=2, x=-1, y=1079),
    "button": m.Button(seq=3, x=10, y=20, button=9, down=False),
    "wheel": m.Wheel(seq=4, x=10, y=20, dx=0, dy=-3),
}


def fields(message):
    """Return the fields as JSON holds them; bytes of binary messages as hexadecimal."""
    if isinstance(message, m.Control):
        return msgspec.to_builtins(message)
    values = msgspec.structs.asdict(message)
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def frame(message):
    body = b"".join(message.encode())
    return pack_header(KINDS[type(message)], len(body)) + body


def main():
    vectors = {
        name: {"message": type(message).__name__, "fields": fields(message), "frame": frame(message).hex()}
        for name, message in MESSAGES.items()
    }
    text = json.dumps(vectors, indent=1, sort_keys=True)
    Path(__file__).with_name("message_vectors.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

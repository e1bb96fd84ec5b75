"""Messages of an open session as its tests write them."""

from fanlight.protocol import messages as m
from fanlight.protocol.framing import pack_header
from fanlight.protocol.table import KINDS
from fanlight.session.outgoing import Outgoing
from fanlight.types import Permission, Pixels

ALL_BUT = {right: frozenset(Permission) - {right} for right in Permission}


def frame(message):
    body = b"".join(message.encode())
    return pack_header(KINDS[type(message)], len(body)) + body


def raw(kind, body):
    return pack_header(kind, len(body)) + body


def send_picture(made, update=b"update", *, asks=True, **change):
    values = dict.fromkeys(("damaged_at", "captured_at", "encode_started_at", "encoded_at"), made.now)
    values |= {"exact": True, "key": False, "digest": 7, "quality": None, "pixels": Pixels()}
    return made.host.send_picture(Outgoing(update=update, **(values | change)), input_seq=0, now=made.now, asks=asks)


def picture(seq, screen):
    return m.Picture(seq, screen, 0, True, True, True, *[0] * 10, b"")


def show(made, size=(640, 480)):
    made.host.send_screen(size, "tiles", 1)
    made.run()
    return made

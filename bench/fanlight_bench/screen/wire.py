"""Bytes on the wire, as the kernel counts them for one TCP connection: the same for TLS as for VNC, and for nothing.

Asked over netlink (sock_diag(7)), so nothing stands between host and viewer. Bytes are TCP payload, without headers.
"""

import socket
import struct

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_DUMP = 0x301
_INET_DIAG_INFO = 2
_ESTABLISHED = 1
_DONE, _ERROR = 3, 2
_HEAD = struct.Struct("<IHHII")
_ASK = struct.Struct("<BBBxI48x")
_ATTRIBUTE = struct.Struct("<HH")
_MESSAGE_BYTES = 72
_BYTES_RECEIVED_AT = 128
_BYTES_SENT_AT = 200
_MOST = 1 << 16


def bytes_exchanged(port: int) -> tuple[int, int] | None:
    """Return what the sockets of a local server's port have sent and received; None where the kernel does not say."""
    sent = received = 0
    found = False
    for family in (socket.AF_INET, socket.AF_INET6):
        for info in _infos(family, port):
            if len(info) < _BYTES_SENT_AT + 8:
                continue
            found = True
            received += struct.unpack_from("<Q", info, _BYTES_RECEIVED_AT)[0]
            sent += struct.unpack_from("<Q", info, _BYTES_SENT_AT)[0]
    return (sent, received) if found else None


def _infos(family: int, port: int) -> list[bytes]:
    """Return the struct tcp_info of every established connection whose own port is `port`."""
    try:
        link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
    except OSError:
        return []
    with link:
        ask = _ASK.pack(family, socket.IPPROTO_TCP, 1 << (_INET_DIAG_INFO - 1), 1 << _ESTABLISHED)
        link.sendall(_HEAD.pack(_HEAD.size + len(ask), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0) + ask)
        return _read_dump(link, port)


def _read_dump(link: socket.socket, port: int) -> list[bytes]:
    infos: list[bytes] = []
    while True:
        data = link.recv(_MOST)
        while len(data) >= _HEAD.size:
            length, kind, *_ = _HEAD.unpack_from(data)
            if kind in (_DONE, _ERROR):
                return infos
            message, data = data[_HEAD.size : length], data[(length + 3) & ~3 :]
            (own_port,) = struct.unpack_from(">H", message, 4)
            if own_port == port:
                infos += _attributes(message[_MESSAGE_BYTES:], _INET_DIAG_INFO)


def _attributes(data: bytes, wanted: int) -> list[bytes]:
    found: list[bytes] = []
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            break
        if kind == wanted:
            found.append(data[_ATTRIBUTE.size : length])
        data = data[(length + 3) & ~3 :]
    return found

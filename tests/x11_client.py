"""A small X client of its own, in plain protocol, so that tests draw and look without any code of ours."""

import socket
import struct
from typing import Self

import numpy as np
from numpy.typing import NDArray

_INCLUDE_INFERIORS = 1
_MIT_MAGIC_COOKIE = b"MIT-MAGIC-COOKIE-1"


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _request(opcode: int, detail: int, body: bytes) -> bytes:
    return struct.pack("<BBH", opcode, detail, 1 + len(body) // 4) + body


class X11Client:
    """One connection; every drawing call returns when the server has done it."""

    def __init__(self, display: str, cookie: bytes = b"") -> None:
        number = display.rpartition(":")[2].partition(".")[0]
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(f"/tmp/.X11-unix/X{number}")
        self._stream = self._socket.makefile("rb")
        name = _MIT_MAGIC_COOKIE if cookie else b""
        self._socket.sendall(struct.pack("<BxHHHHxx", 0x6C, 11, 0, len(name), len(cookie)) + _pad(name) + _pad(cookie))
        self._read_setup()
        self._gc = self._id
        self._events: list[bytes] = []
        self._send(55, 0, struct.pack("<IIIII", self._gc, self.root, 1 << 2 | 1 << 15, 0, _INCLUDE_INFERIORS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def fill(self, colour: int, *rects: tuple[int, int, int, int]) -> None:
        """Fill rectangles (x, y, w, h) of the screen, over all windows, with 0xRRGGBB."""
        self._send(56, 0, struct.pack("<III", self._gc, 1 << 2, colour))
        areas = b"".join(struct.pack("<hhHH", *rect) for rect in rects)
        self._send(70, 0, struct.pack("<II", self.root, self._gc) + areas)
        self.sync()

    def burst(self, colour: int, *rects: tuple[int, int, int, int]) -> None:
        """Fill the rectangles with a request for each, all of them in one write."""
        requests = _request(56, 0, struct.pack("<III", self._gc, 1 << 2, colour))
        for rect in rects:
            requests += _request(70, 0, struct.pack("<II", self.root, self._gc) + struct.pack("<hhHH", *rect))
        self._socket.sendall(requests)
        self.sync()

    def image(self) -> NDArray[np.uint8]:
        """The whole screen by XGetImage: (H, W, 4), as the server keeps it."""
        width, height = self.size()
        reply = self._ask(73, 2, struct.pack("<IhhHHI", self.root, 0, 0, width, height, 0xFFFFFFFF))
        return np.frombuffer(reply[32 : 32 + width * height * 4], np.uint8).reshape(height, width, 4)

    def size(self) -> tuple[int, int]:
        reply = self._ask(14, 0, struct.pack("<I", self.root))
        return struct.unpack_from("<HH", reply, 16)

    def warp(self, x: int, y: int) -> None:
        """Move the pointer as a program does, not as a mouse does."""
        self._send(41, 0, struct.pack("<IIhhHHhh", 0, self.root, 0, 0, 0, 0, x, y))
        self.sync()

    def pointer(self) -> tuple[int, int]:
        return struct.unpack_from("<hh", self._ask(38, 0, struct.pack("<I", self.root)), 16)

    def pressed_keys(self) -> set[int]:
        keys = self._ask(44, 0, b"")[8:40]
        return {code for code in range(256) if keys[code // 8] >> code % 8 & 1}

    def pressed_buttons(self) -> set[int]:
        return {button for button in range(1, 6) if self._modifiers() >> 7 + button & 1}

    def keyboard_group(self) -> int:
        """Which of the keyboard's layouts is in force."""
        return self._modifiers() >> 13 & 3

    def watch_buttons(self) -> None:
        """Take the button events that no window takes."""
        self._send(2, 0, struct.pack("<III", self.root, 1 << 11, 1 << 2 | 1 << 3))
        self.sync()

    def button_events(self) -> list[tuple[str, int]]:
        """What came since the last call: ("press" or "release", button)."""
        self.sync()
        events, self._events = self._events, []
        names = {4: "press", 5: "release"}
        return [(names[event[0] & 0x7F], event[1]) for event in events if event[0] & 0x7F in names]

    def keysyms(self) -> set[int]:
        """Every keysym that some key carries."""
        reply = self._ask(101, 0, struct.pack("<BBxx", 8, 248))
        return {keysym for (keysym,) in struct.iter_unpack("<I", reply[32:])}

    def resize(self, width: int, height: int) -> None:
        """Change the screen's size, as xrandr does."""
        self._send(self._opcode("RANDR"), 7, struct.pack("<IHHII", self.root, width, height, 300, 200))
        self.sync()

    def switch_monitor_off(self) -> None:
        """Let the screen shrink below the size of its one monitor."""
        opcode = self._opcode("RANDR")
        self._ask(opcode, 0, struct.pack("<II", 1, 2))
        reply = self._ask(opcode, 25, struct.pack("<I", self.root))
        config, crtcs = struct.unpack_from("<IH", reply, 12)
        for (crtc,) in struct.iter_unpack("<I", reply[32 : 32 + 4 * crtcs]):
            self._ask(opcode, 21, struct.pack("<IIIhhIHxx", crtc, 0, config, 0, 0, 0, 1))

    def move_monitor(self, name: str, x: int, y: int, w: int, h: int) -> None:
        """Put a monitor elsewhere in one step: nobody sees the screen without it."""
        encoded = name.encode()
        interned = self._ask(16, 0, struct.pack("<Hxx", len(encoded)) + _pad(encoded))
        (atom,) = struct.unpack_from("<I", interned, 8)
        opcode = self._opcode("RANDR")
        self._send(36, 0, b"")
        self._send(opcode, 44, struct.pack("<II", self.root, atom))
        self._send(opcode, 43, struct.pack("<IIBBHhhHHII", self.root, atom, 0, 0, 0, x, y, w, h, 100, 100))
        self._send(37, 0, b"")
        self.sync()

    def grab(self) -> None:
        """Let the server serve nobody else."""
        self._send(36, 0, b"")
        self.sync()

    def let_go(self) -> None:
        """End a grab."""
        self._send(37, 0, b"")
        self.sync()

    def make_window(self, x: int, y: int, width: int, height: int) -> int:
        """Put a window over all others, past any window manager; it goes with the connection. One at a time."""
        window = self._id + 1
        place = struct.pack("<IIhhHHHH", window, self.root, x, y, width, height, 0, 1)
        background, override_redirect = 1 << 1, 1 << 9
        self._send(1, 0, place + struct.pack("<IIII", 0, background | override_redirect, 0x123456, 1))
        self._send(8, 0, struct.pack("<I", window))
        self.sync()
        return window

    def destroy_window(self) -> None:
        """End that window."""
        self._send(4, 0, struct.pack("<I", self._id + 1))
        self.sync()

    def sync(self) -> None:
        """Return when all before is done."""
        self._ask(43, 0, b"")

    def _modifiers(self) -> int:
        (mask,) = struct.unpack_from("<H", self._ask(38, 0, struct.pack("<I", self.root)), 24)
        return int(mask)

    def _opcode(self, extension: str) -> int:
        name = extension.encode()
        reply = self._ask(98, 0, struct.pack("<Hxx", len(name)) + _pad(name))
        assert reply[8], f"no {extension}"
        return reply[9]

    def _send(self, opcode: int, detail: int, body: bytes) -> None:
        self._socket.sendall(_request(opcode, detail, body))

    def _ask(self, opcode: int, detail: int, body: bytes) -> bytes:
        self._send(opcode, detail, body)
        while True:
            head = self._read(32)
            if head[0] == 0:
                raise AssertionError(f"X error {head[1]} to request {head[10]}")
            if head[0] == 1:
                return head + self._read(4 * struct.unpack_from("<I", head, 4)[0])
            self._events.append(head)

    def _read_setup(self) -> None:
        status, length = struct.unpack("<BxxxxxH", self._read(8))
        body = self._read(4 * length)
        if status != 1:
            raise PermissionError(body.decode("latin-1"))
        (self._id,) = struct.unpack_from("<I", body, 4)
        vendor, formats = struct.unpack_from("<H", body, 16)[0], body[21]
        screen = 32 + vendor + -vendor % 4 + 8 * formats
        (self.root,) = struct.unpack_from("<I", body, screen)

    def _read(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) != count:
            raise ConnectionError("the X server closed the connection")
        return data


def is_running(display: str) -> bool:
    """Whether a server listens at the display, also one that would refuse us."""
    with socket.socket(socket.AF_UNIX) as knock:
        return knock.connect_ex(f"/tmp/.X11-unix/X{display[1:]}") == 0

"""Which keys the host holds down because of us: presses and releases that always match.

A press is sent as the keysym of what it means here: its character, or its name. The release sends what the press sent,
whatever the modifiers are by then. A character that an input method composed has no key of its own: it is pressed and
released at once.

The right Alt key is AltGr on many keyboards, and which one it is shows only with the next key: if that types a
character of AltGr, the character is all that is sent, and the host never sees an Alt.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pygame

from fanlight.viewer import keysyms

_COMMAND_MODS = pygame.KMOD_CTRL | pygame.KMOD_ALT | pygame.KMOD_GUI


@dataclass(frozen=True, slots=True)
class _Held:
    keysym: int
    types: bool


class Keyboard:
    """Turns pygame's key events into `send(keysym, down)`; for the window's thread only."""

    def __init__(self, send: Callable[[int, bool], None]) -> None:
        self._send = send
        self._held: dict[int, _Held] = {}
        self._alt_right: int | None = None
        self._is_alt_gr = False

    def press(self, event: pygame.Event) -> None:
        """Take a KEYDOWN event."""
        if event.key in keysyms.LOCKS or event.scancode in self._held:
            return
        if event.key == pygame.K_RALT:
            self._alt_right, self._is_alt_gr = event.scancode, False
            return
        types = _typed_by(event) != ""
        named = keysyms.of_named_key(event.key, event.mod)
        if named is None:
            named = self._character(event)
        elif not keysyms.is_modifier(event.key):
            self.settle()
        if named is not None:
            self._hold(event.scancode, _Held(named, types))

    def release(self, event: pygame.Event) -> None:
        """Take a KEYUP event; of a key whose press was not sent, nothing is sent."""
        if event.scancode == self._alt_right:
            if not self._is_alt_gr:
                self.settle()
            self._alt_right = None
        if (held := self._held.pop(event.scancode, None)) is not None:
            self._send(held.keysym, False)

    def text(self, text: str) -> None:
        """Take a TEXTINPUT event: an input method's text, unless a key that is down typed it."""
        if any(held.types for held in self._held.values()):
            return
        for character in text:
            if (keysym := keysyms.of_character(character)) is not None:
                self._send(keysym, True)
                self._send(keysym, False)

    def settle(self) -> None:
        """Send a right Alt key that is still held back, before what it modifies."""
        if self._alt_right is not None and not self._is_alt_gr:
            scancode, self._alt_right = self._alt_right, None
            self._hold(scancode, _Held(keysyms.ALT_RIGHT, types=False))

    def release_all(self) -> None:
        """Release every key that is down, as when the window loses the keyboard."""
        self._alt_right = None
        for held in reversed(self._held.values()):
            self._send(held.keysym, False)
        self._held.clear()

    def forget(self) -> None:
        """Hold nothing any more without a word: the host took the right away and released the keys itself."""
        self._alt_right = None
        self._held.clear()

    def _hold(self, scancode: int, held: _Held) -> None:
        self._held[scancode] = held
        self._send(held.keysym, True)

    def _character(self, event: pygame.Event) -> int | None:
        """Return the keysym of a character key's press; None where it waits to be composed with the next one."""
        text = _typed_by(event)
        if _made_by_alt_gr(text, event):
            self._is_alt_gr = True
        else:
            self.settle()
            if event.mod & _COMMAND_MODS and not _names_a_command(text, event):
                text = keysyms.character_of(event.key, event.scancode, event.mod) or ""
        return keysyms.of_character(text) if text else None


def _typed_by(event: pygame.Event) -> str:
    text: str = event.unicode
    return text if len(text) == 1 and keysyms.of_character(text) is not None else ""


def _names_a_command(text: str, event: pygame.Event) -> bool:
    """Whether what was typed under Ctrl or Alt says which command is meant; else the key itself does."""
    return text != "" and ord(text) < 0x100 and not (event.mod & pygame.KMOD_CAPS and text.isalpha())


def _made_by_alt_gr(text: str, event: pygame.Event) -> bool:
    if not text or not event.mod & pygame.KMOD_RALT:
        return False
    plain = chr(event.key) if 0 < event.key < 0x11_0000 else ""
    if text in (plain, plain.upper()):
        return False
    return not (event.mod & pygame.KMOD_SHIFT and text.isascii())

"""SDL's keys as X11 keysyms: what a key means, whichever keyboard it is on."""

import unicodedata

import pygame

ALT_RIGHT = 0xFFEA

_LATIN_FIRST, _LATIN_LAST = 0xA0, 0xFF
_UNICODE = 0x0100_0000

# F1 to F12, F13 to F24: two rows in SDL, one in X11.
_FUNCTION_KEYS = {
    **{pygame.K_F1 + number: 0xFFBE + number for number in range(12)},
    **{pygame.K_F13 + number: 0xFFCA + number for number in range(12)},
}

_NAMED = {
    pygame.K_BACKSPACE: 0xFF08,
    pygame.K_TAB: 0xFF09,
    pygame.K_RETURN: 0xFF0D,
    pygame.K_PAUSE: 0xFF13,
    pygame.K_SCROLLLOCK: 0xFF14,
    pygame.K_ESCAPE: 0xFF1B,
    pygame.K_HOME: 0xFF50,
    pygame.K_LEFT: 0xFF51,
    pygame.K_UP: 0xFF52,
    pygame.K_RIGHT: 0xFF53,
    pygame.K_DOWN: 0xFF54,
    pygame.K_PAGEUP: 0xFF55,
    pygame.K_PAGEDOWN: 0xFF56,
    pygame.K_END: 0xFF57,
    pygame.K_PRINTSCREEN: 0xFF61,
    pygame.K_INSERT: 0xFF63,
    pygame.K_MENU: 0xFF67,
    pygame.K_DELETE: 0xFFFF,
    pygame.K_AC_BACK: 0x1008FF26,
    # SDL's numbers for keys that pygame has no name for: volume up, down, mute; next, previous, stop, play.
    0x4000_0080: 0x1008FF13,
    0x4000_0081: 0x1008FF11,
    0x4000_0106: 0x1008FF12,
    0x4000_0102: 0x1008FF17,
    0x4000_0103: 0x1008FF16,
    0x4000_0104: 0x1008FF15,
    0x4000_0105: 0x1008FF14,
    # The application key of a PC keyboard.
    0x4000_0065: 0xFF67,
    **_FUNCTION_KEYS,
}

_MODIFIERS = {
    pygame.K_LSHIFT: 0xFFE1,
    pygame.K_RSHIFT: 0xFFE2,
    pygame.K_LCTRL: 0xFFE3,
    pygame.K_RCTRL: 0xFFE4,
    pygame.K_LALT: 0xFFE9,
    pygame.K_RALT: ALT_RIGHT,
    pygame.K_LGUI: 0xFFEB,
    pygame.K_RGUI: 0xFFEC,
    pygame.K_MODE: 0xFF7E,
}

# With Num Lock, without it.
_KEYPAD = {
    pygame.K_KP_0: (0xFFB0, 0xFF9E),
    pygame.K_KP_1: (0xFFB1, 0xFF9C),
    pygame.K_KP_2: (0xFFB2, 0xFF99),
    pygame.K_KP_3: (0xFFB3, 0xFF9B),
    pygame.K_KP_4: (0xFFB4, 0xFF96),
    pygame.K_KP_5: (0xFFB5, 0xFF9D),
    pygame.K_KP_6: (0xFFB6, 0xFF98),
    pygame.K_KP_7: (0xFFB7, 0xFF95),
    pygame.K_KP_8: (0xFFB8, 0xFF97),
    pygame.K_KP_9: (0xFFB9, 0xFF9A),
    pygame.K_KP_PERIOD: (0xFFAE, 0xFF9F),
    pygame.K_KP_ENTER: (0xFF8D, 0xFF8D),
    pygame.K_KP_EQUALS: (0xFFBD, 0xFFBD),
    pygame.K_KP_MULTIPLY: (0xFFAA, 0xFFAA),
    pygame.K_KP_PLUS: (0xFFAB, 0xFFAB),
    pygame.K_KP_MINUS: (0xFFAD, 0xFFAD),
    pygame.K_KP_DIVIDE: (0xFFAF, 0xFFAF),
}

# What they do is in the characters already: the host must not apply it a second time.
LOCKS = frozenset({pygame.K_CAPSLOCK, pygame.K_NUMLOCKCLEAR})

# Positions of the letters on any PC keyboard, in the order of the alphabet.
_SCANCODE_A, _SCANCODE_Z = 4, 29


def of_character(character: str) -> int | None:
    """Return the keysym of one character; None for a control character, or what is no character."""
    code = ord(character)
    if unicodedata.category(character).startswith("C"):
        return None
    if code < 0x80 or _LATIN_FIRST <= code <= _LATIN_LAST:
        return code
    return _UNICODE + code


def is_modifier(key: int) -> bool:
    """Whether a key only changes what others mean."""
    return key in _MODIFIERS


def of_named_key(key: int, mod: int) -> int | None:
    """Return the keysym of a key that types no character; None for the others. `mod` as in a pygame key event."""
    if key in _KEYPAD:
        locked, unlocked = _KEYPAD[key]
        numeric = bool(mod & pygame.KMOD_NUM) != bool(mod & pygame.KMOD_SHIFT)
        return locked if numeric else unlocked
    return _NAMED.get(key, _MODIFIERS.get(key))


def character_of(key: int, scancode: int, mod: int) -> str | None:
    """Return the character on a key where it types none itself, as under Ctrl; None where it carries none.

    Shortcuts are Latin under every layout: a letter key of another script gives the letter at its place. Caps Lock
    does not count, because Ctrl+C stays Ctrl+C under it.
    """
    if not 0x20 <= key < 0x11_0000:
        return None
    character = chr(key)
    if key > _LATIN_LAST and _SCANCODE_A <= scancode <= _SCANCODE_Z:
        character = chr(ord("a") + scancode - _SCANCODE_A)
    upper = character.upper()
    return upper if mod & pygame.KMOD_SHIFT and len(upper) == 1 else character

"""Keys to keysyms, on events as SDL 2 makes them under X11 (layouts us, de, ru)."""

import pygame
import pytest

from fanlight.viewer import keysyms
from fanlight.viewer.keyboard import Keyboard

CTRL, SHIFT, ALT, ALT_GR = pygame.KMOD_LCTRL, pygame.KMOD_LSHIFT, pygame.KMOD_LALT, pygame.KMOD_RALT
NUM, CAPS = pygame.KMOD_NUM, pygame.KMOD_CAPS
DEAD_KEY = 0x4000_0000


class Typist:
    def __init__(self):
        self.sent = []
        self.keyboard = Keyboard(lambda keysym, down: self.sent.append((keysym, down)))

    def press(self, key, text="", mod=0, scancode=None):
        code = key & 0xFFFF if scancode is None else scancode
        self.keyboard.press(pygame.Event(pygame.KEYDOWN, key=key, unicode=text, mod=mod, scancode=code))

    def release(self, key, mod=0, scancode=None):
        code = key & 0xFFFF if scancode is None else scancode
        self.keyboard.release(pygame.Event(pygame.KEYUP, key=key, unicode="", mod=mod, scancode=code))

    def pressed(self):
        return [keysym for keysym, down in self.sent if down]


@pytest.fixture
def typist():
    return Typist()


@pytest.mark.parametrize(
    ("character", "keysym"),
    [
        ("a", 0x61),
        ("~", 0x7E),
        (" ", 0x20),
        ("ä", 0xE4),
        ("ÿ", 0xFF),
        ("\u00a0", 0xA0),
        ("€", 0x010020AC),
        ("ф", 0x01000444),
        ("あ", 0x01003042),
        ("😀", 0x0101F600),
        ("\x03", None),
        ("\x7f", None),
        ("\x85", None),
    ],
)
def test_characters(character, keysym):
    assert keysyms.of_character(character) == keysym


@pytest.mark.parametrize(
    ("name", "keysym"),
    [
        ("RETURN", 0xFF0D),
        ("TAB", 0xFF09),
        ("BACKSPACE", 0xFF08),
        ("ESCAPE", 0xFF1B),
        ("DELETE", 0xFFFF),
        ("INSERT", 0xFF63),
        ("HOME", 0xFF50),
        ("END", 0xFF57),
        ("PAGEUP", 0xFF55),
        ("PAGEDOWN", 0xFF56),
        ("LEFT", 0xFF51),
        ("UP", 0xFF52),
        ("RIGHT", 0xFF53),
        ("DOWN", 0xFF54),
        ("PRINTSCREEN", 0xFF61),
        ("SCROLLLOCK", 0xFF14),
        ("PAUSE", 0xFF13),
        ("MENU", 0xFF67),
        ("F1", 0xFFBE),
        ("F10", 0xFFC7),
        ("F12", 0xFFC9),
        ("F13", 0xFFCA),
        ("F15", 0xFFCC),
        ("LSHIFT", 0xFFE1),
        ("RSHIFT", 0xFFE2),
        ("LCTRL", 0xFFE3),
        ("RCTRL", 0xFFE4),
        ("LALT", 0xFFE9),
        ("LGUI", 0xFFEB),
        ("RGUI", 0xFFEC),
        ("KP_ENTER", 0xFF8D),
        ("KP_PLUS", 0xFFAB),
        ("KP_MINUS", 0xFFAD),
        ("KP_MULTIPLY", 0xFFAA),
        ("KP_DIVIDE", 0xFFAF),
    ],
)
def test_named_keys(typist, name, keysym):
    key = getattr(pygame, f"K_{name}")
    typist.press(key)
    typist.release(key)
    assert typist.sent == [(keysym, True), (keysym, False)]


@pytest.mark.parametrize(
    ("digit", "with_lock", "without"), [(0, 0xFFB0, 0xFF9E), (1, 0xFFB1, 0xFF9C), (9, 0xFFB9, 0xFF9A)]
)
def test_the_keypad_follows_num_lock(typist, digit, with_lock, without):
    key = getattr(pygame, f"K_KP_{digit}")
    for mod in (NUM, 0, NUM | SHIFT, SHIFT):
        typist.press(key, str(digit) if mod == NUM else "", mod)
        typist.release(key)
    assert typist.pressed() == [with_lock, without, without, with_lock]


def test_a_keypad_digit_is_typed_once(typist):
    typist.press(pygame.K_KP_1, "1", NUM)
    typist.keyboard.text("1")
    assert typist.sent == [(0xFFB1, True)]


def test_every_key_sdl_names_is_a_keysym_or_left_out_on_purpose():
    left_out = set()
    for name in dir(pygame):
        if name.startswith("K_"):
            key = getattr(pygame, name)
            known = keysyms.of_named_key(key, 0) is not None or 0x20 <= key < 0x7F
            if not known:
                left_out.add(name)
    assert left_out <= {
        "K_BREAK",
        "K_CAPSLOCK",
        "K_CLEAR",
        "K_CURRENCYSUBUNIT",
        "K_CURRENCYUNIT",
        "K_EURO",
        "K_HELP",
        "K_NUMLOCK",
        "K_NUMLOCKCLEAR",
        "K_POWER",
        "K_SYSREQ",
        "K_UNKNOWN",
    }


def test_shift_sends_what_it_types(typist):
    typist.press(pygame.K_LSHIFT)
    typist.press(pygame.K_1, "!", SHIFT)
    typist.release(pygame.K_LSHIFT)
    typist.release(pygame.K_1)
    assert typist.sent == [(0xFFE1, True), (0x21, True), (0xFFE1, False), (0x21, False)]


@pytest.mark.parametrize(
    ("key", "text", "mod", "scancode", "keysym"),
    [
        (pygame.K_c, "\x03", CTRL, 6, ord("c")),
        (pygame.K_c, "\x03", CTRL | SHIFT, 6, ord("C")),
        (pygame.K_c, "\x03", CTRL | CAPS, 6, ord("c")),
        (pygame.K_a, "a", ALT, 4, ord("a")),
        (pygame.K_a, "A", ALT | CAPS, 4, ord("a")),
        (pygame.K_1, "!", CTRL | SHIFT, 30, ord("!")),
        (pygame.K_SPACE, "\x00", CTRL, 44, 0x20),
        (0x444, "ф", CTRL, 4, ord("a")),
        (0x444, "", CTRL | SHIFT, 4, ord("A")),
        (0x444, "ф", 0, 4, 0x01000444),
    ],
)
def test_commands_are_named_by_the_key(typist, key, text, mod, scancode, keysym):
    typist.press(key, text, mod, scancode)
    assert typist.sent == [(keysym, True)]


def test_locks_act_here_and_are_not_sent(typist):
    for key in (pygame.K_CAPSLOCK, pygame.K_NUMLOCKCLEAR):
        typist.press(key)
        typist.release(key)
    typist.press(pygame.K_a, "A", CAPS)
    assert typist.sent == [(ord("A"), True)]


def test_a_dead_key_waits_for_its_letter(typist):
    typist.press(DEAD_KEY, scancode=46)
    typist.release(DEAD_KEY, scancode=46)
    typist.press(0xB4, scancode=53)
    typist.press(pygame.K_e, "é", scancode=8)
    typist.release(pygame.K_e, scancode=8)
    assert typist.sent == [(0xE9, True), (0xE9, False)]


class TestRightAlt:
    def test_alt_gr_sends_only_its_character(self, typist):
        typist.press(pygame.K_RALT)
        typist.press(pygame.K_q, "@", ALT_GR)
        typist.release(pygame.K_q, ALT_GR)
        typist.press(pygame.K_e, "€", ALT_GR)
        typist.release(pygame.K_e)
        typist.release(pygame.K_RALT)
        assert typist.sent == [(0x40, True), (0x40, False), (0x010020AC, True), (0x010020AC, False)]

    def test_alt_gr_with_shift(self, typist):
        typist.press(pygame.K_RALT)
        typist.press(pygame.K_LSHIFT, mod=ALT_GR)
        typist.press(pygame.K_s, "ẞ", ALT_GR | SHIFT)
        assert typist.pressed() == [0xFFE1, 0x01001E9E]

    def test_with_a_letter_it_is_alt(self, typist):
        typist.press(pygame.K_RALT)
        typist.press(pygame.K_f, "f", ALT_GR)
        typist.release(pygame.K_RALT)
        typist.release(pygame.K_f)
        assert typist.sent == [(0xFFEA, True), (ord("f"), True), (0xFFEA, False), (ord("f"), False)]

    def test_with_a_named_key_it_is_alt(self, typist):
        typist.press(pygame.K_RALT)
        typist.press(pygame.K_F4, mod=ALT_GR)
        assert typist.pressed() == [0xFFEA, 0xFFC1]

    def test_alone_it_is_alt(self, typist):
        typist.press(pygame.K_RALT)
        assert typist.sent == []
        typist.release(pygame.K_RALT)
        assert typist.sent == [(0xFFEA, True), (0xFFEA, False)]

    def test_it_is_there_for_a_click(self, typist):
        typist.press(pygame.K_RALT)
        typist.keyboard.settle()
        assert typist.sent == [(0xFFEA, True)]
        typist.release(pygame.K_RALT)
        assert typist.sent[1:] == [(0xFFEA, False)]


def test_composed_text_is_typed_at_once(typist):
    typist.keyboard.text("日本")
    assert typist.sent == [(0x010065E5, True), (0x010065E5, False), (0x0100672C, True), (0x0100672C, False)]


def test_a_held_key_repeats_at_the_host_and_not_here(typist):
    typist.press(pygame.K_a, "a")
    for text in ("a", "a", "A"):
        typist.keyboard.text(text)
    typist.press(pygame.K_a, "a")
    assert typist.sent == [(ord("a"), True)]


def test_a_release_without_its_press_is_not_sent(typist):
    typist.release(pygame.K_a)
    assert typist.sent == []


def test_everything_is_released_once(typist):
    typist.press(pygame.K_LCTRL)
    typist.press(pygame.K_c, "\x03", CTRL)
    typist.keyboard.release_all()
    typist.keyboard.release_all()
    typist.release(pygame.K_c)
    typist.release(pygame.K_LCTRL)
    assert typist.sent[2:] == [(ord("c"), False), (0xFFE3, False)]


def test_what_is_forgotten_is_not_released(typist):
    typist.press(pygame.K_a, "a")
    typist.press(pygame.K_RALT)
    typist.keyboard.forget()
    typist.keyboard.release_all()
    typist.release(pygame.K_a)
    typist.release(pygame.K_RALT)
    assert typist.sent == [(ord("a"), True)]

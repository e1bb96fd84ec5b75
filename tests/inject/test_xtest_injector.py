"""Input by XTEST, as real X programs receive it."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fanlight.errors import InjectError
from fanlight.inject import Injector, open_injector
from x11_client import X11Client
from x_server import StartXvfb, wait_until

RunProgram = Callable[..., subprocess.Popen[bytes]]

RETURN, CAPS_LOCK, SHIFT, CONTROL = 0xFF0D, 0xFFE5, 0xFFE1, 0xFFE3


@pytest.fixture
def injector(xvfb: str) -> Iterator[Injector]:
    with open_injector(xvfb) as opened:
        yield opened


@pytest.fixture
def typed(xvfb: str, run_program: RunProgram, injector: Injector, tmp_path: Path) -> Callable[[], str]:
    """A terminal under the pointer; what was typed into it so far."""
    text, ready = tmp_path / "typed", tmp_path / "ready"
    run_program(
        xvfb, "xterm", "-u8", "-geometry", "80x24+0+0", "-e", f"stty -icanon -echo -isig; touch {ready}; cat > {text}"
    )
    wait_until(lambda: ready.exists() and text.exists())
    injector.move_pointer(200, 200)
    return text.read_text


def tap(injector: Injector, *keysyms: int) -> None:
    for keysym in keysyms:
        injector.press_key(keysym)
        injector.release_key(keysym)


def tap_button(injector: Injector, button: int) -> None:
    injector.press_button(button)
    injector.release_button(button)


def keysyms_of(text: str) -> list[int]:
    """As a viewer names them: Latin-1 by its code, the rest as Unicode."""
    return [ord(char) if ord(char) < 0x100 else 0x01000000 | ord(char) for char in text]


def types(injector: Injector, typed: Callable[[], str], text: str) -> None:
    tap(injector, *keysyms_of(text))
    wait_until(lambda: typed().endswith(text))


# ---- keys ----


def test_text_arrives_as_it_was_typed(injector: Injector, typed: Callable[[], str], painter: X11Client) -> None:
    text = "Hello, World! {[~@#]} ÀéñßÿŁ €uro 漢字 Ωω Жж"
    types(injector, typed, text)
    assert typed() == text
    wait_until(lambda: painter.pressed_keys() == set())


def test_the_old_name_of_a_character_types_it_too(injector: Injector, typed: Callable[[], str]) -> None:
    tap(injector, 0x20AC, 0x1A3, 0x01000041, 0x010000E9)
    wait_until(lambda: typed() == "€ŁAé")


def test_shift_that_the_viewer_holds_changes_no_character(
    injector: Injector, typed: Callable[[], str], painter: X11Client
) -> None:
    injector.press_key(SHIFT)
    wait_until(painter.pressed_keys)
    held = painter.pressed_keys()
    types(injector, typed, "aA1!é漢zZ")
    wait_until(lambda: painter.pressed_keys() == held)
    injector.release_key(SHIFT)
    wait_until(lambda: painter.pressed_keys() == set())
    types(injector, typed, "aA1!")
    assert typed() == "aA1!é漢zZaA1!"


def test_caps_lock_changes_no_character(injector: Injector, typed: Callable[[], str]) -> None:
    tap(injector, CAPS_LOCK)
    types(injector, typed, "aA1!éÉ漢ñÑ")
    tap(injector, CAPS_LOCK)
    types(injector, typed, "aA")
    assert typed() == "aA1!éÉ漢ñÑaA"


def test_control_reaches_the_program(injector: Injector, typed: Callable[[], str]) -> None:
    injector.press_key(CONTROL)
    tap(injector, ord("a"), ord("c"))
    injector.release_key(CONTROL)
    wait_until(lambda: typed() == "\x01\x03")


def test_function_keys_keep_the_shift_that_is_held(injector: Injector, typed: Callable[[], str]) -> None:
    up, tab = 0xFF52, 0xFF09
    tap(injector, up, tab)
    injector.press_key(SHIFT)
    tap(injector, up, tab)
    injector.release_key(SHIFT)
    wait_until(lambda: typed() == "\x1b[A\t\x1b[1;2A\x1b[Z")


def test_keypad_digits_are_digits_whatever_num_lock_says(injector: Injector, typed: Callable[[], str]) -> None:
    num_lock, one, decimal = 0xFF7F, 0xFFB1, 0xFFAE
    tap(injector, one, decimal)
    tap(injector, num_lock)
    tap(injector, one, decimal)
    tap(injector, num_lock)
    wait_until(lambda: typed() == "1.1.")


@pytest.mark.parametrize("layout", ["de", "fr", "ru", "us,ru"])
def test_the_layout_of_the_host_does_not_matter(
    xvfb: str, injector: Injector, typed: Callable[[], str], layout: str
) -> None:
    types(injector, typed, "zy漢")
    subprocess.run(["setxkbmap", "-display", xvfb, layout], check=True)
    types(injector, typed, "azAZ19!@'-_ ыЫ ü漢")


def test_another_group_of_the_layout_does_not_matter(
    xvfb: str, injector: Injector, typed: Callable[[], str], painter: X11Client
) -> None:
    next_group = 0xFE08
    subprocess.run(["setxkbmap", "-display", xvfb, "us,ru,de,fr"], check=True)
    for group in (1, 2, 3, 0):
        tap(injector, next_group)
        wait_until(lambda group=group: painter.keyboard_group() == group)
        types(injector, typed, f"azAZ19!@ ыЫ ü漢{group}")


def test_more_characters_than_spare_keycodes(injector: Injector, typed: Callable[[], str]) -> None:
    for char in map(chr, range(0x4E00, 0x4E30)):
        types(injector, typed, char)


def test_a_second_press_of_a_held_key_does_nothing(
    injector: Injector, typed: Callable[[], str], painter: X11Client
) -> None:
    injector.press_key(ord("x"))
    injector.press_key(ord("x"))
    injector.release_key(ord("x"))
    wait_until(lambda: painter.pressed_keys() == set())
    types(injector, typed, "y")
    assert typed() == "xy"


def test_a_key_released_under_another_name_is_released(injector: Injector, painter: X11Client) -> None:
    injector.press_key(ord("A"))
    wait_until(painter.pressed_keys)
    injector.release_key(ord("a"))
    wait_until(lambda: painter.pressed_keys() == set())


def test_releasing_what_is_not_held_does_nothing(injector: Injector, painter: X11Client) -> None:
    injector.release_key(ord("q"))
    injector.release_key(0x01004E00)
    assert painter.pressed_keys() == set()


def test_when_all_spare_keycodes_are_held_a_new_character_is_refused(injector: Injector, painter: X11Client) -> None:
    def press_many() -> None:
        for code in range(0x4E00, 0x4F00):
            injector.press_key(0x01000000 | code)

    with pytest.raises(InjectError, match="no keycode to spare"):
        press_many()
    # The refusal asked the server, so all presses before it are done.
    held = painter.pressed_keys()
    assert held
    injector.release_key(0x01004E00)
    injector.press_key(0x01005E00)
    wait_until(lambda: painter.pressed_keys() == held and 0x01005E00 in painter.keysyms())


def test_close_lets_go_of_everything(xvfb: str, painter: X11Client) -> None:
    before = painter.keysyms()
    injector = open_injector(xvfb)
    injector.press_key(SHIFT)
    injector.press_key(ord("a"))
    injector.press_key(0x01006F22)
    injector.press_button(1)
    injector.press_button(3)
    wait_until(lambda: len(painter.pressed_keys()) == 3 and painter.pressed_buttons() == {1, 3})
    assert 0x01006F22 in painter.keysyms()
    injector.close()
    injector.close()
    assert painter.pressed_keys() == set()
    assert painter.pressed_buttons() == set()
    assert painter.keysyms() == before
    with pytest.raises(InjectError, match="closed"):
        injector.press_key(ord("a"))


def test_close_leaves_alone_what_another_program_mapped(xvfb: str, painter: X11Client) -> None:
    with open_injector(xvfb) as injector:
        tap(injector, 0x01006F22)
        subprocess.run(["setxkbmap", "-display", xvfb, "de"], check=True)
        german = painter.keysyms()
    assert painter.keysyms() == german


# ---- pointer ----


def test_pointer_moves_and_buttons(injector: Injector, painter: X11Client) -> None:
    injector.move_pointer(123, 45)
    wait_until(lambda: painter.pointer() == (123, 45))
    injector.press_button(1)
    wait_until(lambda: painter.pressed_buttons() == {1})
    injector.move_pointer(300, 400)
    wait_until(lambda: painter.pointer() == (300, 400))
    assert painter.pressed_buttons() == {1}
    injector.release_button(1)
    wait_until(lambda: painter.pressed_buttons() == set())


def test_a_place_beyond_the_screen_is_its_edge(injector: Injector, painter: X11Client) -> None:
    injector.move_pointer(5000, 32767)
    wait_until(lambda: painter.pointer() == (1023, 767))


@pytest.mark.parametrize(
    ("dx", "dy", "clicks"), [(0, 1, [5]), (0, -2, [4, 4]), (3, 0, [7, 7, 7]), (-1, 0, [6]), (-1, 1, [6, 5]), (0, 0, [])]
)
def test_the_wheel_turns_by_clicks(injector: Injector, painter: X11Client, dx: int, dy: int, clicks: list[int]) -> None:
    painter.watch_buttons()
    injector.scroll(dx, dy)
    tap_button(injector, 1)
    events: list[tuple[str, int]] = []
    wait_until(lambda: events.extend(painter.button_events()) or ("release", 1) in events)
    assert events == [(kind, button) for button in (*clicks, 1) for kind in ("press", "release")]


# ---- refusals ----


@pytest.mark.parametrize(
    "attempt",
    [
        lambda injector: injector.move_pointer(-1, 0),
        lambda injector: injector.move_pointer(0, 32768),
        lambda injector: injector.move_pointer(10**12, 0),
        lambda injector: injector.press_button(0),
        lambda injector: injector.press_button(16),
        lambda injector: injector.release_button(-1),
        lambda injector: injector.press_key(0),
        lambda injector: injector.press_key(0x20000000),
        lambda injector: injector.release_key(-1),
        lambda injector: injector.scroll(0, 101),
        lambda injector: injector.scroll(-101, 0),
    ],
)
def test_what_does_not_exist_is_refused(
    injector: Injector, painter: X11Client, attempt: Callable[[Injector], None]
) -> None:
    place = painter.pointer()
    with pytest.raises(InjectError):
        attempt(injector)
    assert painter.pointer() == place
    assert painter.pressed_buttons() == set()
    assert painter.pressed_keys() == set()


def test_a_server_without_xtest_is_refused_in_one_sentence(start_xvfb: StartXvfb) -> None:
    display = start_xvfb("-extension", "XTEST").name
    with pytest.raises(InjectError, match=f"^the X server of display {display} lacks the extension XTEST$"):
        open_injector(display)


def test_a_display_without_server_says_what_to_do() -> None:
    with pytest.raises(InjectError, match="no X server answers at display :54321; start an X server"):
        open_injector(":54321")


def test_display_comes_from_the_environment(xvfb: str, painter: X11Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", xvfb)
    with open_injector() as injector:
        injector.move_pointer(9, 8)
    assert painter.pointer() == (9, 8)
    monkeypatch.delenv("DISPLAY")
    with pytest.raises(InjectError, match="DISPLAY is not set"):
        open_injector()


def test_a_killed_server_is_an_error(start_xvfb: StartXvfb) -> None:
    server = start_xvfb()
    with open_injector(server.name) as injector:
        server.process.kill()
        server.process.wait()
        with pytest.raises(InjectError, match=f"the X server of display {server.name} went away"):
            tap(injector, ord("a"))
        with pytest.raises(InjectError, match="went away"):
            injector.move_pointer(1, 1)


def test_opening_and_closing_leaks_nothing(xvfb: str) -> None:
    open_injector(xvfb).close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        open_injector(xvfb).close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before

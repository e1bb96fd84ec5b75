import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanlight.channels.input import MAX_HELD_KEYS, Button, InputChannel, Key, Pointer, Wheel
from fanlight.errors import InjectError


class Recorder:
    """A target that writes down what it is asked; `fails` names the calls that it cannot do."""

    def __init__(self, *fails):
        self.calls = []
        self.fails = set(fails)

    def __getattr__(self, name):
        def call(*values):
            self.calls.append((name, *values))
            if (name, *values) in self.fails:
                raise InjectError(f"{name} failed")

        return call


def channel(*fails):
    target = Recorder(*fails)
    return InputChannel(target), target


def test_events_reach_the_target_with_the_pointer_first():
    channel_, target = channel()
    channel_.apply(Key(1, 0x61, True))
    channel_.apply(Pointer(2, 10, 20))
    channel_.apply(Button(3, 11, 21, 1, True))
    channel_.apply(Wheel(4, 12, 22, -1, 2))
    assert target.calls == [
        ("press_key", 0x61),
        ("move_pointer", 10, 20),
        ("move_pointer", 11, 21),
        ("press_button", 1),
        ("move_pointer", 12, 22),
        ("scroll", -1, 2),
    ]


def test_a_held_key_is_pressed_once_and_released_once():
    channel_, target = channel()
    for down in (True, True, True, False, False):
        channel_.apply(Key(1, 0x61, down))
    assert target.calls == [("press_key", 0x61), ("release_key", 0x61)]
    assert channel_.held == (frozenset(), frozenset())


def test_what_another_pressed_is_not_released():
    channel_, target = channel()
    channel_.apply(Key(1, 0x61, False))
    channel_.apply(Button(2, 0, 0, 1, False))
    assert target.calls == [("move_pointer", 0, 0)]


def test_release_all_leaves_nothing_held():
    channel_, target = channel()
    for event in (Key(1, 0x61, True), Key(2, 0xFFE1, True), Button(3, 0, 0, 3, True), Key(4, 0x61, False)):
        channel_.apply(event)
    target.calls.clear()
    channel_.release_all()
    assert target.calls == [("release_button", 3), ("release_key", 0xFFE1)]
    target.calls.clear()
    channel_.release_all()
    assert target.calls == []


def test_release_all_goes_on_after_a_failure_and_says_so_at_the_end():
    channel_, target = channel(("release_key", 1))
    for keysym in (1, 2, 3):
        channel_.apply(Key(1, keysym, True))
    with pytest.raises(InjectError, match="release_key failed"):
        channel_.release_all()
    assert [call for call in target.calls if call[0] == "release_key"] == [("release_key", n) for n in (1, 2, 3)]
    assert channel_.held == (frozenset(), frozenset())


def test_a_press_that_fails_holds_nothing():
    channel_, _ = channel(("press_key", 0x61))
    with pytest.raises(InjectError):
        channel_.apply(Key(1, 0x61, True))
    assert channel_.held == (frozenset(), frozenset())


def test_the_number_of_held_keys_is_bounded():
    channel_, target = channel()
    for keysym in range(1, MAX_HELD_KEYS + 10):
        channel_.apply(Key(keysym, keysym, True))
    assert len(channel_.held[0]) == len(target.calls) == MAX_HELD_KEYS
    channel_.apply(Key(1, 1, False))
    channel_.apply(Key(2, 1000, True))
    assert 1000 in channel_.held[0]


EVENTS = st.one_of(
    st.builds(Key, st.just(1), st.integers(1, 5), st.booleans()),
    st.builds(Button, st.just(1), st.just(0), st.just(0), st.integers(1, 9), st.booleans()),
)


@given(st.lists(EVENTS, max_size=60))
def test_after_any_input_and_release_all_every_press_has_its_release(given_events):
    channel_, target = channel()
    for event in given_events:
        channel_.apply(event)
    channel_.release_all()
    down = set()
    for name, *values in target.calls:
        thing = (name.rpartition("_")[2], *values)
        if name.startswith("press"):
            assert thing not in down
            down.add(thing)
        elif name.startswith("release"):
            down.remove(thing)
    assert down == set()

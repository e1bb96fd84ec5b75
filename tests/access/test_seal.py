import pytest
from access_fixtures import PEPPER
from hypothesis import given
from hypothesis import strategies as st

from fanlight.access.seal import Seal
from fanlight.errors import StateError

SEAL = Seal(PEPPER)


@given(st.binary(max_size=80), st.binary(max_size=20))
def test_what_was_sealed_opens_with_its_label_and_pepper_alone(secret, label):
    sealed = SEAL.close(label, secret)
    assert SEAL.open(label, sealed) == secret
    assert SEAL.open(label + b"x", sealed) is None
    assert Seal(bytes(32)).open(label, sealed) is None
    assert SEAL.close(label, secret) != sealed


@given(st.integers(0, 1000), st.integers(1, 255))
def test_what_was_changed_does_not_open(place, bits):
    sealed = bytearray(SEAL.close(b"label", b"secret"))
    sealed[place % len(sealed)] ^= bits
    assert SEAL.open(b"label", bytes(sealed)) is None


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27, 28])
def test_what_is_too_short_does_not_open(length):
    assert SEAL.open(b"label", bytes(length)) is None


def test_a_mark_tells_a_secret_again_with_its_label_and_pepper_alone():
    mark = SEAL.mark(b"label", b"secret")
    assert len(mark) == 32
    assert Seal(PEPPER).mark(b"label", b"secret") == mark
    assert (
        len(
            {
                mark,
                SEAL.mark(b"label2", b"secret"),
                SEAL.mark(b"label", b"s"),
                Seal(bytes(32)).mark(b"label", b"secret"),
            }
        )
        == 4
    )


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_pepper_of_another_length_is_refused(length):
    with pytest.raises(StateError, match=f"the pepper has {length} bytes instead of 32: restore it"):
        Seal(bytes(length))

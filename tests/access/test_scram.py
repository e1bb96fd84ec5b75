import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramClient, ScramMechanism

from fanlight.access import scram
from fanlight.errors import UsageError

SALT = bytes(range(32))
KEYS = st.binary(min_size=32, max_size=32)

# RFC 7677, section 3.
RFC_SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
RFC_MESSAGE = (
    b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
)
RFC_PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
RFC_SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_the_vectors_of_rfc_7677():
    salted = scram.salt_password("pencil", RFC_SALT, 4096)
    verifier = scram.make_verifier(salted)
    assert scram.client_proof(salted, RFC_MESSAGE) == RFC_PROOF
    assert scram.proof_matches(verifier, RFC_PROOF, RFC_MESSAGE)
    assert scram.server_signature(verifier.server_key, RFC_MESSAGE) == RFC_SIGNATURE
    assert scram.host_proof_matches(salted, RFC_SIGNATURE, RFC_MESSAGE)


@pytest.mark.parametrize("password", ["pencil", "Zürich 東京 42", "ﬁne ①", "  spaces  "])
def test_verifiers_are_those_of_scramp(password):
    _, stored_key, server_key, _ = ScramMechanism("SCRAM-SHA-256").make_auth_info(password, 4096, SALT)
    ours = scram.make_verifier(scram.salt_password(password, SALT, 4096))
    assert (ours.stored_key, ours.server_key) == (stored_key, server_key)


def test_an_exchange_of_scramp_is_checked_as_scramp_does():
    mechanism = ScramMechanism("SCRAM-SHA-256")
    info = mechanism.make_auth_info("correct horse", 4096, SALT)
    client, server = ScramClient(["SCRAM-SHA-256"], "user", "correct horse"), mechanism.make_server(lambda _: info)
    first = client.get_client_first()
    server.set_client_first(first)
    challenge = server.get_server_first()
    client.set_server_first(challenge)
    final = client.get_client_final()
    server.set_client_final(final)
    without_proof, _, proof = final.rpartition(",p=")
    message = ",".join([first.removeprefix("n,,"), challenge, without_proof]).encode()
    verifier = scram.Verifier(info[1], info[2])
    assert scram.proof_matches(verifier, base64.b64decode(proof), message)
    signature = base64.b64decode(server.get_server_final().removeprefix("v="))
    assert scram.server_signature(verifier.server_key, message) == signature


@given(KEYS, KEYS, st.binary(max_size=64))
def test_a_proof_matches_its_own_password_alone(salted, other, message):
    verifier = scram.make_verifier(salted)
    assert scram.proof_matches(verifier, scram.client_proof(salted, message), message)
    assert scram.proof_matches(verifier, scram.client_proof(other, message), message) == (salted == other)


@given(KEYS, st.binary(max_size=64), st.binary(max_size=64))
def test_a_proof_holds_for_one_message_alone(salted, message, other):
    proof = scram.client_proof(salted, message)
    verifier = scram.make_verifier(salted)
    assert scram.proof_matches(verifier, proof, other) == (message == other)
    signature = scram.server_signature(verifier.server_key, message)
    assert scram.host_proof_matches(salted, signature, other) == (message == other)


@given(KEYS, st.integers(0, 255), st.integers(1, 255))
def test_a_proof_with_one_byte_changed_does_not_match(salted, place, bits):
    proof = bytearray(scram.client_proof(salted, b"message"))
    proof[place % 32] ^= bits
    assert not scram.proof_matches(scram.make_verifier(salted), bytes(proof), b"message")


@pytest.mark.parametrize("proof", [b"", bytes(31), bytes(33), bytes(64)])
def test_a_proof_of_another_length_does_not_match(proof):
    assert not scram.proof_matches(scram.make_verifier(SALT), proof, b"message")


def test_zeros_in_place_of_a_short_proof_do_not_count():
    # The proof that would be all zeros, given with a wrong length.
    client_key = scram._hmac(SALT, b"Client Key")
    stored_key = hashlib.sha256(client_key).digest()
    proof = scram.client_proof(SALT, b"m")
    assert not scram.proof_matches(scram.Verifier(stored_key, SALT), proof[:-1], b"m")
    assert not scram.proof_matches(scram.Verifier(stored_key, SALT), proof + b"\0", b"m")


def test_the_host_keeps_nothing_that_makes_a_proof():
    verifier = scram.make_verifier(SALT)
    for kept in (verifier.stored_key, verifier.server_key):
        assert not scram.proof_matches(verifier, scram.client_proof(kept, b"m"), b"m")


def test_passwords_are_the_same_in_every_unicode_form():
    composed, decomposed = "Z\u00fcrich", "Zu\u0308rich"
    assert scram.normalise(composed) == scram.normalise(decomposed) == composed.encode()
    assert scram.normalise("a") != scram.normalise("A")


def test_a_lone_surrogate_is_no_password():
    with pytest.raises(UsageError, match=r"^the password holds characters that are not Unicode text$"):
        scram.normalise("\ud800password")

"""Which revocation lists of a namespace are believed, and when."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from namespace_fixtures import ACME, ANNA, AT, DAY, OTHER, der_list, read_list

from fanlight.access.namespaces import LIST_LIFETIME, MAX_REVOCATION_LIST, namespace_subject, read_revocation_list
from fanlight.errors import IdentityError

ISSUED = ACME.issue("anna@acme", ANNA.public_key, AT, 7)
LIST = der_list(ACME, [(ISSUED.serial, AT)])


def test_a_revocation_list_tells_what_is_revoked_for_a_day():
    found = read_list(ACME, [(ISSUED.serial, AT)], number=3)
    assert (found.number, found.revoked) == (3, {ISSUED.serial})
    assert timedelta(hours=23) < found.until - AT <= LIST_LIFETIME == timedelta(hours=24)
    assert read_list(ACME).revoked == frozenset()


def test_a_revocation_list_is_good_within_its_dates_only():
    old = der_list(ACME)
    start = AT - timedelta(minutes=5)
    for at in (start, start + LIST_LIFETIME):
        assert read_revocation_list(old, ACME.certificate_der, at).number == 1
    second = timedelta(seconds=1)
    for at in (start - second, start + LIST_LIFETIME + second):
        with pytest.raises(IdentityError, match="valid from"):
            read_revocation_list(old, ACME.certificate_der, at)


def test_a_revocation_list_of_another_authority_is_refused():
    with pytest.raises(IdentityError, match=r"^the revocation list is from another namespace$"):
        read_revocation_list(der_list(OTHER), ACME.certificate_der, AT)
    twin = type(ACME).create("acme", AT)
    with pytest.raises(IdentityError, match=r"^the revocation list's signature is wrong$"):
        read_revocation_list(der_list(twin), ACME.certificate_der, AT)


def test_a_revocation_list_has_a_bounded_size():
    with pytest.raises(IdentityError, match=r"^the revocation list is larger than 1048576 bytes$"):
        read_revocation_list(bytes(MAX_REVOCATION_LIST + 1), ACME.certificate_der, AT)
    with pytest.raises(IdentityError, match=r"^the revocation list does not decode$"):
        read_revocation_list(bytes(MAX_REVOCATION_LIST), ACME.certificate_der, AT)


@pytest.mark.parametrize(
    ("end", "extensions", "hash_", "why"),
    [
        (AT - timedelta(minutes=5) + LIST_LIFETIME + timedelta(seconds=1), "own", hashes.SHA256(), "valid for longer"),
        (AT + DAY / 2, "none", hashes.SHA256(), "^the revocation list is not of the form that fanlight exports$"),
        (AT + DAY / 2, "own", hashes.SHA512(), "^the revocation list is not signed as fanlight signs$"),
    ],
)
def test_a_revocation_list_of_another_form_is_refused(end, extensions, hash_, why):
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(namespace_subject("acme"))
        .last_update(AT - timedelta(minutes=5))
        .next_update(end)
    )
    if extensions == "own":
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ACME.key.public_key())
        builder = builder.add_extension(x509.CRLNumber(1), critical=False).add_extension(issuer, critical=False)
    raw = builder.sign(ACME.key, hash_).public_bytes(Encoding.DER)
    with pytest.raises(IdentityError, match=why):
        read_revocation_list(raw, ACME.certificate_der, AT)


@settings(max_examples=300)
@given(st.data())
def test_a_mutated_revocation_list_is_refused_or_says_the_same(data):
    raw = bytearray(LIST)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = read_revocation_list(bytes(raw), ACME.certificate_der, AT)
    except IdentityError:
        return
    # What the signature does not cover, such as how many bits of it are unused, changes nothing.
    assert found == read_revocation_list(LIST, ACME.certificate_der, AT)

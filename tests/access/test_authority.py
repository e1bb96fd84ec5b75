import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from namespace_fixtures import ACME, ANNA, AT, DAY, OTHER, P384, trusted

from fanlight.access.authority import Authority
from fanlight.access.identity import Identity
from fanlight.access.namespaces import verify_alias
from fanlight.errors import StateError, UsageError


def test_an_authority_is_the_same_after_a_restart():
    again = Authority.from_pem(ACME.to_pem(), AT)
    assert (again.name, again.fingerprint) == ("acme", ACME.fingerprint)
    made = again.issue("anna@acme", ANNA.public_key, AT, 1)
    assert verify_alias(made.certificate, ANNA.public_key, AT, trusted()) == "anna@acme"


def test_a_key_in_pem_is_taken_as_one_in_der():
    assert ACME.issue("anna@acme", ANNA.public_key_pem, AT, 1).fingerprint == ANNA.fingerprint


@pytest.mark.parametrize("days", [1, 7])
def test_a_certificate_lasts_as_many_days_as_are_asked_for(days):
    expires = ACME.issue("anna@acme", ANNA.public_key, AT, days).expires
    assert AT + (days - 1) * DAY < expires <= AT + days * DAY


@pytest.mark.parametrize("days", [0, 8, -1, 10_000])
def test_no_certificate_lasts_longer_than_a_week(days):
    with pytest.raises(UsageError, match=f"^a certificate is valid for 1 to 7 days, not {days}$"):
        ACME.issue("anna@acme", ANNA.public_key, AT, days)


def test_a_certificate_names_the_alias_in_one_place_alone():
    made = x509.load_der_x509_certificate(ACME.issue("anna@acme", ANNA.public_key, AT, 1).certificate)
    assert made.subject.rfc4514_string() == "CN=fanlight alias"


def test_an_alias_of_another_namespace_is_not_issued():
    with pytest.raises(UsageError, match=r"^anna@other is not in the namespace 'acme'$"):
        ACME.issue("anna@other", ANNA.public_key, AT, 1)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----",
        ANNA.to_pem(),
        P384.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=range(4),
)
def test_what_is_no_public_key_of_ours_is_refused(key):
    with pytest.raises(
        UsageError, match=r"^(this is not a public key|the public key is not a P-256 key): make one with `fanlight iden"
    ):
        ACME.issue("anna@acme", key, AT, 1)


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (b"", "the namespace's key is damaged: restore it from a backup"),
        (ACME.certificate_pem, "the namespace's key is damaged: restore it from a backup"),
        (Identity.create(AT).to_pem(), "the namespace cannot be used: this is not the certificate of a namespace"),
        (
            OTHER.to_pem().replace(OTHER.certificate_pem, ACME.certificate_pem),
            "the namespace's key and certificate do not belong together: restore both",
        ),
    ],
    ids=range(4),
)
def test_a_damaged_key_of_a_namespace_is_told(pem, said):
    with pytest.raises(StateError, match=f"^{said}$"):
        Authority.from_pem(pem, AT)

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from namespace_fixtures import (
    ACME,
    ANNA,
    AT,
    BERT,
    BIG,
    DAY,
    OTHER,
    P384,
    forge,
    forge_authority,
    trusted,
)

from fanlight.access.identity import key_fingerprint
from fanlight.access.namespaces import (
    MAX_CERTIFICATE,
    certificate_alias,
    key_usage,
    namespace_subject,
    parse_alias,
    parse_namespace,
    read_authority,
    read_revocation_list,
    verify_alias,
)
from fanlight.errors import IdentityError, UsageError

ISSUED = ACME.issue("anna@acme", ANNA.public_key, AT, 7)


def verify(certificate=ISSUED.certificate, key=ANNA.public_key, at=AT, known=None):
    return verify_alias(certificate, key, at, trusted() if known is None else known)


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "alias"),
    [("anna@acme", "anna@acme"), ("Anna.B@ACME", "anna.b@acme"), ("a_b-c@x.y", "a_b-c@x.y"), ("7@9", "7@9")],
)
def test_an_alias_is_folded_to_one_spelling(text, alias):
    assert parse_alias(text) == alias


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "@acme",
        "anna@",
        "anna@acme@evil",
        "anna@acme.",
        ".anna@acme",
        "an na@acme",
        "-anna@acme",
        "anna@a..b",
        "änna@acme",
        "anna@acme\n",
        "\N{KELVIN SIGN}@acme",
        "*@acme",
    ],
)
def test_what_is_no_alias_is_refused(text):
    with pytest.raises(UsageError, match=r" is not a(n alias: write alias@namespace$| name: it has letters)"):
        parse_alias(text)


def test_of_what_is_no_name_the_refusal_repeats_the_first_hundred_characters():
    long = "é" * 200
    with pytest.raises(UsageError) as refused:
        parse_alias(long)
    assert str(refused.value) == f"{'é' * 100!r} is not an alias: write alias@namespace"
    with pytest.raises(UsageError) as refused:
        parse_namespace(long)
    assert str(refused.value) == (
        f"{'é' * 100!r} is not a name: it has letters a to z and digits, with single . _ - between them, 40 at most"
    )


def test_the_longest_names_can_be_used():
    alias = f"{'a' * 64}@{'b' * 40}"
    assert parse_alias(alias) == alias
    authority = type(ACME).create("b" * 40, AT)
    assert len(authority.issue(alias, ANNA.public_key, AT, 1).certificate) < MAX_CERTIFICATE
    assert read_authority(authority.certificate_der, AT) == "b" * 40
    for text in (f"{'a' * 65}@b", f"a@{'b' * 41}"):
        with pytest.raises(UsageError):
            parse_alias(text)


def test_a_namespace_has_no_at_sign():
    assert parse_namespace("Acme") == "acme"
    with pytest.raises(UsageError, match="not a name"):
        parse_namespace("anna@acme")


# -- aliases ----------------------------------------------------------------------------------------------------------


def test_an_issued_certificate_proves_its_alias_for_its_key():
    assert verify() == "anna@acme"
    assert certificate_alias(ISSUED.certificate) == "anna@acme"
    assert ISSUED.fingerprint == key_fingerprint(ANNA.public_key)
    assert len(ISSUED.certificate) < MAX_CERTIFICATE / 2


def test_keys_may_be_used_for_nothing_else():
    def uses(certificate):
        usage = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_class(x509.KeyUsage).value
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
        return [name for name in (*names, "key_agreement", "key_cert_sign", "crl_sign") if getattr(usage, name)]

    assert uses(ISSUED.certificate) == ["digital_signature"]
    assert uses(ACME.certificate_der) == ["key_cert_sign", "crl_sign"]


def test_the_form_that_the_forgeries_start_from_is_right():
    assert verify(forge()) == "anna@acme"


def test_a_certificate_is_of_no_use_to_another_key():
    with pytest.raises(IdentityError, match="anna@acme: the certificate belongs to another key"):
        verify(key=BERT.public_key)


def test_a_namespace_that_is_not_trusted_is_refused():
    with pytest.raises(IdentityError, match="not trusted here"):
        verify(known={})
    with pytest.raises(IdentityError, match="not trusted here"):
        verify(known=trusted(OTHER))


def test_an_authority_that_is_trusted_for_one_name_certifies_no_other():
    stolen = forge(signer=OTHER, issuer=namespace_subject("other"))
    with pytest.raises(IdentityError, match="not from the authority that is trusted here"):
        verify(stolen, known=trusted(ACME) | trusted(OTHER))
    with pytest.raises(IdentityError, match="not trusted here"):
        verify(stolen, known=trusted(OTHER))


def test_another_authority_of_the_same_name_is_not_believed():
    twin = type(ACME).create("acme", AT)
    with pytest.raises(IdentityError, match="not from the authority"):
        verify(twin.issue("anna@acme", ANNA.public_key, AT, 1).certificate)


def test_a_certificate_is_valid_within_its_dates_only():
    until = ISSUED.expires
    assert verify(at=until) == "anna@acme"
    with pytest.raises(IdentityError, match="valid from"):
        verify(at=until + timedelta(seconds=1))
    with pytest.raises(IdentityError, match="valid from"):
        verify(forge(start=AT), at=AT - timedelta(seconds=1))


def test_a_certificate_that_is_valid_for_more_than_a_week_is_refused():
    start = AT - timedelta(minutes=5)
    assert verify(forge(start=start, end=start + 7 * DAY)) == "anna@acme"
    with pytest.raises(IdentityError, match="form"):
        verify(forge(start=start, end=start + 7 * DAY + timedelta(seconds=1)))


def test_an_alias_goes_with_its_namespace_s_own_certificate():
    later = AT + timedelta(days=3651)
    with pytest.raises(IdentityError, match="the namespace's own certificate is not valid now"):
        verify(forge(start=later - DAY, end=later + DAY), at=later)


@pytest.mark.parametrize(
    "wrong",
    [
        {"constraints": x509.BasicConstraints(ca=True, path_length=None)},
        {"usage": key_usage(digital_signature=True, key_cert_sign=True)},
        {"usage": key_usage(crl_sign=True)},
        {"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]},
        {"purposes": [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]},
        {"purposes": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]},
        {"extra": x509.OCSPNoCheck()},
        {"san_critical": False},
        {"identifiers": False},
        {"hash": hashes.SHA512()},
    ],
    ids=str,
)
def test_what_is_signed_by_the_authority_but_not_of_our_form_is_refused(wrong):
    with pytest.raises(IdentityError, match="not of the form that fanlight issues"):
        verify(forge(**wrong))


@pytest.mark.parametrize("missing", ["constraints", "usage", "purposes"])
def test_a_certificate_without_one_of_its_extensions_is_refused(missing):
    with pytest.raises(IdentityError):
        verify(forge(**{missing: None}))


@pytest.mark.parametrize(
    ("san", "why"),
    [
        ([], "^the certificate bears no alias$"),
        (
            [x509.RFC822Name("anna@acme"), x509.RFC822Name("root@acme")],
            "^the certificate does not bear exactly one alias",
        ),
        ([x509.DNSName("acme")], "^the certificate does not bear exactly one alias"),
        ([x509.RFC822Name("Anna@acme")], "^the certificate's alias is not written in lower case$"),
        ([x509.RFC822Name("anna@ACME")], "^the certificate's alias is not written in lower case$"),
        ([x509.RFC822Name("anna@acme.evil")], "not trusted here"),
        ([x509.RFC822Name("an+na@acme")], "^the certificate's alias is refused: "),
        ([x509.RFC822Name("anna")], "^the certificate's alias is refused: "),
    ],
    ids=str,
)
def test_a_certificate_bears_exactly_one_alias_in_one_spelling(san, why):
    with pytest.raises(IdentityError, match=why):
        verify(forge(san=san))


def test_only_p256_keys_have_aliases():
    with pytest.raises(IdentityError):
        verify(forge(key=P384))


def test_a_revoked_certificate_is_refused_and_its_successor_is_not():
    known = trusted(revoked=[ISSUED.serial])
    with pytest.raises(IdentityError, match="anna@acme: the certificate is revoked"):
        verify(known=known)
    again = ACME.issue("anna@acme", BERT.public_key, AT, 1)
    assert verify(again.certificate, BERT.public_key, known=known) == "anna@acme"


def test_without_a_fresh_revocation_list_nobody_of_the_namespace_is_believed():
    assert verify(known=trusted(until=AT)) == "anna@acme"
    with pytest.raises(IdentityError, match=r"the revocation list of 'acme' ended .* bring a new one"):
        verify(known=trusted(until=AT - timedelta(seconds=1)))


def test_a_certificate_has_a_bounded_size():
    with pytest.raises(IdentityError, match="at most 2048"):
        verify(bytes(MAX_CERTIFICATE + 1))
    for read in (verify, certificate_alias):
        with pytest.raises(IdentityError, match=r"^the certificate does not decode$"):
            read(bytes(MAX_CERTIFICATE))


def test_an_identity_s_own_certificate_and_the_authority_s_prove_nothing():
    for certificate in (ANNA.certificate_der, ACME.certificate_der):
        with pytest.raises(IdentityError):
            verify(certificate)
        with pytest.raises(IdentityError):
            certificate_alias(certificate)


@settings(max_examples=1500)
@given(st.data())
def test_a_mutated_certificate_proves_nothing_and_raises_nothing_else(data):
    raw = bytearray(ISSUED.certificate)
    for _ in range(data.draw(st.integers(1, 3))):
        match data.draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
            case "cut":
                start = data.draw(st.integers(0, len(raw) - 1))
                del raw[start : start + data.draw(st.integers(1, 8))]
            case "insert":
                start = data.draw(st.integers(0, len(raw)))
                raw[start:start] = data.draw(st.binary(min_size=1, max_size=8))
    if not raw or bytes(raw) == ISSUED.certificate:
        return
    with pytest.raises(IdentityError):
        verify(bytes(raw))


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_by_every_reader(raw):
    for read in (verify, certificate_alias, lambda der: read_authority(der, AT)):
        with pytest.raises(IdentityError):
            read(raw)
    with pytest.raises(IdentityError):
        read_revocation_list(raw, ACME.certificate_der, AT)


# -- authorities ------------------------------------------------------------------------------------------------------


def test_an_authority_s_certificate_names_its_namespace():
    assert read_authority(ACME.certificate_der, AT) == "acme"


@pytest.mark.parametrize("certificate", [ANNA.certificate_der, ISSUED.certificate, forge(), b""], ids=range(4))
def test_no_other_certificate_is_an_authority_s(certificate):
    with pytest.raises(IdentityError, match="not the certificate of a namespace"):
        read_authority(certificate, AT)


@pytest.mark.parametrize(
    ("wrong", "signer"),
    [
        ({}, BIG),
        ({"key": ANNA.key.public_key()}, ACME),
        ({"name": "ac me"}, ACME),
        ({"name": "a" * 41}, ACME),
        ({"path_length": None}, ACME),
        ({"usage": key_usage(key_cert_sign=True)}, ACME),
        ({"usage": key_usage(key_cert_sign=True, crl_sign=True, digital_signature=True)}, ACME),
        ({"subject": "other"}, ACME),
        ({"excluded": [x509.RFC822Name("x@acme")]}, ACME),
        ({"permitted": [x509.RFC822Name("acme"), x509.RFC822Name("other")]}, ACME),
        ({"permitted": [x509.DNSName("acme")]}, ACME),
        ({"hash": hashes.SHA512()}, ACME),
        ({"extra": True}, ACME),
    ],
    ids=str,
)
def test_an_authority_s_certificate_is_of_exactly_one_form(wrong, signer):
    assert read_authority(forge_authority(ACME), AT) == "acme"
    with pytest.raises(IdentityError, match="not the certificate of a namespace"):
        read_authority(forge_authority(signer, **wrong), AT)


def test_an_authority_that_is_over_is_not_trusted_anew():
    with pytest.raises(IdentityError, match="not valid on"):
        read_authority(ACME.certificate_der, AT + timedelta(days=4000))

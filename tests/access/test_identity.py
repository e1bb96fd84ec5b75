import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from fanlight.access.identity import (
    LEAF_LIFETIME,
    Identity,
    certificate_fingerprint,
    key_fingerprint,
    leaf_signed_by,
    parse_fingerprint,
    proof_is_valid,
)
from fanlight.errors import RemoteProtocolError, StateError, UsageError

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
HOST = Identity.create(NOW)
OTHER = Identity.create(NOW)
LEAF = HOST.leaf(NOW)
BINDING, TRANSCRIPT = bytes(32), bytes(range(32))


def spki(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def tls(server, client):
    """Run a TLS handshake in memory; return the certificate that the client has seen."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    host = server.wrap_bio(to_server, to_client, server_side=True)
    viewer = client.wrap_bio(to_client, to_server, server_hostname="fanlight")
    for _ in range(4):
        for end in (viewer, host):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return viewer.getpeercert(binary_form=True)


def contexts(tmp_path, leaf, trusted, strict=True):
    path = tmp_path / "leaf.pem"
    path.write_bytes(leaf.to_pem())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if strict:
        client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.load_verify_locations(cadata=trusted)
    return server, client


def test_a_leaf_stands_openssl_s_strict_checks_with_the_identity_as_only_anchor(tmp_path):
    assert tls(*contexts(tmp_path, LEAF, HOST.certificate_der)) == LEAF.certificate_der


def test_openssl_refuses_a_leaf_of_another_identity(tmp_path):
    with pytest.raises(ssl.SSLCertVerificationError):
        tls(*contexts(tmp_path, LEAF, OTHER.certificate_der))


def test_openssl_refuses_a_leaf_that_is_over(tmp_path):
    old = HOST.leaf(NOW - LEAF_LIFETIME)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        tls(*contexts(tmp_path, old, HOST.certificate_der))


def test_openssl_refuses_a_certificate_below_a_leaf(tmp_path):
    leaf_key = serialization.load_pem_private_key(LEAF.key_pem, None)
    below = Identity(leaf_key, x509.load_der_x509_certificate(LEAF.certificate_der)).leaf(NOW)
    server, client = contexts(tmp_path, below, HOST.certificate_der)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(below.to_pem() + LEAF.certificate_pem)
    server.load_cert_chain(chain)
    with pytest.raises(ssl.SSLCertVerificationError):
        tls(server, client)


def test_leaves_say_nothing_about_the_machine():
    names = {name.value for c in (HOST.certificate, x509.load_der_x509_certificate(LEAF.certificate_der))
             for name in (*c.subject, *c.issuer)}  # fmt: skip
    assert names == {"fanlight", "fanlight identity"}


def test_every_leaf_has_a_key_and_a_certificate_of_its_own():
    other = HOST.leaf(NOW)
    assert other.key_pem != LEAF.key_pem
    assert other.certificate_der != LEAF.certificate_der


def test_an_identity_survives_its_file():
    loaded = Identity.from_pem(HOST.to_pem())
    assert loaded.fingerprint == HOST.fingerprint
    assert loaded.certificate_der == HOST.certificate_der
    assert leaf_signed_by(loaded.leaf(NOW).certificate_der, HOST.certificate_der, NOW)


def test_the_fingerprint_is_of_the_public_key():
    assert HOST.fingerprint == key_fingerprint(HOST.public_key) == certificate_fingerprint(HOST.certificate_der)
    assert len(HOST.fingerprint) == 64
    assert HOST.fingerprint != OTHER.fingerprint


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"nonsense",
        HOST.to_pem()[:100],
        HOST.to_pem().split(b"-----BEGIN CERTIFICATE")[0],
        HOST.certificate.public_bytes(serialization.Encoding.PEM),
        HOST.to_pem().replace(b"A", b"B"),
    ],
)
def test_a_damaged_identity_is_said_to_be_damaged(pem):
    with pytest.raises(StateError, match=r"^the identity is damaged: restore it, or remove it to get a new one$"):
        Identity.from_pem(pem)


def test_key_and_certificate_must_belong_together():
    mixed = HOST.to_pem().split(b"-----BEGIN CERT")[0] + OTHER.certificate.public_bytes(serialization.Encoding.PEM)
    with pytest.raises(StateError, match=r"^the identity's key and certificate do not belong together: restore both$"):
        Identity.from_pem(mixed)


def test_only_p256_is_an_identity():
    for key in (ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with pytest.raises(StateError, match=r"^the identity's key is not a P-256 key: restore it, or remove it to"):
            Identity.from_pem(pem + HOST.certificate.public_bytes(serialization.Encoding.PEM))


# -- what a leaf must be ---------------------------------------------------------------------------------------------


def made(key, signer, *, issuer="fanlight identity", ca=False, path=None, purposes=None, start=-DAY, end=DAY,
         algorithm=None):  # fmt: skip
    usage = x509.KeyUsage(True, False, False, False, False, ca, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fanlight identity" if ca else "fanlight")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW + start)
        .not_valid_after(NOW + end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path), critical=True)
        .add_extension(usage, critical=True)
    )
    if purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return der(builder.sign(signer, algorithm or hashes.SHA256()))


SERVER = [ExtendedKeyUsageOID.SERVER_AUTH]
KEY = ec.generate_private_key(ec.SECP256R1())


def test_a_leaf_is_known_by_its_identity_alone():
    assert leaf_signed_by(LEAF.certificate_der, HOST.certificate_der, NOW)
    assert not leaf_signed_by(LEAF.certificate_der, OTHER.certificate_der, NOW)
    assert leaf_signed_by(made(KEY, HOST.key, purposes=SERVER), HOST.certificate_der, NOW)
    assert not leaf_signed_by(made(KEY, OTHER.key, purposes=SERVER), HOST.certificate_der, NOW)


def test_a_leaf_holds_for_seven_days_and_for_clocks_a_day_behind():
    start = NOW - DAY
    for at, good in [
        (start - timedelta(seconds=2), False),
        (start + timedelta(seconds=1), True),
        (start + LEAF_LIFETIME - timedelta(seconds=2), True),
        (start + LEAF_LIFETIME + timedelta(seconds=1), False),
    ]:
        assert leaf_signed_by(LEAF.certificate_der, HOST.certificate_der, at) is good
    assert LEAF_LIFETIME == 7 * DAY


def usage(*purposes):
    ciphers = "content_commitment", "key_encipherment", "data_encipherment", "encipher_only", "decipher_only"
    unused = dict.fromkeys((*ciphers, "key_agreement", "key_cert_sign", "crl_sign"), False)
    return x509.KeyUsage(**unused | {"digital_signature": True} | dict.fromkeys(purposes, True))


def form(certificate):
    """Return the extensions that limit what a certificate is good for, and which of them must be understood."""
    about_keys = x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier
    return [(each.value, each.critical) for each in certificate.extensions if not isinstance(each.value, about_keys)]


def test_an_identity_signs_leaves_and_nothing_below_them():
    made = Identity.create(NOW).certificate
    assert form(made) == [(x509.BasicConstraints(ca=True, path_length=0), True), (usage("key_cert_sign"), True)]
    assert made.not_valid_before_utc == NOW.replace(microsecond=0) - DAY


def test_a_leaf_is_a_tls_server_and_nothing_else():
    assert form(x509.load_der_x509_certificate(HOST.leaf(NOW).certificate_der)) == [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage(), True),
        (x509.ExtendedKeyUsage(SERVER), False),
        (x509.SubjectAlternativeName([x509.DNSName("fanlight")]), False),
    ]


def test_an_identity_has_no_end():
    later = datetime(2200, 1, 1, tzinfo=UTC)
    assert leaf_signed_by(HOST.leaf(later).certificate_der, HOST.certificate_der, later)


@pytest.mark.parametrize(
    "leaf",
    [
        made(KEY, HOST.key, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]),
        made(KEY, HOST.key, purposes=[ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
        made(KEY, HOST.key),
        made(KEY, HOST.key, ca=True, path=0, purposes=SERVER),
        made(KEY, HOST.key, purposes=SERVER, issuer="another"),
        made(KEY, HOST.key, purposes=SERVER, algorithm=hashes.SHA512()),
        made(KEY, HOST.key, purposes=SERVER, start=-2 * DAY, end=-DAY),
        HOST.certificate_der,
        LEAF.certificate_der[:-1],
        LEAF.certificate_der + b"\0",
        b"",
    ],
)
def test_what_an_identity_signed_for_another_use_is_no_leaf(leaf):
    assert not leaf_signed_by(leaf, HOST.certificate_der, NOW)


def test_what_is_no_identity_vouches_for_no_leaf():
    leaf_key = serialization.load_pem_private_key(LEAF.key_pem, None)
    below = made(KEY, leaf_key, issuer="fanlight", purposes=SERVER)
    assert not leaf_signed_by(below, LEAF.certificate_der, NOW)
    for identity, signer in [
        (made(HOST.key, HOST.key, ca=False), HOST.key),
        (made(HOST.key, HOST.key, ca=True, path=1), HOST.key),
        (made(HOST.key, OTHER.key, ca=True, path=0), HOST.key),
        (made(HOST.key, HOST.key, ca=True, path=0, start=-2 * DAY, end=-DAY), HOST.key),
    ]:
        assert not leaf_signed_by(made(KEY, signer, purposes=SERVER), identity, NOW)
    p384 = ec.generate_private_key(ec.SECP384R1())
    assert not leaf_signed_by(made(KEY, p384, purposes=SERVER), made(p384, p384, ca=True, path=0), NOW)
    big = rsa.generate_private_key(65537, 2048)
    assert not leaf_signed_by(made(KEY, big, purposes=SERVER), made(big, big, ca=True, path=0), NOW)
    good = made(HOST.key, HOST.key, ca=True, path=0)
    assert leaf_signed_by(made(KEY, HOST.key, purposes=SERVER), good, NOW)


@settings(max_examples=200)
@given(st.integers(0, 10_000), st.integers(1, 255), st.booleans())
def test_a_certificate_with_one_byte_changed_is_never_taken(place, bits, in_leaf):
    changed = bytearray(LEAF.certificate_der if in_leaf else HOST.certificate_der)
    changed[place % len(changed)] ^= bits
    pair = (bytes(changed), HOST.certificate_der) if in_leaf else (LEAF.certificate_der, bytes(changed))
    assert not leaf_signed_by(*pair, NOW)


@given(st.binary(max_size=300))
def test_any_bytes_for_a_certificate_are_refused(data):
    assert not leaf_signed_by(data, HOST.certificate_der, NOW)
    assert not leaf_signed_by(LEAF.certificate_der, data, NOW)
    with pytest.raises(RemoteProtocolError, match=r"^the peer's certificate does not decode$"):
        certificate_fingerprint(data)


def test_a_certificate_whose_key_is_no_p256_key_has_no_fingerprint():
    p384 = ec.generate_private_key(ec.SECP384R1())
    edwards = ed25519.Ed25519PrivateKey.generate()
    for certificate in (made(p384, p384), made(edwards, HOST.key)):
        with pytest.raises(RemoteProtocolError, match=r"^the certificate's key is not a P-256 key$"):
            certificate_fingerprint(certificate)
    point = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    off_the_curve = HOST.certificate_der.replace(HOST.key.public_key().public_bytes(*point), b"\4" + bytes(64))
    with pytest.raises(RemoteProtocolError, match=r"^the certificate's key does not decode$"):
        certificate_fingerprint(off_the_curve)


# -- the client's proof ----------------------------------------------------------------------------------------------


def test_a_proof_holds_for_its_key_channel_and_handshake_alone():
    proof = HOST.sign_proof(BINDING, TRANSCRIPT)
    assert proof_is_valid(HOST.public_key, proof, BINDING, TRANSCRIPT)
    assert not proof_is_valid(OTHER.public_key, proof, BINDING, TRANSCRIPT)
    assert not proof_is_valid(HOST.public_key, proof, TRANSCRIPT, TRANSCRIPT)
    assert not proof_is_valid(HOST.public_key, proof, BINDING, BINDING)
    assert not proof_is_valid(HOST.public_key, proof, TRANSCRIPT, BINDING)
    assert not proof_is_valid(HOST.public_key, proof[:-1], BINDING, TRANSCRIPT)
    assert not proof_is_valid(HOST.public_key, b"", BINDING, TRANSCRIPT)


def test_a_signature_of_the_same_key_for_another_use_is_no_proof():
    plain = HOST.key.sign(BINDING + TRANSCRIPT, ec.ECDSA(hashes.SHA256()))
    assert not proof_is_valid(HOST.public_key, plain, BINDING, TRANSCRIPT)
    assert not proof_is_valid(HOST.public_key, HOST.certificate.signature, BINDING, TRANSCRIPT)


def test_a_proof_by_a_key_that_is_not_p256_or_written_otherwise_is_none():
    message = b"fanlight PROVE v1\0" + BINDING + TRANSCRIPT
    p384 = ec.generate_private_key(ec.SECP384R1())
    signed = p384.sign(message, ec.ECDSA(hashes.SHA256()))
    assert not proof_is_valid(spki(p384.public_key()), signed, BINDING, TRANSCRIPT)
    edwards = ed25519.Ed25519PrivateKey.generate()
    assert not proof_is_valid(spki(edwards.public_key()), edwards.sign(message), BINDING, TRANSCRIPT)
    # The same key with its point compressed would have another fingerprint.
    point = HOST.key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    assert not proof_is_valid(head + point, HOST.sign_proof(BINDING, TRANSCRIPT), BINDING, TRANSCRIPT)


@given(st.binary(max_size=120), st.binary(max_size=80))
def test_any_bytes_for_key_and_signature_are_no_proof(key, signature):
    assert not proof_is_valid(key, signature, BINDING, TRANSCRIPT)
    assert not proof_is_valid(HOST.public_key, signature, BINDING, TRANSCRIPT)


# -- fingerprints as people write them -------------------------------------------------------------------------------


HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        HEX,
        HEX.upper(),
        "sha256:" + HEX,
        "SHA256:" + HEX.upper(),
        " " + ":".join(HEX[i : i + 2] for i in range(0, 64, 2)) + "\n",
        "-".join(HEX[i : i + 8] for i in range(0, 64, 8)),
        " ".join(HEX[i : i + 4] for i in range(0, 64, 4)),
    ],
)
def test_a_fingerprint_is_read_as_people_write_it(text):
    assert parse_fingerprint(text) == HEX


@pytest.mark.parametrize(
    "text", ["", "sha256:", HEX[:-1], HEX + "0", HEX[:-1] + "g", "md5:" + HEX, HEX[:-1] + "٣", "x" * 10_000]
)
def test_what_is_no_fingerprint_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_fingerprint(text)
    assert str(caught.value) == f"{text[:100]!r} is not a fingerprint: it has 64 hexadecimal digits"

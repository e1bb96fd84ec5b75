"""Who a host or a client is: one long-lived P-256 key with a self-signed certificate, known by its fingerprint.

A host's identity signs short-lived certificates (leaves) that TLS shows; a client's identity signs its PROVE message.
The two uses cannot be mixed up: what is signed of a certificate starts with a DER tag, a proof starts with a label.
The fingerprint is SHA-256 of the SubjectPublicKeyInfo, 64 lowercase hexadecimal digits.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, SignatureAlgorithmOID

from fanlight.errors import RemoteProtocolError, StateError, UsageError

LEAF_LIFETIME = timedelta(days=7)
# A leaf is valid from a day ago, for clients whose clocks are behind.
_CLOCK_TOLERANCE = timedelta(days=1)
# RFC 5280, 4.1.2.5: the value for "no well-defined end".
_NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_PROVE_LABEL = b"fanlight PROVE v1\0"
_IDENTITY_NAME = "fanlight identity"
_LEAF_NAME = "fanlight"
_ECDSA = ec.ECDSA(hashes.SHA256())
# What cryptography raises for hostile certificates; these have no base of their own.
BAD_CERTIFICATE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A short-lived TLS certificate and its key."""

    certificate_pem: bytes
    certificate_der: bytes
    key_pem: bytes

    def to_pem(self) -> bytes:
        """Return key and certificate, as `ssl.SSLContext.load_cert_chain` reads them. Secret."""
        return self.key_pem + self.certificate_pem


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A private key and its self-signed certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, at: datetime) -> "Identity":
        """Make a new identity, valid from a day before `at` (aware)."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _certificate(_IDENTITY_NAME, _IDENTITY_NAME, key.public_key(), key.public_key())
            .not_valid_before(at - _CLOCK_TOLERANCE)
            .not_valid_after(_NO_END)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(sign_certificates=True), critical=True)
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def from_pem(cls, pem: bytes) -> "Identity":
        """Read what `to_pem` wrote; StateError when it is damaged, or key and certificate do not belong together."""
        try:
            key = load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
        except BAD_CERTIFICATE as error:
            raise StateError("the identity is damaged: restore it, or remove it to get a new one") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise StateError("the identity's key is not a P-256 key: restore it, or remove it to get a new one")
        identity = cls(key, certificate)
        if spki(key.public_key()) != p256_spki(certificate):
            raise StateError("the identity's key and certificate do not belong together: restore both")
        return identity

    def to_pem(self) -> bytes:
        """Return key and certificate as PEM. Secret."""
        return key_pem(self.key) + self.certificate.public_bytes(Encoding.PEM)

    @property
    def certificate_der(self) -> bytes:
        """The certificate, for peers."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def public_key(self) -> bytes:
        """The public key, SubjectPublicKeyInfo in DER."""
        return spki(self.key.public_key())

    @property
    def public_key_pem(self) -> bytes:
        """The public key, for a file."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def fingerprint(self) -> str:
        """What others know this identity by."""
        return key_fingerprint(self.public_key)

    def leaf(self, at: datetime) -> Leaf:
        """Make a TLS certificate for a host, with a key of its own, valid for LEAF_LIFETIME from a day before `at`."""
        key = ec.generate_private_key(ec.SECP256R1())
        start = at - _CLOCK_TOLERANCE
        builder = (
            _certificate(_LEAF_NAME, _IDENTITY_NAME, key.public_key(), self.key.public_key())
            .not_valid_before(start)
            .not_valid_after(start + LEAF_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(_LEAF_NAME)]), critical=False)
        )
        certificate = builder.sign(self.key, hashes.SHA256())
        return Leaf(certificate.public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.DER), key_pem(key))

    def sign_proof(self, binding: bytes, transcript: bytes) -> bytes:
        """Sign a client's PROVE: that this key takes part in just this handshake, over just this TLS channel."""
        return self.key.sign(_proof(binding, transcript), _ECDSA)


def proof_is_valid(public_key: bytes, signature: bytes, binding: bytes, transcript: bytes) -> bool:
    """Check a client's PROVE by its public key (DER); False for anything but a right signature by a P-256 key."""
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return False
    # Another encoding of the same key would have another fingerprint.
    if spki(key) != public_key:
        return False
    try:
        key.verify(signature, _proof(binding, transcript), _ECDSA)
    except InvalidSignature:
        return False
    return True


def key_fingerprint(public_key: bytes) -> str:
    """Return the fingerprint of a SubjectPublicKeyInfo in DER."""
    return hashlib.sha256(public_key).hexdigest()


def certificate_fingerprint(certificate_der: bytes) -> str:
    """Return the fingerprint of an identity certificate; RemoteProtocolError when it is none."""
    return key_fingerprint(p256_spki(_load(certificate_der)))


def parse_fingerprint(text: str) -> str:
    """Read a fingerprint as people write it; UsageError when it is none.

    Upper case, colons, spaces, dashes and the prefix "sha256:" are allowed.
    """
    digits = re.sub(r"[\s:-]", "", text.strip().lower().removeprefix("sha256:"))
    if re.fullmatch(r"[0-9a-f]{64}", digits) is None:
        raise UsageError(f"{text[:100]!r} is not a fingerprint: it has 64 hexadecimal digits")
    return digits


def leaf_signed_by(leaf_der: bytes, identity_der: bytes, at: datetime) -> bool:
    """Check that a TLS certificate was signed by an identity, that both are what they should be, and valid at `at`.

    False for anything else, damaged certificates included.
    """
    try:
        leaf, identity = _load(leaf_der), _load(identity_der)
        p256_spki(identity)
        identity.verify_directly_issued_by(identity)
        leaf.verify_directly_issued_by(identity)
        return _is_identity(identity) and _is_leaf(leaf) and all(is_valid_at(c, at) for c in (leaf, identity))
    except (InvalidSignature, RemoteProtocolError, *BAD_CERTIFICATE):
        return False


def _load(certificate_der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(certificate_der)
    except BAD_CERTIFICATE as error:
        raise RemoteProtocolError("the peer's certificate does not decode") from error


def _is_identity(certificate: x509.Certificate) -> bool:
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    return constraints.ca and constraints.path_length == 0 and usage.key_cert_sign and by_ecdsa(certificate)


def _is_leaf(certificate: x509.Certificate) -> bool:
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return not constraints.ca and list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH] and by_ecdsa(certificate)


def by_ecdsa(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is signed as ours are, with ECDSA over SHA-256."""
    return certificate.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256


def is_valid_at(certificate: x509.Certificate, at: datetime) -> bool:
    """Tell whether `at` is within a certificate's dates."""
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def p256_spki(certificate: x509.Certificate) -> bytes:
    """Return the certificate's public key in DER; RemoteProtocolError unless it is a P-256 key."""
    try:
        key = certificate.public_key()
    except BAD_CERTIFICATE as error:
        raise RemoteProtocolError("the certificate's key does not decode") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RemoteProtocolError("the certificate's key is not a P-256 key")
    return spki(key)


def _certificate(
    subject: str, issuer: str, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=sign_certificates,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _proof(binding: bytes, transcript: bytes) -> bytes:
    return _PROVE_LABEL + binding + transcript


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as SubjectPublicKeyInfo in DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as PEM. Secret."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

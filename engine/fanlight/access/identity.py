"""A home's identity: one P-256 key and the certificate that others pin, for both roles.

As a host it signs a short-lived TLS leaf, as a client it signs the proof of the handshake; a label keeps the two kinds of
signature apart. The fingerprint is of the public key alone, so it outlives the certificate.
"""

import datetime
import hashlib
import string
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fanlight.errors import RemoteProtocolError, StateError, UsageError

LEAF_DAYS = 7
_IDENTITY_DAYS = 30 * 365
_SKEW = datetime.timedelta(hours=1)
_FINGERPRINT_DIGITS = 64
_ECDSA = ec.ECDSA(hashes.SHA256())
_PEM = serialization.Encoding.PEM
_DER = serialization.Encoding.DER
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fanlight identity")])
_LEAF_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fanlight host")])


@dataclass(frozen=True, slots=True)
class Leaf:
    """A short-lived TLS certificate with its key, and the identity that signed it."""

    certificate_der: bytes
    pem: bytes

    def to_pem(self) -> bytes:
        """Key, leaf and identity, as TLS libraries load them."""
        return self.pem


class Identity:
    """The private key of a home and its self-signed certificate."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self.certificate_der = certificate.public_bytes(_DER)
        self.public_der = _public_der(key.public_key())
        self.fingerprint = fingerprint_of_key(self.public_der)

    @classmethod
    def create(cls) -> "Identity":
        """Make a new identity."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = _now()
        certificate = (
            _certificate(_NAME, _NAME, key.public_key(), key.public_key(), now, _IDENTITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def from_pem(cls, pem: bytes) -> "Identity":
        """Load what `to_pem` gave; StateError for anything else."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
        except (ValueError, TypeError) as error:
            raise StateError("this is no fanlight identity: restore the file, or remove it to be a new one") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise StateError("this key is not on P-256: restore the file, or remove it to be a new one")
        if _public_der(key.public_key()) != _spki(certificate):
            raise StateError("key and certificate do not belong together: restore the file, or remove it")
        return cls(key, certificate)

    def to_pem(self) -> bytes:
        """Return key and certificate; who has these bytes is this identity."""
        return _private_pem(self._key) + self._certificate.public_bytes(_PEM)

    def leaf(self) -> Leaf:
        """Make a TLS certificate of this identity, good for a week."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _certificate(_LEAF_NAME, _NAME, key.public_key(), self._key.public_key(), _now(), LEAF_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("host.fanlight.invalid")]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = _private_pem(key) + certificate.public_bytes(_PEM) + self._certificate.public_bytes(_PEM)
        return Leaf(certificate.public_bytes(_DER), pem)

    def sign(self, message: bytes) -> bytes:
        """Sign with ECDSA over SHA-256; the caller's message starts with a label of its purpose."""
        return self._key.sign(message, _ECDSA)


def fingerprint_of_key(public_der: bytes) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo, DER): 64 lowercase hexadecimal digits."""
    return hashlib.sha256(public_der).hexdigest()


def fingerprint_of_certificate(certificate_der: bytes) -> str:
    """Return the fingerprint of the key in an identity certificate; RemoteProtocolError if it is none."""
    return fingerprint_of_key(_spki(_load_certificate(certificate_der)))


def parse_fingerprint(text: str) -> str:
    """Read a fingerprint as people write it: any case, with or without colons, spaces, dashes or `sha256:`."""
    digits = text.strip().lower().removeprefix("sha256:").translate(str.maketrans("", "", ": -"))
    if len(digits) != _FINGERPRINT_DIGITS or not set(digits) <= set(string.hexdigits):
        raise UsageError(f"{text!r} is not a fingerprint: it has {_FINGERPRINT_DIGITS} hexadecimal digits")
    return digits


def verify(public_der: bytes, signature: bytes, message: bytes) -> bool:
    """Check a signature by a peer's key; RemoteProtocolError if the key is not on P-256."""
    try:
        load_public_key(public_der).verify(signature, message, _ECDSA)
    except InvalidSignature:
        return False
    return True


def load_public_key(public_der: bytes) -> ec.EllipticCurvePublicKey:
    """Load a peer's public key; RemoteProtocolError unless it is one on P-256, encoded as we would."""
    try:
        key = serialization.load_der_public_key(public_der)
    except (ValueError, TypeError) as error:
        raise RemoteProtocolError("the peer's key cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RemoteProtocolError("the peer's key is not on P-256")
    if _public_der(key) != public_der:
        # Another encoding of the same key would be another fingerprint for it.
        raise RemoteProtocolError("the peer's key is not in its canonical encoding")
    return key


def leaf_is_signed_by(leaf_der: bytes, identity_der: bytes) -> bool:
    """Check that an identity signed a leaf; RemoteProtocolError if either cannot be read."""
    leaf, identity = _load_certificate(leaf_der), _load_certificate(identity_der)
    try:
        leaf.verify_directly_issued_by(identity)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return leaf.not_valid_before_utc <= _now() <= leaf.not_valid_after_utc


def _load_certificate(der: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        load_public_key(_spki(certificate))
    except ValueError as error:
        raise RemoteProtocolError("the host's certificate cannot be read") from error
    return certificate


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _public_der(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _now() -> datetime.datetime:
    # Certificates carry calendar dates, so this is the one place below net/ that asks what day it is.
    return datetime.datetime.now(datetime.UTC)

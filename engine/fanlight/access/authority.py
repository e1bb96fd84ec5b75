"""A namespace's authority: the private key that gives out aliases and takes them away.

It stays in the home of the person who runs the namespace. Hosts get its certificate and, once a day, a revocation list.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fanlight.access.identity import BAD_CERTIFICATE, key_fingerprint, key_pem, spki
from fanlight.access.namespaces import (
    CLOCK_TOLERANCE,
    LIST_LIFETIME,
    MAX_ALIAS_LIFETIME,
    alias_namespace,
    key_usage,
    namespace_subject,
    read_authority,
)
from fanlight.errors import IdentityError, StateError, UsageError

_AUTHORITY_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate that proves `alias` for the key with this fingerprint; `certificate` is DER."""

    alias: str
    serial: int
    fingerprint: str
    expires: datetime
    certificate: bytes

    @property
    def pem(self) -> bytes:
        """The certificate, for a file."""
        return x509.load_der_x509_certificate(self.certificate).public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True, repr=False)
class Authority:
    """The key of one namespace and its self-signed certificate."""

    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, name: str, at: datetime) -> "Authority":
        """Make the authority of a new namespace; `name` as `parse_namespace` gives it."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = namespace_subject(name)
        limits = x509.NameConstraints(permitted_subtrees=[x509.RFC822Name(name)], excluded_subtrees=None)
        builder = (
            _certificate(subject, subject, key.public_key(), key.public_key())
            .not_valid_before(at - CLOCK_TOLERANCE)
            .not_valid_after(at + _AUTHORITY_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(limits, critical=True)
        )
        return cls(name, key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def from_pem(cls, pem: bytes, at: datetime) -> "Authority":
        """Read what `to_pem` wrote; StateError when it is damaged or over."""
        try:
            key = load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
            name = read_authority(certificate.public_bytes(Encoding.DER), at)
            public = certificate.public_key()
        except IdentityError as error:
            raise StateError(f"the namespace cannot be used: {error}") from error
        except BAD_CERTIFICATE as error:
            raise StateError("the namespace's key is damaged: restore it from a backup") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != public:
            raise StateError("the namespace's key and certificate do not belong together: restore both")
        return cls(name, key, certificate)

    def to_pem(self) -> bytes:
        """Return key and certificate as PEM. Secret."""
        return key_pem(self.key) + self.certificate_pem

    @property
    def certificate_pem(self) -> bytes:
        """The certificate, for hosts."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def certificate_der(self) -> bytes:
        """The certificate, for checks."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """What hosts know this authority by."""
        return key_fingerprint(spki(self.key.public_key()))

    def issue(self, alias: str, public_key: bytes, at: datetime, days: int) -> IssuedCertificate:
        """Certify that a public key (PEM or DER) is `alias`, for some days; `alias` as `parse_alias` gives it.

        UsageError when the key is no P-256 key, the alias is another namespace's, or the days are too many.
        """
        if alias_namespace(alias) != self.name:
            raise UsageError(f"{alias} is not in the namespace {self.name!r}")
        if not 1 <= days <= MAX_ALIAS_LIFETIME.days:
            raise UsageError(f"a certificate is valid for 1 to {MAX_ALIAS_LIFETIME.days} days, not {days}")
        key = _read_public_key(public_key)
        start = (at - CLOCK_TOLERANCE).replace(microsecond=0)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fanlight alias")])
        builder = (
            _certificate(subject, self.certificate.subject, key, self.key.public_key())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(alias)]), critical=True)
        )
        made = builder.sign(self.key, hashes.SHA256())
        return IssuedCertificate(
            alias,
            made.serial_number,
            key_fingerprint(spki(key)),
            made.not_valid_after_utc,
            made.public_bytes(Encoding.DER),
        )

    def revocation_list(self, revoked: Iterable[tuple[int, datetime]], number: int, at: datetime) -> bytes:
        """Return a revocation list (PEM), valid for LIST_LIFETIME, of serial numbers and when they were revoked."""
        start = (at - CLOCK_TOLERANCE).replace(microsecond=0)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(start)
            .next_update(start + LIST_LIFETIME)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for serial, when in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _read_public_key(raw: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(raw) if b"-----BEGIN" in raw else load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError("this is not a public key: make one with `fanlight identity export`") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UsageError("the public key is not a P-256 key: make one with `fanlight identity export`")
    return key


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )

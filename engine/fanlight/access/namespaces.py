"""Namespaces: small private authorities that give people names, `alias@namespace`, by certificates of a few days.

A host trusts an authority for one name only: whose certificates end in `@acme` is decided by the one authority that
this host trusts for `acme`, whatever other authorities have signed. All checks are pure functions of bytes and a date.
Every certificate must be exactly of the one form that `fanlight.access.authority` writes: what is unusual is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from fanlight.access.identity import BAD_CERTIFICATE, by_ecdsa, certificate_fingerprint, is_valid_at, p256_spki
from fanlight.errors import IdentityError, RemoteProtocolError, UsageError

MAX_CERTIFICATE = 2048
MAX_REVOCATION_LIST = 1024 * 1024
MAX_ALIAS_LIFETIME = timedelta(days=7)
LIST_LIFETIME = timedelta(hours=24)
# A list is dated a little into the past, for hosts whose clocks are behind.
CLOCK_TOLERANCE = timedelta(minutes=5)

_MAX_NAME = 64
# With the words before it, it must fit into a common name, which has 64 characters.
_MAX_NAMESPACE = 40
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", re.ASCII)
_ALIAS_EXTENSIONS = {
    ExtensionOID.BASIC_CONSTRAINTS: True,
    ExtensionOID.KEY_USAGE: True,
    ExtensionOID.EXTENDED_KEY_USAGE: True,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: True,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
}
_AUTHORITY_EXTENSIONS = {
    ExtensionOID.BASIC_CONSTRAINTS: True,
    ExtensionOID.KEY_USAGE: True,
    ExtensionOID.NAME_CONSTRAINTS: True,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
}
_LIST_EXTENSIONS = {ExtensionOID.CRL_NUMBER: False, ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False}


@dataclass(frozen=True, slots=True)
class TrustedNamespace:
    """What a host knows of a namespace that it trusts.

    `certificate` is the authority's, DER; `revoked` holds serial numbers; the host knows all revocations until
    `list_until`, or always (None) where the authority is in the same home.
    """

    name: str
    certificate: bytes
    revoked: frozenset[int]
    list_until: datetime | None

    @property
    def fingerprint(self) -> str:
        """What the authority is known by."""
        return certificate_fingerprint(self.certificate)


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A checked revocation list: a newer one has a larger `number`."""

    number: int
    until: datetime
    revoked: frozenset[int]


def namespace_subject(name: str) -> x509.Name:
    """Return the name that the authority of a namespace bears in its certificates."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"fanlight namespace {name}")])


def parse_namespace(text: str) -> str:
    """Read the name of a namespace as people write it; upper case is folded. UsageError when it is none."""
    return _parse_name(text, _MAX_NAMESPACE)


def parse_alias(text: str) -> str:
    """Read `alias@namespace` as people write it; upper case is folded. UsageError when it is none."""
    name, at, namespace = text.partition("@")
    if not at:
        raise UsageError(f"{text[:100]!r} is not an alias: write alias@namespace")
    return f"{_parse_name(name, _MAX_NAME)}@{parse_namespace(namespace)}"


def alias_namespace(alias: str) -> str:
    """Return the namespace of an alias."""
    return alias.partition("@")[2]


def verify_alias(certificate_der: bytes, key: bytes, at: datetime, trusted: Mapping[str, TrustedNamespace]) -> str:
    """Return the alias that a certificate proves for a public key (DER) at a time; IdentityError says why it does not.

    `trusted` holds namespaces by their names. The reasons are for the owner of the host, never for the peer.
    """
    if len(certificate_der) > MAX_CERTIFICATE:
        raise IdentityError(f"the certificate has {len(certificate_der)} bytes: at most {MAX_CERTIFICATE} are read")
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        return _verified(certificate, key, at, trusted)
    except (*BAD_CERTIFICATE, RemoteProtocolError) as error:
        raise IdentityError("the certificate does not decode") from error


def certificate_alias(certificate_der: bytes) -> str:
    """Return the alias that a certificate claims, unproved; IdentityError when it claims none."""
    try:
        return _claimed_alias(x509.load_der_x509_certificate(certificate_der[: MAX_CERTIFICATE + 1]))
    except BAD_CERTIFICATE as error:
        raise IdentityError("the certificate does not decode") from error


def read_authority(certificate_der: bytes, at: datetime) -> str:
    """Return the namespace whose authority a certificate is; IdentityError when it is none, or not valid at `at`."""
    try:
        if len(certificate_der) > MAX_CERTIFICATE:
            raise ValueError
        certificate = x509.load_der_x509_certificate(certificate_der)
        name = _authority_name(certificate)
        p256_spki(certificate)
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, RemoteProtocolError, *BAD_CERTIFICATE) as error:
        raise IdentityError("this is not the certificate of a namespace") from error
    if not is_valid_at(certificate, at):
        raise IdentityError(f"the namespace {name!r} is not valid on {at.date()}")
    return name


def read_revocation_list(list_der: bytes, authority_der: bytes, at: datetime) -> RevocationList:
    """Check a revocation list against the authority's certificate; IdentityError says what is wrong with it."""
    if len(list_der) > MAX_REVOCATION_LIST:
        raise IdentityError(f"the revocation list is larger than {MAX_REVOCATION_LIST} bytes")
    try:
        authority = x509.load_der_x509_certificate(authority_der)
        revocations = x509.load_der_x509_crl(list_der)
        number, until = _list_facts(revocations, authority)
        serials = frozenset(entry.serial_number for entry in revocations)
        start = revocations.last_update_utc
    except (*BAD_CERTIFICATE, AttributeError) as error:
        raise IdentityError("the revocation list does not decode") from error
    if not start <= at <= until:
        raise IdentityError(f"the revocation list is valid from {start} to {until}: export a new one")
    return RevocationList(number, until, serials)


def _parse_name(text: str, most: int) -> str:
    name = text.lower() if text.isascii() else text
    if len(name) > most or _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{text[:100]!r} is not a name: it has letters a to z and digits, with single . _ - between them, "
            f"{most} at most"
        )
    return name


def _verified(certificate: x509.Certificate, key: bytes, at: datetime, trusted: Mapping[str, TrustedNamespace]) -> str:
    alias = _claimed_alias(certificate)
    namespace = trusted.get(alias_namespace(alias))
    if namespace is None:
        raise IdentityError(f"{alias}: the namespace is not trusted here")
    _check_signature(certificate, alias, x509.load_der_x509_certificate(namespace.certificate), at)
    _check_form(certificate, alias)
    if p256_spki(certificate) != key:
        raise IdentityError(f"{alias}: the certificate belongs to another key")
    if not is_valid_at(certificate, at):
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        raise IdentityError(f"{alias}: the certificate is valid from {start} to {end}")
    _check_not_revoked(certificate, alias, namespace, at)
    return alias


def _check_signature(certificate: x509.Certificate, alias: str, authority: x509.Certificate, at: datetime) -> None:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise IdentityError(f"{alias}: the certificate is not from the authority that is trusted here") from error
    if not is_valid_at(authority, at):
        raise IdentityError(f"{alias}: the namespace's own certificate is not valid now")


def _check_form(certificate: x509.Certificate, alias: str) -> None:
    find = certificate.extensions.get_extension_for_class
    purposes = find(x509.ExtendedKeyUsage).value
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    right = (
        _has_extensions(certificate.extensions, _ALIAS_EXTENSIONS)
        and certificate.version == x509.Version.v3
        and by_ecdsa(certificate)
        and not find(x509.BasicConstraints).value.ca
        and find(x509.KeyUsage).value == key_usage(digital_signature=True)
        and list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        and timedelta(0) < lifetime <= MAX_ALIAS_LIFETIME
    )
    if not right:
        raise IdentityError(f"{alias}: the certificate is not of the form that fanlight issues")


def _check_not_revoked(certificate: x509.Certificate, alias: str, namespace: TrustedNamespace, at: datetime) -> None:
    if certificate.serial_number in namespace.revoked:
        raise IdentityError(f"{alias}: the certificate is revoked")
    if namespace.list_until is not None and at > namespace.list_until:
        raise IdentityError(
            f"{alias}: the revocation list of {namespace.name!r} ended {namespace.list_until}: "
            "bring a new one with `fanlight namespace export` and `fanlight namespace trust`"
        )


def _claimed_alias(certificate: x509.Certificate) -> str:
    """Return the one name in the certificate; only as `parse_alias` writes it, so that one alias has one spelling."""
    try:
        names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound as error:
        raise IdentityError("the certificate bears no alias") from error
    if len(names) != 1 or not isinstance(names[0], x509.RFC822Name):
        raise IdentityError("the certificate does not bear exactly one alias")
    claimed = names[0].value
    try:
        alias = parse_alias(claimed)
    except UsageError as error:
        raise IdentityError(f"the certificate's alias is refused: {error}") from error
    if alias != claimed:
        raise IdentityError("the certificate's alias is not written in lower case")
    return alias


def _authority_name(certificate: x509.Certificate) -> str:
    """Return the namespace of an authority's certificate; ValueError when it is not exactly of our form."""
    find = certificate.extensions.get_extension_for_class
    constraints, limits = find(x509.BasicConstraints).value, find(x509.NameConstraints).value
    permitted = limits.permitted_subtrees or []
    if limits.excluded_subtrees or len(permitted) != 1 or not isinstance(permitted[0], x509.RFC822Name):
        raise ValueError
    name = permitted[0].value
    right = (
        _has_extensions(certificate.extensions, _AUTHORITY_EXTENSIONS)
        and certificate.version == x509.Version.v3
        and by_ecdsa(certificate)
        and (constraints.ca, constraints.path_length) == (True, 0)
        and find(x509.KeyUsage).value == key_usage(key_cert_sign=True, crl_sign=True)
        and len(name) <= _MAX_NAMESPACE
        and _NAME.fullmatch(name) is not None
        and certificate.subject == certificate.issuer == namespace_subject(name)
    )
    if not right:
        raise ValueError
    return name


def _list_facts(revocations: x509.CertificateRevocationList, authority: x509.Certificate) -> tuple[int, datetime]:
    """Return number and end of a revocation list; IdentityError when it is not the authority's, or too long valid."""
    key, until = authority.public_key(), revocations.next_update_utc
    if not isinstance(key, ec.EllipticCurvePublicKey) or revocations.issuer != authority.subject:
        raise IdentityError("the revocation list is from another namespace")
    if revocations.signature_algorithm_oid != authority.signature_algorithm_oid:
        raise IdentityError("the revocation list is not signed as fanlight signs")
    if not revocations.is_signature_valid(key):
        raise IdentityError("the revocation list's signature is wrong")
    if until is None or until - revocations.last_update_utc > LIST_LIFETIME:
        raise IdentityError(f"the revocation list is valid for longer than {LIST_LIFETIME}")
    if not _has_extensions(revocations.extensions, _LIST_EXTENSIONS):
        raise IdentityError("the revocation list is not of the form that fanlight exports")
    return revocations.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number, until


def _has_extensions(found: x509.Extensions, wanted: Mapping[x509.ObjectIdentifier, bool]) -> bool:
    return {each.oid: each.critical for each in found} == wanted and len(list(found)) == len(wanted)


def key_usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    """Return an exact set of what a key may be used for."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

"""The namespaces that a host trusts, and the one certificate that a client shows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fanlight.access.identity import BAD_CERTIFICATE, certificate_fingerprint, key_fingerprint
from fanlight.access.namespaces import (
    MAX_REVOCATION_LIST,
    RevocationList,
    TrustedNamespace,
    certificate_alias,
    parse_namespace,
    read_authority,
    read_revocation_list,
    verify_alias,
)
from fanlight.access.store import Store
from fanlight.errors import IdentityError, UsageError

# A list of the largest size, as PEM, and the certificate before it.
MAX_BUNDLE = 2 * MAX_REVOCATION_LIST
_LIST_MARK = b"-----BEGIN X509 CRL-----"


@dataclass(frozen=True, slots=True)
class NamespaceFile:
    """What `fanlight namespace export` writes: an authority's certificate (DER) and, mostly, a revocation list."""

    name: str
    fingerprint: str
    certificate: bytes
    revocations: RevocationList | None


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """The certificate (DER) that proves an alias for this home's key; unchecked, because hosts check it."""

    alias: str
    certificate: bytes
    expires: datetime


class Trust:
    """What a store holds of namespaces on the side of those who believe them. Nothing is remembered between calls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def trusted(self) -> dict[str, TrustedNamespace]:
        """Return all trusted namespaces, by name; what `verify_alias` takes."""
        return {row[0]: self._trusted(*row) for row in self._rows()}

    def alias(self, certificate: bytes, key: bytes, at: datetime) -> str:
        """Return the alias that a certificate (DER) proves for a public key (DER) now; IdentityError says why none.

        A live session asks again once a minute, and ends when it raises.
        """
        return verify_alias(certificate, key, at, self.trusted())

    def trust(self, file: NamespaceFile) -> None:
        """Trust a namespace, or take over the newer revocation list of one that is trusted.

        IdentityError when another authority has that name here, or the list is older than the one that is known.
        """
        new, name = file.revocations, file.name
        with self._store.changing() as db:
            row = db.execute("SELECT fingerprint, list_number FROM namespaces WHERE name = ?", (name,)).fetchone()
            if row is not None and row[0] != file.fingerprint:
                raise IdentityError(
                    f"{name!r} is trusted here with another authority, {row[0]}: distrust it first if that is gone"
                )
            if row is not None and new is not None and row[1] is not None and new.number < row[1]:
                raise IdentityError(f"this revocation list of {name!r} is older than the one that is known here")
            values = name, file.fingerprint, file.certificate
            db.execute("INSERT OR IGNORE INTO namespaces VALUES (?, ?, ?, NULL, NULL)", values)
            if new is None:
                return
            db.execute("DELETE FROM revocations WHERE namespace = ?", (name,))
            db.executemany("INSERT INTO revocations VALUES (?, ?)", [(name, f"{serial:x}") for serial in new.revoked])
            until = int(new.until.timestamp())
            db.execute(
                "UPDATE namespaces SET list_number = ?, list_until = ? WHERE name = ?", (new.number, until, name)
            )

    def distrust(self, name: str) -> None:
        """Trust a namespace no longer; IdentityError when it was not trusted."""
        with self._store.changing() as db:
            db.execute("DELETE FROM revocations WHERE namespace = ?", (name,))
            if db.execute("DELETE FROM namespaces WHERE name = ?", (name,)).rowcount == 0:
                raise IdentityError(f"{name!r} is not trusted here: `fanlight namespace show` lists what is")

    def _rows(self) -> list[tuple[Any, ...]]:
        # A namespace that is run from this very home needs no list: what it revokes is known at once.
        return self._store.rows(
            """SELECT n.name, n.certificate, n.list_until, a.name IS NOT NULL FROM namespaces n
            LEFT JOIN authorities a ON a.name = n.name AND a.fingerprint = n.fingerprint ORDER BY n.name"""
        )

    def _trusted(self, name: str, certificate: bytes, until: int | None, is_own: int) -> TrustedNamespace:
        own = "SELECT serial FROM issued WHERE namespace = ? AND revoked IS NOT NULL"
        listed = "SELECT serial FROM revocations WHERE namespace = ?"
        serials = frozenset(int(row[0], 16) for row in self._store.rows(own if is_own else listed, name))
        ends = None if is_own else datetime.fromtimestamp(until or 0, UTC)
        return TrustedNamespace(name, bytes(certificate), serials, ends)

    # -- the alias of this home ------------------------------------------------------------------------------------

    def own_certificate(self) -> OwnCertificate | None:
        """Return the certificate that this home shows to hosts."""
        rows = self._store.rows("SELECT alias, certificate FROM own_certificate")
        if not rows:
            return None
        certificate = bytes(rows[0][1])
        expires = x509.load_der_x509_certificate(certificate).not_valid_after_utc
        return OwnCertificate(str(rows[0][0]), certificate, expires)

    def valid_certificate(self, at: datetime) -> OwnCertificate | None:
        """Return the certificate to show to a host; UsageError when it is over, which the host would not say."""
        own = self.own_certificate()
        if own is not None and own.expires < at:
            raise UsageError(
                f"the certificate of {own.alias} ended {own.expires:%Y-%m-%d %H:%M} UTC: have a new one issued and "
                "`fanlight identity certificate add` it, or `remove` this one"
            )
        return own

    def keep_own_certificate(self, raw: bytes, key: bytes) -> OwnCertificate:
        """Keep a certificate (PEM or DER) for this home's public key (DER); it takes the place of the one before.

        IdentityError when it is none, or belongs to another key.
        """
        certificate = read_certificate(raw)
        alias = certificate_alias(certificate)
        if certificate_fingerprint(certificate) != key_fingerprint(key):
            raise IdentityError(f"the certificate of {alias} belongs to another key: have it issued for this home's")
        with self._store.changing() as db:
            db.execute("INSERT OR REPLACE INTO own_certificate VALUES (1, ?, ?)", (alias, certificate))
        expires = x509.load_der_x509_certificate(certificate).not_valid_after_utc
        return OwnCertificate(alias, certificate, expires)

    def forget_own_certificate(self) -> None:
        """Show no certificate any more; IdentityError when there is none."""
        with self._store.changing() as db:
            if db.execute("DELETE FROM own_certificate").rowcount == 0:
                raise IdentityError("this home has no certificate")


def read_namespace_file(raw: bytes, at: datetime) -> NamespaceFile:
    """Read what `fanlight namespace export` wrote; IdentityError says what is wrong with it."""
    if len(raw) > MAX_BUNDLE:
        raise IdentityError(f"the file is larger than {MAX_BUNDLE} bytes: it is not an exported namespace")
    certificate = read_certificate(raw)
    name = read_authority(certificate, at)
    revocations = None
    if _LIST_MARK in raw:
        try:
            listed = x509.load_pem_x509_crl(raw).public_bytes(Encoding.DER)
        except BAD_CERTIFICATE as error:
            raise IdentityError("the revocation list does not decode") from error
        revocations = read_revocation_list(listed, certificate, at)
    return NamespaceFile(name, certificate_fingerprint(certificate), certificate, revocations)


def read_certificate(raw: bytes) -> bytes:
    """Return the first certificate in a file (PEM or DER) as DER; IdentityError when there is none."""
    try:
        is_pem = b"-----BEGIN" in raw
        certificate = x509.load_pem_x509_certificate(raw) if is_pem else x509.load_der_x509_certificate(raw)
        return certificate.public_bytes(Encoding.DER)
    except BAD_CERTIFICATE as error:
        raise IdentityError("the file holds no certificate") from error


def parse_alias_or_namespace(text: str) -> str:
    """Read the name of a namespace; UsageError names the part that is meant when an alias is given."""
    if "@" in text:
        raise UsageError(f"{text[:100]!r} is an alias: give the namespace alone, what stands after the @")
    return parse_namespace(text)

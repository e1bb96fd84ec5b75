"""Certificates of a namespace as they should be, and with any one thing wrong."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from fanlight.access.authority import Authority
from fanlight.access.identity import Identity
from fanlight.access.namespaces import TrustedNamespace, key_usage, namespace_subject, read_revocation_list

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
DAY = timedelta(days=1)
ACME = Authority.create("acme", AT)
OTHER = Authority.create("other", AT)
ANNA = Identity.create(AT)
BERT = Identity.create(AT)


def trusted(authority=ACME, revoked=(), until=None, name=None):
    """Return a host's trust in one authority."""
    name = name or authority.name
    return {name: TrustedNamespace(name, authority.certificate_der, frozenset(revoked), until)}


def der_list(authority, revoked=(), number=1, at=AT):
    pem = authority.revocation_list(revoked, number, at)
    return x509.load_pem_x509_crl(pem).public_bytes(Encoding.DER)


def read_list(authority, revoked=(), number=1, at=AT):
    return read_revocation_list(der_list(authority, revoked, number, at), authority.certificate_der, at)


RIGHT = {
    "san": [x509.RFC822Name("anna@acme")],
    "san_critical": True,
    "start": AT - timedelta(minutes=5),
    "end": AT + 6 * DAY,
    "constraints": x509.BasicConstraints(ca=False, path_length=None),
    "usage": key_usage(digital_signature=True),
    "purposes": [ExtendedKeyUsageOID.CLIENT_AUTH],
    "extra": None,
    "hash": hashes.SHA256(),
    "issuer": namespace_subject("acme"),
    "identifiers": True,
}


def forge(signer=ACME, key=None, **wrong):
    """Return a certificate (DER) like those of acme but for what is said."""
    form = RIGHT | wrong
    public = key if key is not None else ANNA.key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(form["issuer"])
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(form["start"])
        .not_valid_after(form["end"])
    )
    if form["constraints"] is not None:
        builder = builder.add_extension(form["constraints"], critical=True)
    if form["usage"] is not None:
        builder = builder.add_extension(form["usage"], critical=True)
    if form["purposes"]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(form["purposes"]), critical=True)
    if form["san"]:
        builder = builder.add_extension(x509.SubjectAlternativeName(form["san"]), critical=form["san_critical"])
    if form["identifiers"]:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        builder = builder.add_extension(issuer, critical=False)
    if form["extra"] is not None:
        builder = builder.add_extension(form["extra"], critical=False)
    return builder.sign(signer.key, form["hash"]).public_bytes(Encoding.DER)


BIG = SimpleNamespace(name="acme", key=ec.generate_private_key(ec.SECP384R1()))
P384 = BIG.key.public_key()


def forge_authority(signer, **wrong):
    """Return a certificate (DER) like the signer's own but for what is said."""
    name = wrong.get("name", signer.name)
    permitted = wrong.get("permitted", [x509.RFC822Name(name)])
    key, subject = wrong.get("key", signer.key.public_key()), namespace_subject(wrong.get("subject", name))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - DAY)
        .not_valid_after(AT + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=wrong.get("path_length", 0)), critical=True)
        .add_extension(wrong.get("usage", key_usage(key_cert_sign=True, crl_sign=True)), critical=True)
        .add_extension(x509.NameConstraints(permitted, wrong.get("excluded")), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
    )
    if wrong.get("extra"):
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return builder.sign(signer.key, wrong.get("hash", hashes.SHA256())).public_bytes(Encoding.DER)

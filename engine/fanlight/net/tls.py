"""TLS contexts of both ends: 1.3, or 1.2 with ECDHE and an AEAD cipher, and nothing else.

The host's long-lived identity certificate signs a short-lived leaf. A client that knows the host loads the pinned
identity as its only trust anchor, so OpenSSL itself refuses everybody else before a byte of ours is exchanged.
"""

import ssl
import tempfile
from typing import Literal

from fanlight.access.identity import Leaf

TlsProfile = Literal["intermediate", "modern"]
"""TLS 1.2 and 1.3, or 1.3 alone."""

_TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def _take_one_group(context: ssl.SSLContext) -> None:
    """Take a group that both profiles allow, and every client of today speaks."""
    try:
        context.set_ecdh_curve("X25519")
    except ssl.SSLError:
        # Debian 12's Python does not know it as a curve.
        context.set_ecdh_curve("prime256v1")


def host_context(leaf: Leaf, profile: TlsProfile = "intermediate") -> ssl.SSLContext:
    """Make the host's context with a leaf and its key; `profile` is one of Mozilla's."""
    context = _bounded(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    _take_one_group(context)
    if profile == "modern":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    # A session that is resumed would skip the leaf that the channel binding stands on.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_CIPHER_SERVER_PREFERENCE
    # The ssl module loads certificates from files only; this one is private (0600) and gone on the next line.
    with tempfile.NamedTemporaryFile(prefix="fanlight-leaf-") as file:
        file.write(leaf.to_pem())
        file.flush()
        context.load_cert_chain(file.name)
    return context


def client_context(identity_der: bytes | None) -> ssl.SSLContext:
    """Make a client's context that trusts one host identity, or, with None, one that only looks who answers."""
    context = _bounded(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    # The identity is the name: a host is the same one behind any address.
    context.check_hostname = False
    if identity_der is None:
        context.verify_mode = ssl.CERT_NONE
    else:
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(cadata=identity_der)
    return context


def _bounded(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context


def explain(error: ssl.SSLError) -> str:
    """Say in words a person knows what a failed TLS handshake means."""
    reasons = {
        "HTTP_REQUEST": "it spoke plain HTTP",
        "HTTPS_PROXY_REQUEST": "it took this port for an HTTP proxy",
        "WRONG_VERSION_NUMBER": "it did not speak TLS",
        "UNKNOWN_PROTOCOL": "it did not speak TLS",
        "UNSUPPORTED_PROTOCOL": "it offered only TLS versions below 1.2",
        "VERSION_TOO_LOW": "it offered only TLS versions below 1.2",
        "NO_SHARED_CIPHER": "it offered no cipher with forward secrecy and authentication",
        "TLSV1_ALERT_UNKNOWN_CA": "it does not trust this host's identity",
        "TLSV1_ALERT_PROTOCOL_VERSION": "it does not speak TLS 1.2 or newer",
    }
    return reasons.get(error.reason or "", f"TLS failed: {error.reason or error}")

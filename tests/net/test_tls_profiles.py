"""Which TLS a host speaks: Mozilla's intermediate profile by default, its modern one where that is asked for."""

import ssl
from datetime import UTC, datetime

import pytest

from fanlight.access import Identity
from fanlight.net.tls import client_context, host_context

NOW = datetime.now(UTC)
IDENTITY = Identity.create(NOW)
LEAF = IDENTITY.leaf(NOW)


def shake_hands(host: ssl.SSLContext, client: ssl.SSLContext) -> str | None:
    """Let two contexts meet in memory; return the version they agree on."""
    to_host, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        host.wrap_bio(to_host, to_client, server_side=True),
        client.wrap_bio(to_client, to_host, server_side=False),
    ]
    for _ in range(10):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return sides[1].version()


def client(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = client_context(IDENTITY.certificate_der)
    if version is not None:
        context.maximum_version = version
    return context


def test_our_client_gets_1_3_from_both() -> None:
    for profile in ("intermediate", "modern"):
        assert shake_hands(host_context(LEAF, profile), client()) == "TLSv1.3"  # type: ignore[arg-type]


def test_1_2_is_spoken_by_the_intermediate_profile_alone() -> None:
    assert shake_hands(host_context(LEAF), client(ssl.TLSVersion.TLSv1_2)) == "TLSv1.2"
    with pytest.raises(ssl.SSLError):
        shake_hands(host_context(LEAF, "modern"), client(ssl.TLSVersion.TLSv1_2))


def test_only_curves_of_the_profiles_are_taken() -> None:
    other = client()
    other.set_ecdh_curve("secp521r1")
    with pytest.raises(ssl.SSLError):
        shake_hands(host_context(LEAF), other)


def test_another_identity_than_the_pinned_one_is_no_host() -> None:
    stranger = Identity.create(NOW).leaf(NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(host_context(stranger), client())

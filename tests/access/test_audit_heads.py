"""Heads of audit logs: what a peer signs of a log, and what both keep of each other's."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from namespace_fixtures import ANNA, BERT

from fanlight.access import Store
from fanlight.access.audit_check import check
from fanlight.access.audit_heads import (
    HEAD_BYTES,
    Head,
    anchor,
    countersign,
    countersignature_is_valid,
    forget_receipt,
    keep_receipt,
    receipts,
)
from fanlight.errors import RemoteProtocolError

NOW = 1_900_000_000.0
ED25519 = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def newest(audit):
    return json.loads(audit.files.content()[-1][1].splitlines()[-1])


def look(audit, store):
    return check(audit.files.content(), audit.files.tip(), anchor(store))


def test_a_head_tells_how_far_the_log_went(audit, store):
    assert Head.from_bytes(audit.head()).seq == 0
    audit.append("a", NOW)
    head = audit.head()
    assert len(head) == HEAD_BYTES
    assert Head.from_bytes(head).seq == 2
    assert audit.head() == head
    audit.append("b", NOW)
    assert audit.head() != head
    assert anchor(store) == Head.from_bytes(audit.head())


def test_a_peer_s_signature_of_a_head_is_kept_and_found(audit, store):
    audit.append("session opened", NOW)
    head = audit.head()
    signature = countersign(ANNA, head)
    assert countersignature_is_valid(ANNA.public_key, head, signature)
    assert audit.countersigned(ANNA.public_key, head, signature, NOW, session="s")
    assert (newest(audit)["client"], newest(audit)["session"]) == (ANNA.fingerprint, "s")
    report = look(audit, store)
    assert (report.countersigned, report.faults) == (1, [])


def test_a_wrong_signature_of_a_head_is_refused_and_told(audit, store):
    audit.append("session opened", NOW)
    head = audit.head()
    signature = countersign(ANNA, head)
    for key, shown, signed in (
        (BERT.public_key, head, signature),
        (ANNA.public_key, Head(bytes(32), 1, bytes(32)).to_bytes(), signature),
        (ANNA.public_key, head, b""),
        (b"key", head, signature),
        (ED25519, head, signature),
    ):
        assert not countersignature_is_valid(key, shown, signed)
        assert not audit.countersigned(key, shown, signed, NOW)
        assert newest(audit)["event"] == "countersignature wrong"
    assert look(audit, store).countersigned is None


def test_nothing_but_a_head_is_ever_signed(audit):
    head = audit.head()
    for raw in (b"", b"fanlight PROVE v1\0" + bytes(64), head[:-1], head + b"x", b"x" * HEAD_BYTES):
        with pytest.raises(RemoteProtocolError, match="not the head of an audit log"):
            countersign(ANNA, raw)


def test_a_client_notices_a_host_s_log_that_went_back(tmp_path, store):
    def head(seq, begun=1, last=1):
        return Head(bytes([begun]) * 32, seq, bytes([last]) * 32).to_bytes()

    assert keep_receipt(store, "host", head(5), NOW) is None
    assert keep_receipt(store, "host", head(5), NOW) is None
    assert keep_receipt(store, "host", head(7), NOW) is None
    assert keep_receipt(store, "other", head(1), NOW) is None
    again = Store(tmp_path / "fanlight.db")
    assert "has 6 entries, and had 7" in keep_receipt(again, "host", head(6), NOW)
    since = "since the last session"
    assert keep_receipt(again, "host", head(7, last=2), NOW) == f"the host's audit log was changed {since}"
    assert keep_receipt(again, "host", head(9, begun=2), NOW) == f"the host's audit log was begun anew {since}"
    assert [(host, kept.seq) for host, kept, _ in receipts(again)] == [("host", 7), ("other", 1)]


def test_a_receipt_that_is_forgotten_is_compared_with_nothing(store):
    for host in ("host", "other"):
        assert keep_receipt(store, host, Head(b"1" * 32, 7, b"1" * 32).to_bytes(), NOW) is None
    assert forget_receipt(store, "host") is True
    assert forget_receipt(store, "host") is False
    assert [host for host, _, _ in receipts(store)] == ["other"]
    assert keep_receipt(store, "host", Head(b"2" * 32, 1, b"2" * 32).to_bytes(), NOW) is None

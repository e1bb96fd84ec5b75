"""The host's audit log in a session: shown, countersigned at start and end, and never waited for for long."""

from contextlib import closing

import pytest
from comers import Comer, kinds
from session_pair import CLIENT

from fanlight.access import Rules, Store
from fanlight.access.audit import Audit
from fanlight.access.audit_heads import countersign
from fanlight.errors import RemoteProtocolError, StateError
from fanlight.protocol import messages as m
from fanlight.protocol.table import KINDS
from fanlight.session import events
from fanlight.types import Permission


@pytest.fixture
def audited(rules, tmp_path):
    """Rules with an audit log."""
    with closing(Rules(Store(rules._store.path), bytes(32), Audit(tmp_path, rules._store))) as made:
        yield made


def entries(tmp_path):
    return (tmp_path / "audit.jsonl").read_text().splitlines()


def count(tmp_path, event):
    return sum(f'"{event}"' in line for line in entries(tmp_path))


def test_the_head_is_countersigned_when_a_session_opens_and_when_it_ends(audited, salted, tmp_path):
    made = Comer(audited, salted).run()
    assert len(made.client_of(events.AuditShown)) == count(tmp_path, "countersigned") == 1
    made.client_events += made.client.leave(made.now)
    made.run()
    assert len(made.client_of(events.AuditShown)) == count(tmp_path, "countersigned") == 2
    assert count(tmp_path, "session opened") == count(tmp_path, "session ended") == 1
    assert made.ends[0] == events.Ended("the viewer has left", None)
    assert made.ends[1] == events.Ended("the viewer has left", None)


def test_a_host_that_ends_a_session_takes_its_rights_at_once_and_waits_for_the_last_head(audited, salted, tmp_path):
    made = Comer(audited, salted).run()
    made.host_events += made.host.end("enough", made.now, for_good=True)
    assert made.host.granted == frozenset()
    assert not made.host.ended
    made.run()
    assert made.host.ended
    assert count(tmp_path, "countersigned") == 2
    assert made.ends[0].reason == "enough"
    assert "enough" in made.ends[1].reason


def test_a_client_that_does_not_countersign_is_waited_for_a_second(audited, salted, tmp_path):
    made = Comer(audited, salted).run()
    made.host_events += made.host.end("enough", made.now)
    assert made.host.deadline == made.now + 1
    made.host_events += made.host.timeout(made.now + 1)
    assert made.ends[0].reason == "enough"
    assert made.host.deadline is None
    assert count(tmp_path, "countersigned") == 1


def test_a_session_that_is_lost_leaves_its_end_in_the_log(audited, salted, tmp_path):
    made = Comer(audited, salted).run()
    made.host.lost(made.now)
    assert count(tmp_path, "session ended") == 1
    assert "broke without a goodbye" in entries(tmp_path)[-1]


def test_the_end_is_noted_once_whatever_comes_after_it(audited, salted, tmp_path):
    made = Comer(audited, salted).run()
    made.host.end("enough", made.now)
    made.host.end("more than enough", made.now)
    made.host.lost(made.now)
    assert count(tmp_path, "session ended") == 1


def test_a_host_without_a_log_just_says_goodbye(rules, salted):
    made = Comer(rules, salted).run()
    assert not made.client_of(events.AuditShown)
    made.client_events += made.client.leave(made.now)
    made.run()
    assert made.ends[1] == events.Ended("the viewer has left", None)


def test_a_client_that_leaves_waits_two_seconds_for_the_host(rules, salted):
    made = Comer(rules, salted).run()
    made.client.leave(made.now)
    assert made.client.deadline == made.now + 2
    assert made.client.timeout(made.now + 2) == [events.Ended("the viewer has left", None)]


@pytest.mark.parametrize("wrong", ["another head", "a wrong signature", "one too many"])
def test_a_countersignature_that_is_not_right_ends_the_session(audited, salted, wrong):
    made = Comer(audited, salted).run()
    (shown,) = made.client_of(events.AuditShown)
    made.host_events += made.host.set_rights(frozenset(), made.now)
    signature = countersign(CLIENT, shown.head)
    if wrong != "one too many":
        made.host._show_head(last=False)
        shown = events.AuditShown(audited.audit.head())
        made.take(made.host)
    head = shown.head if wrong != "another head" else b"x"
    made.client._connection.send(m.Countersign(head=head, signature=signature))
    made.run()
    assert isinstance(made.ends[0].error, RemoteProtocolError)


def test_a_client_signs_nothing_but_heads(rules, salted):
    made = Comer(rules, salted).run()
    made.host._connection.send(m.AuditHead(head=b"fanlight PROVE v1\0 and more", last=False))
    made.run()
    assert isinstance(made.ends[1].error, RemoteProtocolError)
    assert KINDS[m.Countersign] not in kinds(made.to_host)


def test_rights_that_change_are_in_the_log_with_who_changed_them(audited, salted, tmp_path):
    made = Comer(audited, salted).run()
    made.client.waive(frozenset(made.client.granted))
    made.run()
    assert any('"rights changed"' in line and "the viewer" in line for line in entries(tmp_path))


class BrokenLog:
    """An audit log on a full disk."""

    def append(self, event, now, **fields):
        raise StateError("the disk is full")

    head = countersigned = append


def test_a_full_disk_lets_nobody_in(rules, salted):
    rules.audit = BrokenLog()
    made = Comer(rules, salted).run()
    assert not made.client_of(events.Opened)
    assert made.host.granted == frozenset()


def test_a_full_disk_lets_nobody_in_whom_the_person_accepts(rules, salted):
    made = Comer(rules, salted, way="request").requested()
    rules.audit = made.host._audit = BrokenLog()
    made.accept()
    assert "disk is full" in made.ends[0].reason
    assert "disk" not in made.ends[1].reason
    assert made.host.granted == made.client.granted == frozenset()


def test_on_a_full_disk_rights_are_withdrawn_but_not_granted_and_sessions_end(rules, salted):
    made = Comer(rules, salted).run()
    rules.audit = made.host._audit = BrokenLog()
    made.host_events += made.host.set_rights(frozenset({Permission.VIEW}), made.now)
    assert made.host.granted == {Permission.VIEW}
    with pytest.raises(StateError):
        made.host.set_rights(frozenset(Permission), made.now)
    assert made.host.granted == made.host.live.granted == {Permission.VIEW}
    made.host_events += made.host.end("enough", made.now, for_good=True)
    assert made.host.ended
    assert made.host.granted == frozenset()

"""People known by name at a real host: let in, sent away, and sent away while they are in."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

import fanlight
from fanlight.access.audit_check import check
from fanlight.access.audit_heads import anchor, receipts
from fanlight.access.authority import Authority
from fanlight.access.policy import Policy
from fanlight.access.policy_store import apply_policy
from fanlight.access.trust import read_namespace_file
from fanlight.config import Home
from fanlight.errors import AuthenticationFailed, ConnectionLost, FanlightError, Refused, UsageError
from fanlight.net import server as net_server
from fanlight.types import Permission
from patience import PATIENCE
from serving import PASSWORD, serving

AT = datetime.now(UTC)
DAY = timedelta(days=1)
ACME = Authority.create("acme", AT)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONLY_ACME = '[access]\nlist = true\n[[allow]]\nwho = "*@acme"\n'


@pytest.fixture
def host(tmp_path):
    """A host's home that trusts acme, and lets nobody else in."""
    home = Home(tmp_path / "host")
    bring(home, [])
    use(home, ONLY_ACME)
    return home


@pytest.fixture
def anna(tmp_path):
    return named(tmp_path / "anna", "anna@acme")


def named(path, alias):
    home = Home(path)
    key = home.identity().public_key
    home.rules().namespaces.keep_own_certificate(ACME.issue(alias, key, AT, 7).certificate, key)
    return home


def bring(home, revoked, number=1):
    raw = ACME.certificate_pem + ACME.revocation_list(revoked, number, datetime.now(UTC))
    home.rules().namespaces.trust(read_namespace_file(raw, datetime.now(UTC)))


def use(home, text):
    apply_policy(home.store(), Policy.from_toml(text.encode()))


def come_in(server, home):
    return fanlight.connect(server.address, home=home.path, password=PASSWORD, trust=server.fingerprint)


async def until_it_ends(session):
    async for _ in session.updates():
        pass


async def test_who_has_a_name_comes_in_and_the_owner_reads_it(host, anna, tmp_path):
    async with serving(host.path) as server:
        async with come_in(server, anna) as session:
            assert session.rights == {"view"}
        with pytest.raises(Refused):
            async with come_in(server, Home(tmp_path / "stranger")):
                pass
    log = (host.path / "audit.jsonl").read_text()
    assert '"alias":"anna@acme"' in log
    assert "not on the access list" in log


async def test_a_leaver_is_sent_away_at_once_and_does_not_come_back(host, anna):
    shown = x509.load_der_x509_certificate(anna.rules().namespaces.own_certificate().certificate)
    async with serving(host.path) as server:
        async with come_in(server, anna) as session:
            bring(host, [(shown.serial_number, AT)], 2)
            server.server.reception.review()
            with pytest.raises(FanlightError):
                await until_it_ends(session)
        with pytest.raises(Refused):
            async with come_in(server, anna):
                pass
    assert "anna@acme: the certificate is revoked" in (host.path / "audit.jsonl").read_text()


async def test_a_leaver_is_sent_away_though_nobody_tells_the_host(host, anna, monkeypatch):
    assert 0 < net_server.REVIEW_SECONDS <= 60
    monkeypatch.setattr(net_server, "REVIEW_SECONDS", 0.01)
    shown = x509.load_der_x509_certificate(anna.rules().namespaces.own_certificate().certificate)
    async with serving(host.path) as server, come_in(server, anna) as session:
        bring(host, [(shown.serial_number, AT)], 2)
        with pytest.raises(ConnectionLost, match="the host ended the session: its owner can tell why"):
            async with asyncio.timeout(PATIENCE):
                await until_it_ends(session)


async def test_a_certificate_that_is_over_is_told_before_a_host_refuses_it(host, tmp_path):
    home = Home(tmp_path / "late")
    key = home.identity().public_key
    made = ACME.issue("late@acme", key, AT - 2 * DAY, 1)
    home.rules().namespaces.keep_own_certificate(made.certificate, key)
    async with serving(host.path) as server:
        with pytest.raises(UsageError, match="late@acme ended"):
            async with come_in(server, home):
                pass


async def test_a_right_that_the_policy_denies_is_lost_while_the_session_is_open(host, anna):
    async with serving(host.path) as server, come_in(server, anna) as session:
        denied = False
        async for _ in session.updates():
            if not denied:
                use(host, ONLY_ACME + '[[deny]]\nwho = "anna@acme"\nrights = ["view"]\n')
                server.server.reception.review()
                denied = True
            if Permission.VIEW not in session.rights:
                break
        assert session.rights == frozenset()


async def test_outside_of_its_time_window_a_name_fails_like_a_wrong_password(host, anna):
    # Neither today nor, should this run at midnight, tomorrow.
    other = DAYS[(datetime.now(UTC).weekday() + 3) % 7]
    use(host, ONLY_ACME + f'[[window]]\nwho = "*@acme"\ndays = ["{other}"]\n')
    async with serving(host.path) as server:
        with pytest.raises(AuthenticationFailed):
            async with come_in(server, anna):
                pass
    assert "outside of its time windows" in (host.path / "audit.jsonl").read_text()


async def test_viewer_and_host_keep_a_head_that_both_have_seen(host, anna):
    async with serving(host.path) as server, come_in(server, anna):
        pass
    store = host.store()
    files = host.audit(store).files
    held = [head for _, head, _ in receipts(anna.store())]
    report = check(files.content(), files.tip(), anchor(store), held)
    assert report.faults == []
    assert len(held) == 1
    assert report.countersigned is not None
    assert held[0].seq > 1

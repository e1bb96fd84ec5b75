import sqlite3
from datetime import UTC, datetime

import pytest
from access_fixtures import MESSAGE, PASSWORD, PEPPER, proof

from fanlight.access import Identity, Rules, Store, rights, scram
from fanlight.errors import IdentityError, SettingRefused, StateError, UsageError
from fanlight.types import Permission

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fanlight.db"


@pytest.fixture
def rules(path):
    return Rules(Store(path), PEPPER)


def test_unattended_access_is_off_at_first_and_a_password_does_not_switch_it_on(rules):
    assert rules.unattended is False
    assert rules.has_password is False
    rules.set_password(PASSWORD)
    assert rules.unattended is False
    assert rules.has_password is True
    assert rules.check_proof(proof(rules), MESSAGE) is None
    rules.set_unattended(True)
    assert rules.check_proof(proof(rules), MESSAGE).profile == rights.UNATTENDED


def test_without_a_password_nothing_opens(rules):
    rules.set_unattended(True)
    assert rules.check_proof(proof(rules), MESSAGE) is None
    assert rules.check_proof(b"", MESSAGE) is None
    assert rules.check_proof(bytes(32), MESSAGE) is None


def test_the_password_that_matches_selects_the_profile(rules):
    rules.set_unattended(True)
    rules.set_password("one password", rights.SCREEN_SHARING)
    rules.set_password("other password", rights.FULL_ACCESS)
    assert rules.check_proof(proof(rules, "one password"), MESSAGE).profile == rights.SCREEN_SHARING
    assert rules.check_proof(proof(rules, "other password"), MESSAGE).profile == rights.FULL_ACCESS
    assert rules.check_proof(proof(rules, "third password"), MESSAGE) is None


def test_the_host_s_answer_is_one_that_the_client_can_check(rules):
    rules.set_unattended(True)
    rules.set_password(PASSWORD)
    offer = rules.methods()
    salted = scram.salt_password(PASSWORD, offer.salt, offer.iterations)
    accepted = rules.check_proof(scram.client_proof(salted, MESSAGE), MESSAGE)
    assert scram.host_proof_matches(salted, accepted.server_signature, MESSAGE)
    assert rules.check_proof(scram.client_proof(salted, MESSAGE), MESSAGE + b"x") is None


def test_methods_are_the_same_whatever_is_set(rules):
    before = rules.methods()
    rules.set_unattended(True)
    rules.set_password(PASSWORD)
    assert rules.methods() == before
    assert before.iterations == 600_000


def test_a_running_host_obeys_another_process_at_once(rules, path):
    rules.set_unattended(True)
    rules.set_password(PASSWORD)
    right = proof(rules)
    assert rules.check_proof(right, MESSAGE)
    command = Rules(Store(path), PEPPER)
    command.set_unattended(False)
    assert rules.check_proof(right, MESSAGE) is None
    command.set_unattended(True)
    command.set_password("a new password")
    assert rules.check_proof(right, MESSAGE) is None
    assert rules.check_proof(proof(rules, "a new password"), MESSAGE)


def test_what_was_set_holds_after_a_restart(rules, path):
    rules.set_unattended(True)
    rules.set_password(PASSWORD)
    right = proof(rules)
    rules.close()
    assert Rules(Store(path), PEPPER).check_proof(right, MESSAGE).profile == rights.UNATTENDED


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too short"),
        ("1234567", "too short"),
        ("u\u0308u\u0308u\u0308u\u0308", "too short"),
        ("x" * 1025, "too long"),
        ("\ufdfa" * 60, "too long"),
        ("pass\nword", "control characters"),
        ("password\x00", "control characters"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(rules, password, why):
    with pytest.raises(SettingRefused, match=why):
        rules.set_password(password)
    assert rules.has_password is False


@pytest.mark.parametrize("password", ["12345678", "x" * 1024])
def test_a_password_at_the_bounds_is_taken(rules, password):
    rules.set_password(password)
    rules.set_unattended(True)
    assert rules.check_proof(proof(rules, password), MESSAGE)


def test_a_password_for_no_profile_is_refused(rules):
    with pytest.raises(UsageError, match="there is no profile 'Nobody'"):
        rules.set_password(PASSWORD, "Nobody")


def test_one_password_cannot_select_two_profiles(rules):
    rules.set_password(PASSWORD, rights.DEFAULT)
    with pytest.raises(SettingRefused, match="already selects the profile 'Default'"):
        rules.set_password(PASSWORD, rights.FULL_ACCESS)
    rules.set_password(PASSWORD, rights.DEFAULT)


def test_the_store_alone_does_not_serve_to_guess(rules, path):
    rules.set_password(PASSWORD)
    offer = rules.methods()
    verifier = scram.make_verifier(scram.salt_password(PASSWORD, offer.salt, offer.iterations))
    rules.close()
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert verifier.stored_key not in raw
    assert verifier.server_key not in raw
    assert PASSWORD.encode() not in raw


def test_with_another_pepper_nothing_opens_and_the_reason_is_said(rules, path):
    rules.set_unattended(True)
    rules.set_password(PASSWORD)
    right = proof(rules)
    other = Rules(Store(path), bytes(32))
    with pytest.raises(StateError, match="pepper"):
        other.check_proof(right, MESSAGE)
    other.set_password("set anew with it")
    assert other.check_proof(proof(other, "set anew with it"), MESSAGE)
    assert other.check_proof(right, MESSAGE) is None


def test_setting_a_password_removes_those_that_the_pepper_cannot_open(rules, path):
    rules.set_password(PASSWORD, rights.DEFAULT)
    other = Rules(Store(path), bytes(32))
    other.set_password("another password", rights.FULL_ACCESS)
    assert set(Store(path).verifiers()) == {rights.FULL_ACCESS}


def test_a_verifier_moved_to_another_profile_does_not_open(rules, path):
    rules.set_unattended(True)
    rules.set_password(PASSWORD, rights.SCREEN_SHARING)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE verifiers SET profile = ?", (rights.FULL_ACCESS,))
    with pytest.raises(StateError, match="pepper"):
        rules.check_proof(proof(rules), MESSAGE)


def test_a_verifier_of_a_profile_that_does_not_exist_opens_nothing(rules):
    rules.set_unattended(True)
    salted = scram.salt_password(PASSWORD, rules.methods().salt, rules.methods().iterations)
    rules._store.put_verifier("Gone", rules._sealed("Gone", scram.make_verifier(salted)))
    assert rules.check_proof(scram.client_proof(salted, MESSAGE), MESSAGE) is None


@pytest.mark.parametrize("sealed", [b"", bytes(11), bytes(12), bytes(28), bytes(1000)])
def test_a_damaged_verifier_is_no_crash(rules, sealed):
    rules._store.put_verifier(rights.DEFAULT, sealed)
    rules.set_unattended(True)
    with pytest.raises(StateError, match="pepper"):
        rules.check_proof(bytes(32), MESSAGE)


def test_every_check_does_the_same_work(rules, monkeypatch):
    seen = []
    real = scram.proof_matches
    monkeypatch.setattr(scram, "proof_matches", lambda *args: seen.append(1) or real(*args))

    def work(given):
        seen.clear()
        rules.check_proof(given, MESSAGE)
        return len(seen)

    nothing_set = work(bytes(32))
    rules.set_password(PASSWORD, rights.DEFAULT)
    off = work(bytes(32)), work(proof(rules))
    rules.set_password("other password", rights.FULL_ACCESS)
    rules.set_unattended(True)
    on = work(bytes(32)), work(b""), work(proof(rules)), work(proof(rules, "other password"))
    assert {nothing_set, *off, *on} == {16}


def test_a_pepper_of_another_length_is_refused(path):
    with pytest.raises(StateError, match="the pepper has 31 bytes"):
        Rules(Store(path), bytes(31))


def test_hosts_are_pinned_by_their_certificate(rules):
    one, other = Identity.create(NOW), Identity.create(NOW)
    rules.pin_host("host:7391", one.fingerprint, one.certificate_der, NOW)
    assert rules.known_host("host:7391").certificate == one.certificate_der
    assert [known.first_seen for known in rules.known_hosts()] == [NOW]
    with pytest.raises(IdentityError, match="pinned"):
        rules.pin_host("host:7391", other.fingerprint, other.certificate_der, NOW)
    with pytest.raises(UsageError, match="not that of the certificate"):
        rules.pin_host("new:7391", one.fingerprint, other.certificate_der, NOW)
    assert rules.forget_host("host:7391") is True
    rules.pin_host("host:7391", other.fingerprint, other.certificate_der, NOW)


def test_the_profiles():
    everything = frozenset(Permission)
    assert rights.profile_rights(rights.FULL_ACCESS) == everything
    assert rights.profile_rights(rights.SCREEN_SHARING) == {Permission.VIEW}
    for name in (rights.DEFAULT, rights.UNATTENDED):
        assert rights.profile_rights(name) == everything - {Permission.PRIVACY, Permission.TUNNELS}
    assert all(Permission.VIEW in granted for granted in rights.PROFILES.values())


def test_a_right_takes_effect_only_where_the_machine_has_it():
    available = frozenset({Permission.VIEW, Permission.PRIVACY})
    assert rights.effective_rights(rights.DEFAULT, available) == {Permission.VIEW}
    assert rights.effective_rights(rights.FULL_ACCESS, available) == available
    assert rights.effective_rights(rights.FULL_ACCESS, frozenset()) == frozenset()
    with pytest.raises(UsageError, match="Screen Sharing"):
        rights.effective_rights("screen sharing", available)

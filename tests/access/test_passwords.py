import sqlite3

import pytest
from access_fixtures import MESSAGE, NOW, OWNER, PASSWORD, let_in, proof, try_password

from fanlight.access import Rules, Store, rights, scram
from fanlight.access.passwords import SLOTS
from fanlight.access.strength import check_strength
from fanlight.errors import SettingRefused, StateError, UsageError

LONG = "x7Kq-Zw3mB9pTr2"


def test_the_password_that_matches_selects_the_profile(rules, now_and_restarted):
    rules.set_unattended(True)
    rules.set_password("one password!", rights.SCREEN_SHARING)
    rules.set_password("other password", rights.FULL_ACCESS)
    for now in now_and_restarted():
        assert try_password(now, password="one password!").profile == rights.SCREEN_SHARING
        assert try_password(now, password="other password").profile == rights.FULL_ACCESS
        assert try_password(now, password="third password").profile == ""
    assert now.passwords.profiles() == {rights.SCREEN_SHARING, rights.FULL_ACCESS}


def test_a_password_is_set_for_unattended_access_unless_another_profile_is_named(rules):
    rules.set_password(PASSWORD)
    assert rules.passwords.profiles() == {rights.UNATTENDED}


def test_a_cleared_password_opens_nothing_any_more(unattended, restarted):
    assert unattended.passwords.clear(rights.FULL_ACCESS) is False
    assert try_password(unattended).right
    assert unattended.passwords.clear(rights.UNATTENDED) is True
    assert unattended.has_password is False
    assert try_password(unattended).reason == "no password is set"
    assert try_password(restarted()).reason == "no password is set"


def test_a_password_for_no_profile_is_refused(rules):
    with pytest.raises(UsageError, match="there is no profile 'Nobody': there are Default, Full Access"):
        rules.set_password(PASSWORD, "Nobody")


def test_one_password_cannot_select_two_profiles(rules):
    rules.set_password(PASSWORD, rights.DEFAULT)
    with pytest.raises(SettingRefused, match="already selects the profile 'Default'"):
        rules.set_password(PASSWORD, rights.FULL_ACCESS)
    assert rules.passwords.profiles() == {rights.DEFAULT}
    rules.set_password(PASSWORD, rights.DEFAULT)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too short: it needs at least 8"),
        ("xK7q-Z2", "too short"),
        ("u\u0308u\u0308u\u0308u\u0308", "too short"),
        ("x" * 1025, "too long: it may have 1024"),
        ("\ufdfa" * 60, "too long"),
        ("pass\nword", "control characters"),
        ("password\x00", "control characters"),
        ("12345678", "too easy to guess: choose another. This is a"),
        ("qwertyuiop", "too easy"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too easy"),
        ("fanlight1", "too easy"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(rules, password, why):
    with pytest.raises(SettingRefused, match=why):
        rules.set_password(password)
    assert rules.has_password is False


@pytest.mark.parametrize(
    "password", ["xK7q-Z2w", "correct horse battery staple", "x7Kq-" * 204 + "x7Kq", "東京タワーの前で"]
)
def test_a_password_at_the_bounds_is_taken(rules, password):
    rules.set_password(password)
    rules.set_unattended(True)
    assert try_password(rules, password=password).right


def test_names_that_a_guesser_would_know_make_a_password_weak(rules):
    assert check_strength("wolkenfreund9", ()) == ""
    with pytest.raises(SettingRefused, match="too easy"):
        check_strength("wolkenfreund9", ("wolkenfreund",))
    with pytest.raises(SettingRefused, match="too easy"):
        rules.set_password("wolkenfreund9", rights.DEFAULT, ("wolkenfreund",))
    rules.acl.add("wolkenfreund@acme")
    with pytest.raises(SettingRefused, match="too easy"):
        rules.set_password("wolkenfreund9")
    rules.acl.remove("wolkenfreund@acme")
    rules.set_password("wolkenfreund9")


@pytest.mark.parametrize(
    ("warning", "suggestions", "said"),
    [
        ("", [], "choose another."),
        (
            "Seen before",
            ["Leave out X", "...or use words."],
            "choose another. Seen before. Leave out X. ...or use words.",
        ),
    ],
)
def test_a_weak_password_is_refused_with_the_advice_of_zxcvbn(monkeypatch, warning, suggestions, said):
    judged = {"score": 1, "feedback": {"warning": warning, "suggestions": suggestions}}
    monkeypatch.setattr("fanlight.access.strength.zxcvbn", lambda *_, **__: judged)
    with pytest.raises(SettingRefused) as refused:
        check_strength("long enough", ())
    assert str(refused.value) == f"the password is too easy to guess: {said}"


def test_a_short_password_is_taken_with_a_warning(rules):
    assert rules.set_password("xK7q-Z2w!mB") == "the password is short: 12 characters or more are harder to guess"
    assert rules.set_password("xK7q-Z2w!mBa") == ""


def test_what_is_checked_has_the_name_it_is_given():
    with pytest.raises(SettingRefused, match=r"^the admin secret is too short"):
        check_strength("x", (), what="admin secret")


def test_the_preset_nist_asks_for_15_characters_where_there_is_no_code(rules, restarted, code):
    assert rules.passwords.preset == "standard"
    rules.passwords.set_preset("nist")
    again = restarted()
    with pytest.raises(SettingRefused, match="at least 15 characters"):
        again.set_password(LONG[:14])
    again.set_password(LONG[:15])
    code.switch_on(again)
    again.set_password(LONG[:8])
    with pytest.raises(SettingRefused, match="at least 8 characters"):
        again.set_password(LONG[:7])
    again.totp.switch_off()
    again.passwords.set_preset("standard")
    again.set_password(LONG[:9])
    with pytest.raises(UsageError, match="there is no preset 'none': there are standard, nist"):
        again.passwords.set_preset("none")


def test_setting_a_password_removes_those_that_the_pepper_cannot_open(rules, path):
    rules.set_password(PASSWORD, rights.DEFAULT)
    other = Rules(Store(path), bytes(32))
    other.set_password("another password", rights.FULL_ACCESS)
    assert other.passwords.profiles() == {rights.FULL_ACCESS}


def test_a_verifier_moved_to_another_profile_does_not_open(unattended, path):
    with sqlite3.connect(path) as db:
        db.execute("UPDATE verifiers SET profile = ?", (rights.FULL_ACCESS,))
    with pytest.raises(StateError, match="pepper"):
        try_password(unattended)


def test_one_verifier_that_does_not_open_is_no_obstacle_to_others(unattended, path):
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO verifiers VALUES ('Default', X'00')")
    assert try_password(unattended).profile == rights.UNATTENDED


@pytest.mark.parametrize("length", [0, 11, 12, 28, 1000])
def test_a_damaged_verifier_is_no_crash(unattended, path, length):
    with sqlite3.connect(path) as db:
        db.execute("UPDATE verifiers SET sealed = ?", (bytes(length),))
    with pytest.raises(StateError, match="pepper"):
        unattended.password(OWNER, bytes(32), MESSAGE, NOW)


def test_a_refused_change_changes_nothing(unattended, path):
    token = let_in(unattended, remember=True).token
    with sqlite3.connect(path) as db:
        db.execute("CREATE TRIGGER stop BEFORE DELETE ON tokens BEGIN SELECT RAISE(ABORT, 'stop'); END")
    with pytest.raises(StateError):
        unattended.set_password("another horse")
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER stop")
    assert try_password(unattended).right
    assert unattended.token(OWNER, token, NOW).right


def test_every_check_does_the_same_work(rules, monkeypatch, path):
    seen = []
    real = scram.proof_matches
    monkeypatch.setattr(scram, "proof_matches", lambda *args: seen.append(1) or real(*args))

    def work(given):
        seen.clear()
        rules.password(OWNER, given, MESSAGE, NOW)
        return len(seen)

    nothing_set = work(bytes(32))
    rules.set_password(PASSWORD, rights.DEFAULT)
    off = work(bytes(32)), work(proof(rules))
    rules.set_password("other password", rights.FULL_ACCESS)
    rules.set_unattended(True)
    on = work(bytes(32)), work(b""), work(proof(rules)), work(proof(rules, "other password"))
    throttled = [work(proof(rules)) for _ in range(20)]
    assert not try_password(rules).right
    assert {nothing_set, *off, *on, *throttled} == {SLOTS}


def test_a_throttled_try_is_not_looked_at(unattended, monkeypatch):
    seen = []
    real = scram.proof_matches
    monkeypatch.setattr(
        scram, "proof_matches", lambda known, given, said: seen.append(given) or real(known, given, said)
    )
    for _ in range(20):
        try_password(unattended, password="wrong horse")
    seen.clear()
    assert not try_password(unattended).right
    assert set(seen) == {b""}


def test_many_profiles_may_have_passwords(rules):
    rules.set_unattended(True)
    names = [f"profile {number}" for number in range(SLOTS - 4)]
    for name in names:
        rules.profiles.create(name)
        rules.set_password(f"password of {name}", name)
    rules.set_password("the last password", rights.DEFAULT)
    for name in names:
        assert rules.passwords.check(proof(rules, f"password of {name}"), MESSAGE).profile == name

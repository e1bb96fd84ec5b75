import re
import threading
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from access_fixtures import DAY, NOW, App, open_rules
from hypothesis import given
from hypothesis import strategies as st

from fanlight.errors import SettingRefused

USED = "the code was used already: wait for the next one"


def check(rules, code, now=NOW, *, use=True):
    return rules.totp.check(code, now, use=use)


def test_codes_are_off_until_a_right_one_is_confirmed(rules, now_and_restarted, code):
    assert rules.totp.state == "off"
    with pytest.raises(
        SettingRefused, match=r"^there is nothing to confirm: `fanlight access totp enrol` comes first$"
    ):
        rules.totp.confirm("000000", NOW)
    code.secret = rules.totp.enrol("me").secret
    for each in now_and_restarted():
        assert (each.totp.state, each.totp.on) == ("pending", False)
        with pytest.raises(SettingRefused, match="wrong code"):
            each.totp.confirm("000000", NOW)
        assert (each.totp.state, each.totp.recovery_left) == ("pending", 0)
    each.totp.confirm(code.at(NOW), NOW)
    assert (each.totp.state, each.totp.on, each.totp.recovery_left) == ("on", True, 10)
    with pytest.raises(SettingRefused, match="nothing to confirm"):
        each.totp.confirm(code.at(NOW), NOW)
    assert open_rules(each._store.path).totp.on


def test_what_an_app_needs_is_in_the_uri(rules):
    enrolment = rules.totp.enrol("anna@desk")
    parts = urlsplit(enrolment.uri)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/fanlight:anna%40desk")
    values = parse_qs(parts.query)
    assert values.pop("secret") == [enrolment.secret]
    # What is not named is SHA-1, 6 digits and 30 s, in every app.
    assert values == {"issuer": ["fanlight"]}
    assert re.fullmatch("[A-Z2-7]{32}", enrolment.secret)
    assert pyotp.parse_uri(enrolment.uri).now() == pyotp.TOTP(enrolment.secret, digits=6, interval=30).now()


def test_a_second_enrolment_takes_the_place_of_one_that_was_not_confirmed(rules, code):
    first, second = App(), App()
    first.secret = rules.totp.enrol("me").secret
    second.secret = rules.totp.enrol("me").secret
    with pytest.raises(SettingRefused, match="wrong code"):
        rules.totp.confirm(first.at(NOW), NOW)
    rules.totp.confirm(second.at(NOW), NOW)
    with pytest.raises(
        SettingRefused, match=r"^two-factor codes are on already: switch them off first to enrol another app$"
    ):
        rules.totp.enrol("me")
    assert check(rules, second.at(NOW + 30), NOW + 30) == ""


def test_a_code_is_right_one_step_early_and_one_late(rules, code):
    code.switch_on(rules)
    assert (
        check(rules, code.at(NOW - 60))
        == "the code is right for another time: the clocks differ by about 1 min, set them"
    )
    assert check(rules, code.at(NOW - 30)) == ""
    assert check(rules, code.at(NOW)) == ""
    assert check(rules, code.at(NOW + 30)) == ""
    assert "clocks differ" in check(rules, code.at(NOW + 60))


def test_a_code_is_accepted_once_also_after_a_restart_and_when_the_clock_goes_back(rules, restarted, code):
    code.switch_on(rules)
    assert check(rules, code.at(NOW)) == ""
    assert check(rules, code.at(NOW)) == USED
    again = restarted()
    assert check(again, code.at(NOW)) == USED
    assert check(again, code.at(NOW), NOW + 30) == USED
    # Later codes make those before them useless too.
    assert check(again, code.at(NOW - 30)) == USED
    assert check(again, code.at(NOW - DAY / 2), NOW - DAY / 2) == USED
    assert check(again, code.at(NOW + 30), NOW + 30) == ""


def test_the_code_that_confirmed_is_used_up(rules, code):
    code.switch_on(rules, NOW)
    assert check(rules, code.at(NOW)) == USED
    assert check(rules, code.at(NOW + 30), NOW + 30) == ""


def test_a_code_that_came_with_a_wrong_password_is_not_used_up(rules, code):
    recovery = code.switch_on(rules)
    assert check(rules, code.at(NOW), use=False) == ""
    assert check(rules, recovery[0], use=False) == ""
    assert rules.totp.recovery_left == 10
    assert check(rules, code.at(NOW)) == ""
    assert check(rules, recovery[0]) == ""


@pytest.mark.parametrize("minutes", [-10, -4, 2, 4, 10])
def test_a_code_of_another_time_gets_a_hint(rules, code, minutes):
    code.secret = rules.totp.enrol("me").secret
    with pytest.raises(SettingRefused, match=f"clocks differ by about {abs(minutes)} min"):
        rules.totp.confirm(code.at(NOW + 60 * minutes), NOW)
    assert rules.totp.state == "pending"


def test_the_hint_is_rounded_and_reaches_ten_minutes_far(rules, code):
    code.switch_on(rules)
    assert check(rules, code.at(NOW + 570)).endswith("differ by about 10 min, set them")
    assert check(rules, code.at(NOW - 570)).endswith("differ by about 10 min, set them")
    assert "clocks differ" in check(rules, code.at(NOW - 600))
    assert check(rules, code.at(NOW + 630)) == check(rules, code.at(NOW - 630)) == "wrong code"


def test_a_code_of_another_hour_gets_none(rules, code):
    code.switch_on(rules)
    assert check(rules, code.at(NOW + 60 * 11)) == check(rules, code.at(NOW - 60 * 11)) == "wrong code"


@pytest.mark.parametrize(
    "given", ["", "00000", "0000000", "abcdef", "\u0660" * 6, "-" * 100, "\0", "\ud800", "é" * 6, "0" * 10_000]
)
def test_what_is_no_code_is_wrong(rules, code, given):
    code.switch_on(rules)
    assert check(rules, given) == "wrong code"


@given(st.text(max_size=80))
def test_any_text_is_an_answer(given):
    assert check(SHARED, given) in ("wrong code", USED) or "clocks" in check(SHARED, given)


@pytest.fixture(autouse=True, scope="module")
def _shared(tmp_path_factory):
    global SHARED
    SHARED = open_rules(tmp_path_factory.mktemp("home") / "fanlight.db")
    App().switch_on(SHARED)


def test_codes_may_be_written_as_apps_show_them(rules, code):
    code.switch_on(rules)
    digits = code.at(NOW)
    assert check(rules, f" {digits[:3]} {digits[3:]}\t") == ""


def test_each_recovery_code_opens_once(rules, now_and_restarted, code):
    recovery = code.switch_on(rules)
    assert len(set(recovery)) == 10
    assert all(re.fullmatch("([a-z2-9]{4}-){2}[a-z2-9]{4}", each) for each in recovery)
    for number, each in enumerate(now_and_restarted()):
        assert check(each, recovery[number]) == ""
        assert each.totp.recovery_left == 9 - number
        assert check(each, recovery[number]) == "wrong code"
    assert check(each, recovery[2].upper().replace("-", " ")) == ""
    assert check(each, code.at(NOW)) == ""
    for rest in recovery[3:]:
        assert check(each, rest) == ""
    assert each.totp.recovery_left == 0


def test_switched_off_nothing_of_it_is_left(rules, restarted, code):
    recovery = code.switch_on(rules)
    rules.totp.switch_off()
    assert (rules.totp.state, rules.totp.recovery_left) == ("off", 0)
    assert rules._store.setting("totp_secret", bytes) == b""
    again = restarted()
    assert again.totp.on is False
    assert check(again, code.at(NOW)) == check(again, recovery[0]) == "two-factor codes were switched off meanwhile"
    fresh = App()
    others = fresh.switch_on(again)
    assert check(again, recovery[0]) == check(again, code.at(NOW)) == "wrong code"
    assert check(again, others[0]) == ""


def test_after_what_else_a_code_is_asked_for_is_kept(rules, restarted):
    assert (rules.totp.asks_tokens, rules.totp.asks_resume) == (False, False)
    rules.totp.ask(tokens=True)
    assert (rules.totp.asks_tokens, rules.totp.asks_resume) == (True, False)
    rules.totp.ask(resume=True)
    again = restarted().totp
    assert (again.asks_tokens, again.asks_resume) == (True, True)
    again.ask(tokens=False)
    assert (again.asks_tokens, again.asks_resume) == (False, True)


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_the_same_code_twice_at_once_exactly_one_passes(rules, path, code, kind):
    recovery = code.switch_on(rules)
    given = code.at(NOW) if kind == "app" else recovery[0]
    said, ready = [], threading.Barrier(4)

    def use():
        mine = open_rules(path)
        ready.wait()
        said.append(check(mine, given))

    threads = [threading.Thread(target=use, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said)[0] == ""
    assert len([each for each in said if not each]) == 1
    assert len(said) == 4

from datetime import UTC, datetime

import pytest

from fanlight.access.policy import Policy
from fanlight.access.policy_diff import changes
from fanlight.types import Permission

# NOW is 2030-03-17, a Sunday, 17:46 UTC.
NOW = 1_900_000_000.0
HOUR = 3600
MONDAY = datetime(2030, 3, 11, tzinfo=UTC).timestamp()
CLOSED = "[access]\nlist = true\n"
ACME = CLOSED + '[[allow]]\nwho = "*@acme"\n'


def compare(old, new, now=NOW):
    return changes(Policy.from_toml(old.encode()), Policy.from_toml(new.encode()), now)


def told(found):
    return {(each.who, each.profile): (set(each.gains), set(each.loses)) for each in found}


@pytest.mark.parametrize("text", ["", ACME, ACME + '[[window]]\nfrom = "08:00"\n'])
def test_nothing_changes_between_a_policy_and_itself(text):
    assert compare(text, "# only a comment\n" + text) == []


def test_a_right_is_gained_and_lost_by_those_who_may_come_in():
    more = ACME + "[profile.'Screen Sharing'.rights]\ncontrol = true\nview = false\n"
    gained = {Permission.CONTROL}, {Permission.VIEW}
    assert told(compare(ACME, more)) == {("*@acme", "Screen Sharing"): gained}
    assert told(compare(more, ACME)) == {("*@acme", "Screen Sharing"): gained[::-1]}


def test_who_is_let_in_gains_all_that_the_profile_grants():
    found = told(compare(CLOSED, ACME))
    assert {who for who, _ in found} == {"*@acme"}
    assert found["*@acme", "Screen Sharing"] == ({Permission.VIEW}, set())
    assert Permission.TUNNELS in found["*@acme", "Full Access"][0]


def test_everybody_gains_when_the_list_is_switched_off():
    assert {who for who, _ in told(compare(ACME, ACME.replace("true", "false")))} == {"anybody else"}


def test_who_is_named_apart_from_a_pattern_changes_apart():
    found = told(compare(ACME, ACME + '[[deny]]\nwho = "bob@acme"\nrights = ["view"]\n'))
    assert found["bob@acme", "Default"] == (set(), {Permission.VIEW})
    assert {who for who, _ in found} == {"bob@acme"}


def test_hours_are_gained_and_lost():
    old, new = (ACME + f'[[window]]\nwho = "*@acme"\nfrom = "{start}"\nto = "17:00"\n' for start in ("08:00", "09:30"))
    (each, *rest) = compare(old, new)
    assert (each.who, len(each.times_lost) / 4, each.times_gained) == ("*@acme", 7 * 1.5, ())
    assert {other.profile for other in rest} == {"Full Access", "Screen Sharing", "Unattended Access"}
    (each, *_) = compare(new, old)
    assert (len(each.times_gained) / 4, each.times_lost, each.gains) == (7 * 1.5, (), ())


@pytest.mark.usefixtures("far_from_utc")
@pytest.mark.parametrize("now", [MONDAY, MONDAY + 0.5, MONDAY + 50 * HOUR + 1234.5, NOW])
def test_hours_are_those_of_the_week_that_holds_now(now):
    window = '[[window]]\ndays = ["mon", "sun"]\nto = "00:30"\n'
    (each, *_) = compare(window.replace("00:30", "00:15"), window, now)
    assert each.times_gained == (MONDAY + HOUR / 4, MONDAY + 6 * 24 * HOUR + HOUR / 4)
    window = '[[window]]\ndays = ["sun"]\nfrom = "23:30"\n'
    (each, *_) = compare(window.replace("23:30", "23:45"), window, now)
    assert each.times_gained == (MONDAY + 7 * 24 * HOUR - HOUR / 2,)


def test_a_pattern_with_room_for_few_letters_is_compared_by_a_name_that_fits():
    for pattern in (f"{'a' * 50}*{'b' * 10}@acme", f"{'a' * 50}*{'b' * 10}"):
        entry = f"[[allow]]\nwho = '{pattern}'\n"
        assert {who for who, _ in told(compare(CLOSED, CLOSED + entry))} == {pattern}


def test_who_had_no_access_at_all_gains_or_loses_it_and_no_hours():
    hours = ACME + '[[window]]\nwho = "*@acme"\nfrom = "08:00"\n'
    (each, *_) = compare(CLOSED, hours)
    assert (each.who, each.times_gained, each.times_lost) == ("*@acme", (), ())
    assert Permission.VIEW in each.gains
    (each, *_) = compare(hours, CLOSED)
    assert (each.who, each.times_gained, each.times_lost) == ("*@acme", (), ())
    assert Permission.VIEW in each.loses


def test_limits_that_change_are_told():
    (each, *_) = compare(ACME, ACME + '[[path]]\nprofile = "Default"\nallow = "/srv"\n')
    assert (each.who, each.profile, each.limits_changed) == ("*@acme", "Default", True)


def test_limits_are_told_of_who_comes_in_before_or_after_and_of_nobody_else():
    limit = '[[path]]\nprofile = "Default"\nallow = "/srv"\n'
    told_of = {each.who: each.limits_changed for each in compare(CLOSED, ACME + limit) if each.profile == "Default"}
    assert told_of == {"*@acme": True}
    assert compare(CLOSED, CLOSED + limit) == []


@pytest.mark.parametrize(
    "pattern",
    [
        *("anna@acme", "*@acme", "?nna@acme", "a*@*", "x" * 60 + "*@acme", "?" * 64 + "@acme", "a@" + "*" * 60),
        *("ab" * 32, "a" * 63 + "?", "ab*", "*ab", "ab*cd", "?b*cd?", "ab*cd*ef", "?" * 64),
    ],
)
def test_a_pattern_stands_for_a_client_whom_it_means(pattern):
    found = told(compare(CLOSED, f'{CLOSED}[[allow]]\nwho = "{pattern}"\n'))
    assert found[pattern, "Screen Sharing"] == ({Permission.VIEW}, set())


def test_a_fingerprint_and_a_pattern_of_them_are_clients_too():
    mine = CLOSED + f'[[allow]]\nwho = "{"ab" * 32}"\n[[allow]]\nwho = "ab*cd?"\n'
    assert {who for who, _ in told(compare(CLOSED, mine))} == {"ab" * 32, "ab*cd?"}


def test_a_profile_that_is_new_is_gained():
    assert told(compare(ACME, ACME + "[profile.Support]\n")).keys() == {("*@acme", "Support")}

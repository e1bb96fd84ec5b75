import pytest
from access_fixtures import NOW, OTHER, OWNER, open_rules

from fanlight.access import Who
from fanlight.errors import UsageError

TOO_MANY = "more than 3 requests in ten minutes"


def ask(rules, who=OWNER, now=NOW, *, window_open=False, live_prompts=0):
    return rules.may_prompt(who, now, window_open=window_open, live_prompts=live_prompts)


def test_requests_are_shown_at_first(rules, now_and_restarted):
    for each in now_and_restarted():
        assert each.interactive == "always"
        assert ask(each) is None


def test_requests_may_be_shown_only_while_the_window_is_open(rules, now_and_restarted):
    rules.prompts.set_mode("window")
    for each in now_and_restarted():
        assert ask(each) == "requests are shown only while the host's console is open"
        assert ask(each, window_open=True) is None


def test_requests_may_be_shown_never(rules, now_and_restarted):
    rules.prompts.set_mode("never")
    for each in now_and_restarted():
        assert ask(each, window_open=True) == "requests are never shown here"
    each.prompts.set_mode("always")
    assert ask(each) is None


def test_there_are_no_other_modes(rules):
    with pytest.raises(UsageError, match="'sometimes' is none of always, window, never"):
        rules.prompts.set_mode("sometimes")
    assert rules.interactive == "always"


def test_one_request_is_shown_at_a_time(rules):
    for _ in range(9):
        assert ask(rules, live_prompts=1) == "another request is being shown"
    assert ask(rules) is None


def test_a_key_may_ask_three_times_in_ten_minutes_also_over_a_restart(rules, restarted):
    assert [ask(rules, now=NOW + minute) for minute in (0, 60)] == [None, None]
    again = restarted()
    assert ask(again, now=NOW + 120) is None
    assert ask(again, now=NOW + 121) == TOO_MANY
    assert ask(again, OTHER, NOW + 121) is None
    assert ask(again, now=NOW + 600) == TOO_MANY
    assert ask(again, now=NOW + 601) is None
    assert ask(again, now=NOW + 602) == TOO_MANY


def test_two_hosts_on_one_home_count_together(rules, path):
    other = open_rules(path)
    assert [ask(each) for each in (rules, other, rules, other)] == [None, None, None, TOO_MANY]


def test_a_clock_that_is_set_back_does_not_close_the_door_for_long(rules):
    for _ in range(3):
        ask(rules, now=NOW + 1e8)
    assert ask(rules) is None


def test_new_keys_cannot_fill_the_disk(rules):
    with rules._store.changing() as db:
        db.executemany("INSERT INTO prompts VALUES (?, ?)", [(str(number), NOW) for number in range(1000)])
    assert ask(rules, Who("e" * 64, None, "")) == "too many requests, of all clients together"
    assert ask(rules, Who("e" * 64, None, ""), NOW + 601) is None
    assert len(rules._store.rows("SELECT * FROM prompts")) == 1


def test_throttling_does_not_touch_requests(rules):
    for _ in range(30):
        rules.throttle.count("guess", OWNER, NOW)
    assert ask(rules) is None

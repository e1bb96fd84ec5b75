import pytest
from access_fixtures import HOUR, NOW

from fanlight.access.admin import check_admin_secret
from fanlight.errors import SettingRefused

SECRET = "an admin's own secret"


def test_there_is_none_at_first(rules):
    assert rules.admin.is_set is False
    for given in ("", SECRET):
        with pytest.raises(SettingRefused, match="is wrong"):
            rules.admin.check(given, NOW)


def test_the_right_secret_passes_and_another_does_not(rules, now_and_restarted):
    assert rules.admin.set(SECRET) == ""
    for each in now_and_restarted():
        assert each.admin.is_set is True
        each.admin.check(SECRET, NOW)
        for wrong in ("", SECRET + "x", SECRET.upper()):
            with pytest.raises(SettingRefused, match=r"^the admin secret is wrong: nothing was changed$"):
                each.admin.check(wrong, NOW)
    each.admin.check(SECRET, NOW)
    each.admin.clear()
    assert each.admin.is_set is False
    with pytest.raises(SettingRefused, match="is wrong"):
        each.admin.check(SECRET, NOW)


def test_a_secret_is_checked_by_the_store_s_file_and_its_misses_are_counted_there(rules, path):
    rules.admin.set(SECRET)
    check_admin_secret(path, SECRET, NOW)
    with pytest.raises(SettingRefused, match="is wrong"):
        check_admin_secret(path, SECRET + "x", NOW)
    assert rules._store.rows("SELECT misses, at FROM throttle WHERE bucket = 'admin local'") == [(1, NOW)]


def test_a_weak_secret_is_refused(rules):
    for weak in ("short", "password1", "wolkenfreund9"):
        with pytest.raises(SettingRefused, match="the admin secret is too"):
            rules.admin.set(weak, ("wolkenfreund",))
    assert rules.admin.is_set is False


def test_neither_the_secret_nor_a_plain_hash_is_kept(rules, tmp_path):
    rules.admin.set(SECRET)
    first = rules._store.setting("admin", bytes)
    rules.admin.set(SECRET)
    assert rules._store.setting("admin", bytes) != first
    assert len(first) == 48
    assert SECRET.encode() not in first


def test_wrong_tries_are_counted_over_a_restart(rules, restarted):
    rules.admin.set(SECRET)

    def guess(each, now):
        with pytest.raises(SettingRefused) as refused:
            each.admin.check("wrong", now)
        return "too often" in str(refused.value)

    assert [guess(rules, NOW) for _ in range(6)] == [False] * 5 + [True]
    again = restarted()
    with pytest.raises(
        SettingRefused, match=r"^the admin secret was wrong too often: wait, at most an hour, and try again$"
    ):
        again.admin.check(SECRET, NOW + 29)
    again.admin.check(SECRET, NOW + HOUR)
    assert not guess(again, NOW + HOUR)

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fanlight.access import Who
from fanlight.access.policy_rules import PathLimit, TunnelLimit, Window, limit_that_decides, window_allows

ANNA = Who("a" * 64, "anna@acme", "")
BERT = Who("b" * 64, None, "")


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


# 2030-01-07 is a Monday.
@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        (Window(), ["2030-01-07T00:00", "2030-01-13T23:59:59"], []),
        (Window(start="08:00"), ["2030-01-07T08:00", "2030-01-07T23:59"], ["2030-01-07T07:59:59"]),
        (Window(end="08:00"), ["2030-01-07T07:59:59"], ["2030-01-07T08:00"]),
        (
            Window(days=("mon", "sun")),
            ["2030-01-07T12:00", "2030-01-13T12:00"],
            ["2030-01-08T00:00", "2030-01-12T12:00"],
        ),
        (
            Window(days=("mon",), start="22:00", end="06:00"),
            ["2030-01-07T22:00", "2030-01-08T05:59"],
            ["2030-01-07T05:00", "2030-01-07T21:59", "2030-01-08T06:00", "2030-01-08T22:00"],
        ),
        (Window(days=("sun",), start="22:00", end="06:00"), ["2030-01-07T05:59"], ["2030-01-08T05:59"]),
    ],
    ids=str,
)
def test_a_window_is_open_on_its_days_between_its_hours(window, inside, outside):
    window.check()
    assert [window.is_open(at(text)) for text in inside] == [True] * len(inside)
    assert [window.is_open(at(text)) for text in outside] == [False] * len(outside)


def test_a_window_keeps_the_time_of_its_zone_in_summer_and_winter():
    window = Window(start="08:00", end="18:00", zone="Europe/Berlin")
    window.check()
    for day in ("2030-01-07", "2030-07-08"):
        assert window.is_open(at(f"{day}T08:00", "Europe/Berlin"))
        assert not window.is_open(at(f"{day}T07:59", "Europe/Berlin"))
    assert window.is_open(datetime(2030, 7, 8, 6, 0, tzinfo=UTC).timestamp())
    assert not window.is_open(datetime(2030, 1, 7, 6, 0, tzinfo=UTC).timestamp())


def test_windows_limit_only_those_whom_they_are_about():
    windows = [
        Window(who="*@acme", profile="Support", end="08:00"),
        Window(who="anna@*", profile="Support", start="12:00", end="13:00"),
    ]
    morning, noon, evening = (at(f"2030-01-07T{hour}:30") for hour in ("07", "12", "20"))
    assert [window_allows(windows, "Support", ANNA, now) for now in (morning, noon, evening)] == [True, True, False]
    assert window_allows(windows, "Default", ANNA, evening)
    assert window_allows(windows, "Support", BERT, evening)
    assert not window_allows([Window(end="08:00")], "Support", BERT, evening)
    assert window_allows([], "Support", ANNA, evening)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/srv/share", True),
        ("/srv/share/a/b", True),
        ("/srv/shared", False),
        ("/srv", False),
        ("/srv/share/private", False),
        ("/srv/share/private/x", False),
        ("/srv/share/privateer", True),
        ("/srv/share/../../etc", False),
        ("/srv/share/a/../private/x", False),
        ("//srv/share/private/x", False),
        ("/srv/./share/a", True),
        ("srv/share", True),
    ],
)
def test_paths_are_within_what_is_allowed_and_not_within_what_is_denied(path, allowed):
    limits = [PathLimit(allow="/srv/share"), PathLimit(deny="/srv/share/private")]
    assert limit_that_decides(limits, "Default", ANNA, [path])[0] is allowed


def test_a_letter_of_a_path_is_no_slash():
    assert PathLimit(allow="/srv/X").covers("/srv/X/a")
    assert not PathLimit(allow="/srv/X").covers("/srv/a")
    assert not PathLimit(allow="/a").covers("/X/a")
    assert not PathLimit(allow="/a").covers("/Xa")


def test_a_denial_without_an_allowance_forbids_only_what_it_names():
    limits = [PathLimit(who="*@acme", deny="/")]
    assert limit_that_decides(limits, "Default", ANNA, ["/a"]) == (False, limits[0])
    assert limit_that_decides(limits, "Default", BERT, ["/a"]) == (True, None)
    assert limit_that_decides([PathLimit(deny="/b")], "Default", ANNA, ["/a"]) == (True, None)
    assert limit_that_decides([PathLimit(profile="Support", allow="/b")], "Default", ANNA, ["/a"]) == (True, None)


@pytest.mark.parametrize(
    ("rule", "target", "covered"),
    [
        ("10.0.0.0/8:22", "10.9.8.7:22", True),
        ("10.0.0.0/8:22", "10.9.8.7:2", False),
        ("10.0.0.0/8:22", "11.0.0.1:22", False),
        ("10.0.0.0/8:22", "[::1]:22", False),
        ("[fd00::/8]:*", "[fd00::1]:65535", True),
        ("[fd00::/8]:*", "10.0.0.1:80", False),
        ("*.lan:1-1024", "printer.LAN.:631", True),
        ("*.lan:1-1024", "printer.lan:1025", False),
        ("*.lan:1-1024", "lan:80", False),
        ("*.lan.:80", "a.lan:80", True),
        ("Xen.lan:80", "xen.lan:80", True),
        ("xen.lan:80", "Xen.lan:80", True),
        ("*:*", "a.lan:1", True),
        ("10.1.2.3/8:22", "10.9.8.7:22", True),
        ("db.lan:5432", "db.lan.evil:5432", False),
        ("*:80", "anything:80", True),
        ("10.0.0.1:80", "10.0.0.1:*", False),
        ("10.0.0.1:80", "10.0.0.1:80-81", False),
        ("10.0.0.1:80", "10.0.0.1", False),
    ],
)
def test_a_tunnel_s_target_is_a_host_and_ports(rule, target, covered):
    limit = TunnelLimit(allow=rule)
    limit.check()
    assert limit.covers(target) is covered


def test_a_target_is_denied_by_any_of_its_names():
    limits = [TunnelLimit(allow="*.lan:*"), TunnelLimit(deny="10.0.0.0/8:*")]
    assert limit_that_decides(limits, "Default", ANNA, ["a.lan:80", "192.0.2.1:80"])[0]
    assert not limit_that_decides(limits, "Default", ANNA, ["a.lan:80", "10.0.0.1:80"])[0]
    assert not limit_that_decides(limits, "Default", ANNA, ["192.0.2.1:80"])[0]

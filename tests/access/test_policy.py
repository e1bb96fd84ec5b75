import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanlight.access import Who
from fanlight.access.policy import Decision, Policy, Question, failures
from fanlight.access.policy_content import MOST_RULES, parse_who
from fanlight.errors import SettingRefused, UsageError
from fanlight.types import Permission

MONDAY_NOON = 1_894_017_600.0  # 2030-01-07T12:00 UTC
HOUR = 3600.0

OFFICE = b"""\
# Who may help whom.
[access]
list = true

[[allow]]
who = "*@acme"

[[allow]]
who = "old@other"
enabled = false

[[deny]]
who = "bob@acme"

[[deny]]
who = "eve@acme"
rights = [
  "files",   # nothing leaves
  "tunnels",
]

[[window]]
who = "*@acme"
profile = "Support"
days = ["mon", "tue"]
from = "08:00"
to = "18:00"

[profile.Support]
enabled = true
rights.control = true
rights.tunnels = true

[profile."Full Access"]
enabled = false

[profile.Default.rights]
print = false

[[path]]
profile = "Support"
allow = "/srv/share"

[[path]]
profile = "Support"
deny = "/srv/share/private"

[[tunnel]]
allow = "10.0.0.0/8:22"

[[assert]]
who = "anna@acme"
profile = "Support"
right = "tunnels"
at = 2030-01-07T12:00:00Z
expect = "allow"

[[assert]]
who = "bob@acme"
profile = "Default"
right = "view"
expect = "deny"
"""


@pytest.fixture(scope="module")
def office():
    return Policy.from_toml(OFFICE)


def line_of(text, nth=1):
    """Return the line of the nth line that begins with `text`."""
    found = [number for number, line in enumerate(OFFICE.decode().splitlines(), 1) if line.startswith(text)]
    return found[nth - 1]


def ask(policy, who="anna@acme", profile="Support", right="view", now=MONDAY_NOON, path=None, tunnel=None):
    return policy.decide(Question(parse_who(who), profile, Permission(right), now, path, tunnel))


# -- decisions, and the lines that make them --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "allowed", "line", "reason"),
    [
        ({"who": "mallory@evil"}, False, line_of("list"), "not on the access list"),
        ({"who": "f" * 64}, False, line_of("list"), "not on the access list"),
        ({"who": "x@acme.evil"}, False, line_of("list"), "not on the access list"),
        ({"who": "old@other"}, False, line_of("enabled = false"), "is off"),
        ({"who": "bob@acme"}, False, line_of('who = "bob'), "may not come in"),
        ({"who": "BOB@acme"}, False, line_of('who = "bob'), "may not come in"),
        ({"profile": "Full Access"}, False, line_of("enabled = false", 2), "disabled"),
        ({"profile": "Nobody"}, False, None, "no profile"),
        ({"now": MONDAY_NOON + 6 * HOUR}, False, line_of("[[window]]"), "no time window"),
        ({"now": MONDAY_NOON + 48 * HOUR}, False, line_of("[[window]]"), "no time window"),
        ({"now": MONDAY_NOON + 48 * HOUR, "profile": "Default"}, True, line_of("[profile.Default"), "grants view"),
        ({"who": "eve@acme", "right": "files"}, False, line_of("rights = ["), "denied to eve@acme"),
        ({"who": "eve@acme", "right": "control"}, True, line_of("rights.control"), "grants control"),
        ({"right": "tunnels"}, True, line_of("rights.tunnels"), "'Support' grants tunnels"),
        ({"right": "print"}, False, line_of("print"), "'Default' does not grant print"),
        ({"right": "privacy"}, False, line_of("[profile.Default"), "'Default' does not grant privacy"),
        ({"right": "files", "path": "/srv/share/a"}, True, line_of('allow = "/srv'), "/srv/share is allowed"),
        ({"right": "files", "path": "/srv/share/private/a"}, False, line_of("deny = "), "is denied"),
        ({"right": "files", "path": "/srv/share/../x"}, False, line_of('allow = "/srv'), "only /srv/share"),
        ({"right": "files", "path": "/etc", "profile": "Default"}, True, line_of("[profile.Default"), "grants files"),
        ({"right": "tunnels", "tunnel": "10.1.2.3:22"}, True, line_of('allow = "10'), "10.0.0.0/8:22 is allowed"),
        ({"right": "tunnels", "tunnel": "10.1.2.3:23"}, False, line_of('allow = "10'), "only 10.0.0.0/8:22"),
        ({"right": "privacy", "path": "/srv/share"}, False, line_of("[profile.Default"), "does not grant"),
    ],
    ids=str,
)
def test_the_line_that_decides_is_told(office, question, allowed, line, reason):
    decision = ask(office, **question)
    assert (decision.allowed, decision.line) == (allowed, line)
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("who", "decision"),
    [
        ("anna@acme", Decision(True, "*@acme is on the access list", line_of('who = "*@acme"'))),
        ("old@other", Decision(False, "the entry old@other of the access list is off", line_of("enabled = false"))),
        ("eve@evil", Decision(False, "not on the access list", line_of("list"))),
    ],
)
def test_who_may_ask_is_told_with_the_entry_that_says_so(office, who, decision):
    assert office.may_ask(parse_who(who)) == decision


def test_while_the_list_is_off_everybody_may_ask_and_that_is_told_with_its_line():
    policy = Policy.from_toml(b"[[allow]]\nwho = 'old@other'\nenabled = false\n\n[access]\n\nlist = false\n")
    for who in ("old@other", "eve@evil"):
        assert policy.may_ask(parse_who(who)) == Decision(True, "the access list is off", 7)


@pytest.mark.parametrize(
    ("who", "profile", "now", "decision"),
    [
        ("bob@acme", "Default", 0, Decision(False, "bob@acme may not come in", line_of('who = "bob'))),
        ("anna@acme", "Nobody", 0, Decision(False, "there is no profile 'Nobody'", None)),
        (
            "anna@acme",
            "Full Access",
            0,
            Decision(False, "the profile 'Full Access' is disabled", line_of("enabled = false", 2)),
        ),
        (
            "anna@acme",
            "Support",
            MONDAY_NOON + 6 * HOUR,
            Decision(False, "no time window that is about this client is open", line_of("[[window]]")),
        ),
        (
            "anna@acme",
            "Support",
            MONDAY_NOON,
            Decision(True, "*@acme is on the access list", line_of('who = "*@acme"')),
        ),
    ],
)
def test_who_may_come_in_is_told_with_what_says_so(office, who, profile, now, decision):
    assert office.may_come_in(parse_who(who), profile, now) == decision


@pytest.mark.parametrize(
    ("question", "decision"),
    [
        ({"who": "eve@acme", "right": "files"}, Decision(False, "files is denied to eve@acme", line_of("rights = ["))),
        (
            {"right": "print"},
            Decision(False, "the profile 'Default' does not grant print", line_of("print")),
        ),
        (
            {"right": "files", "path": "/srv/share/private/a"},
            Decision(False, "/srv/share/private is denied", line_of("deny = ")),
        ),
        (
            {"right": "files", "path": "/etc"},
            Decision(False, "only /srv/share and what else is named is allowed", line_of('allow = "/srv')),
        ),
        (
            {"right": "tunnels", "tunnel": "10.1.2.3:22"},
            Decision(True, "10.0.0.0/8:22 is allowed", line_of('allow = "10')),
        ),
    ],
)
def test_a_decision_is_told_in_one_sentence(office, question, decision):
    assert ask(office, **question) == decision


def test_an_empty_policy_is_what_a_new_host_does():
    policy = Policy.from_toml(b"")
    assert ask(policy, "x@evil", "Default") == Decision(
        True, "the profile 'Default' grants view as long as the file does not say otherwise", None
    )
    assert not ask(policy, "x@evil", "Default", "tunnels").allowed
    assert ask(policy, "x@evil", "Full Access", "tunnels").allowed
    assert not ask(policy, "x@evil", "Screen Sharing", "control").allowed


def test_a_client_is_one_alias_or_one_whole_fingerprint():
    assert parse_who("Anna@ACME") == Who("", "anna@acme", "")
    assert parse_who("F" * 64) == Who("f" * 64, None, "")
    for text in ("*@acme", "f" * 63, "anna", "f?" * 32):
        with pytest.raises(UsageError):
            parse_who(text)


def test_assertions_that_hold_are_silent_and_others_are_told(office):
    assert failures(office, MONDAY_NOON) == []
    wrong = Policy.from_toml(OFFICE.replace(b'expect = "deny"', b'expect = "allow"'))
    (failure,) = failures(wrong, MONDAY_NOON)
    assert failure.line == line_of("[[assert]]", 2)
    assert failure.decision.line == line_of('who = "bob')


def test_an_assertion_without_a_time_is_asked_now():
    text = b"""
        window = [{from = "08:00", to = "09:00"}]
        assert = [{who = "a@b", profile = "Default", right = "view", expect = "allow"}]
    """
    policy = Policy.from_toml(text)
    assert failures(policy, MONDAY_NOON - 4 * HOUR) == []
    assert len(failures(policy, MONDAY_NOON)) == 1


NIGHT = '[[window]]\nfrom = "20:00"\n[[assert]]\nwho = "a@b"\nprofile = "Default"\nright = "view"\nexpect = "allow"\n'


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2030-01-07T21:00:00", True),
        ("2030-01-07T21:00:00Z", True),
        ("2030-01-07T20:00:00+02:00", False),
        ("2030-01-07T19:00:00-02:00", True),
    ],
)
@pytest.mark.usefixtures("far_from_utc")
def test_an_assertion_may_name_a_time_of_its_own(at, holds):
    policy = Policy.from_toml(f"{NIGHT}at = {at}\n".encode())
    assert (failures(policy, MONDAY_NOON) == []) is holds


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ('path = "/srv/a"', True),
        ('path = "/etc"', False),
        ('tunnel = "a.lan:80"', True),
        ('tunnel = "a.lan:22"', False),
    ],
)
def test_an_assertion_may_name_a_path_or_a_tunnel(asked, holds):
    limits = (
        '[[path]]\nallow = "/srv"\n[[tunnel]]\nallow = "*.lan:80"\n[[assert]]\nwho = "a@b"\nprofile = "Full Access"\n'
    )
    right = "files" if asked.startswith("path") else "tunnels"
    policy = Policy.from_toml(f'{limits}right = "{right}"\nexpect = "allow"\n{asked}\n'.encode())
    assert (failures(policy, MONDAY_NOON) == []) is holds


# -- what is refused, with its line -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[access", "not TOML"),
        ("\n[access]\nlist = 1", "line 3: expected `bool`"),
        ("\n\nwat = 1", "line 3: object contains unknown field `wat`"),
        ("[[allow]]\nwho = 'a@b'\n[[allow]]\nwhat = 'c@d'", "line 4: object contains unknown field `what`"),
        ("[[allow]]\nwho = 'a b'", "line 1:"),
        ("[[allow]]\nwho = 'a@b'\n[[allow]]\nwho = 'A@B'", "line 3: a@b stands in the access list twice"),
        ("[[deny]]\nwho = '*@acme@x'", "line 1:"),
        ("[[deny]]\nwho = 'a@b'\nrights = ['fles']", "line 3: invalid enum value 'fles'"),
        ("[[deny]]\nwho = 'a@b'\nrights = []", "line 3:"),
        ("[[window]]\nfrom = '25:00'", "line 2:"),
        ("[[window]]\nto = '8:00'", "line 2:"),
        ("[[window]]\ndays = ['monday']", "line 2: invalid enum value 'monday'"),
        ("[[window]]\ndays = []", "line 1: the window is never open"),
        ("[[window]]\nfrom = '08:00'\nto = '08:00'", "line 1: the window is never open"),
        ("[[window]]\nfrom = '24:00'\nto = '08:00'", "line 1: the window is never open"),
        ("[[deny]]\nwho = 'a@b@c'", "line 1: 'a@b@c' is no alias"),
        ("[[path]]\nallow = '" + "x" * 200 + "'", f"line 1: {'x' * 100!r} is not an absolute path"),
        ("[[tunnel]]\nallow = '" + "x" * 200 + "'", f"line 1: {'x' * 100!r} is not a target"),
        ("[[window]]\nzone = 'Europe/Bielefeld'", "line 1: 'Europe/Bielefeld' is not a time zone"),
        ("[[window]]\nzone = '../../etc/passwd'", "line 1:"),
        ("[[window]]\nprofile = 'Nobody'", "line 2: there is no profile 'Nobody'"),
        ("[[path]]\nallow = '/a'\ndeny = '/b'", "line 1: a limit says either"),
        ("[[path]]\nprofile = 'Default'", "line 1: a limit says either"),
        ("[[path]]\nallow = 'a'", "line 1: 'a' is not an absolute path"),
        ("[[path]]\nallow = '/a/../b'", "line 1:"),
        ("[[tunnel]]\nallow = 'host'", "line 1: 'host' is not a target"),
        ("[[tunnel]]\nallow = 'host:0'", "line 1:"),
        ("[[tunnel]]\nallow = 'host:9-8'", "line 1:"),
        ("[[tunnel]]\nallow = 'host:65536'", "line 1:"),
        ("[profile.A]\n[profile.B]\nenabled = 3", "line 2:"),
        ("[profile]\nA = 3", "line 2:"),
        ("[profile.A]\n[profile.B.rights]\nfiles = true\nfles = true", "line 4:"),
        ("[profile.' A']", "line 1: a profile's name"),
        ("[[assert]]\nwho = 'a@b'\nright = 'view'\nexpect = 'allow'", "line 1:"),
        ("[[assert]]\nwho = '*@b'\nprofile = 'Default'\nright = 'view'\nexpect = 'allow'", "line 1: '*@b' means many"),
        ("[[assert]]\nwho = 'a@b'\nprofile = 'Default'\nright = 'view'\nexpect = 'maybe'", "line 5:"),
        ("[[assert]]\nwho = 'a@b'\nprofile = 'X'\nright = 'view'\nexpect = 'deny'", "line 3: there is no profile 'X'"),
        ("\n" + "[[deny]]\n" * (MOST_RULES + 1), "line 2: expected `array` of length <= 500"),
        ("\n[a.b]\nc = 1\n[a.d]", "line 2: object contains unknown field `a`"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(text, said):
    with pytest.raises(SettingRefused) as refused:
        Policy.from_toml(text.encode())
    assert said in str(refused.value)


@settings(max_examples=400)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_a_policy_or_refused(raw):
    with contextlib.suppress(SettingRefused):
        Policy.from_toml(raw)


@settings(max_examples=400)
@given(st.data())
def test_a_mutated_policy_is_a_policy_or_refused(data):
    raw = bytearray(OFFICE)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b'[]"=.\n{}#ax*@1'))
    try:
        policy = Policy.from_toml(bytes(raw))
    except SettingRefused:
        return
    ask(policy, profile="Default")

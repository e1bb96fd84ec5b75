"""`fanlight access`: what each command says and does, and that the rules obey it."""

import stat
import subprocess

import av
import pyotp
import pytest
from access_commands import access, fanlight, home, refused

from commands import fanlight_command, run_fanlight
from fanlight.access import Who, rights
from fanlight.config import Home
from fanlight.types import Permission
from patience import PATIENCE

__all__ = ["access", "fanlight", "home", "refused"]  # Fixtures.

PASSWORD = "correct horse"
OWNER = Who("a" * 64, None, "192.0.2.1:1")
STANDARD = sorted(set(Permission) - {Permission.PRIVACY, Permission.TUNNELS})


def test_a_new_home_lets_nobody_in_without_a_person(access):
    status = access("status")
    names = ["Default", "Full Access", "Screen Sharing", "Unattended Access"]
    assert status["unattended"] is False
    assert status["interactive"] == "always"
    assert [each["name"] for each in status["profiles"]] == names
    assert all(each["enabled"] and not each["has_password"] for each in status["profiles"])
    assert status["totp"] == {"state": "off", "ask": {"tokens": False, "resume": False}, "recovery_codes": 0}
    assert status["tokens"] == {"allowed": True, "count": 0}
    assert status["acl"] == {"on": False, "entries": []}
    assert (status["throttle"], status["admin_secret"], status["preset"]) == ({}, False, "standard")


def test_unattended_access_is_switched_on_and_off(access, home):
    assert access("unattended", "on") == {"unattended": True, "password": False}
    assert Home(home).rules().unattended is True
    assert access("status")["unattended"] is True
    assert access("unattended", "off")["unattended"] is False
    assert Home(home).rules().unattended is False


def test_a_password_is_set_from_standard_input_for_a_profile(access, home):
    said = access("password", "set", "--profile", "Full Access", stdin=f"{PASSWORD} battery\nrest")
    assert said == {"profile": "Full Access", "unattended": False, "warning": None}
    assert access("password", "set", stdin="xK7q-Z2w!m")["warning"].startswith("the password is short")
    assert Home(home).rules().passwords.profiles() == {"Full Access", "Unattended Access"}
    assert access("password", "clear") == {"profile": "Unattended Access", "had_password": True}
    assert access("password", "clear")["had_password"] is False
    assert [each["name"] for each in access("status")["profiles"] if each["has_password"]] == ["Full Access"]


@pytest.mark.parametrize(
    ("stdin", "code", "why"),
    [
        ("", 2, "standard input is empty"),
        ("short", 1, "too short"),
        ("password123", 1, "too easy to guess"),
        ("fanlight 1", 1, "too easy to guess"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(refused, home, stdin, code, why):
    refused("password", "set", stdin=stdin, code=code, why=why)
    assert not Home(home).rules().has_password


def test_the_names_of_user_and_computer_make_a_password_weak(refused, monkeypatch):
    monkeypatch.setattr("fanlight.cli.access_password.owner_names", lambda: ("wolkenfreund", "desk"))
    refused("password", "set", stdin="wolkenfreund9", why="too easy")


def test_a_password_is_never_an_argument(fanlight):
    done = fanlight("access", "password", "set", PASSWORD)
    assert done.code == 2
    assert "unexpected extra argument" in done.err


def test_the_preset_nist_asks_for_longer_passwords(access, refused):
    assert access("password", "preset", "nist") == {"preset": "nist"}
    refused("password", "set", stdin="xK7q-Z2w!mBa", why="at least 15")
    assert access("status")["preset"] == "nist"


def test_no_profile_of_a_name_is_a_usage_error(refused):
    for arguments in (
        ("password", "set", "--profile", "Nobody"),
        ("password", "clear", "--profile", "Nobody"),
        ("profile", "show", "Nobody"),
        ("profile", "delete", "Nobody"),
        ("profile", "enable", "Nobody"),
        ("profile", "set", "Nobody", "files=yes"),
    ):
        refused(*arguments, stdin=PASSWORD, code=2, why="there is no profile 'Nobody'")


def test_interactive_access_has_three_modes_and_never_warns(access, home):
    assert access("interactive", "window") == {"interactive": "window", "warning": None}
    assert "no password is set" in access("interactive", "never")["warning"]
    access("password", "set", stdin=PASSWORD + "!")
    assert "unattended access is off" in access("interactive", "never")["warning"]
    access("unattended", "on")
    assert access("interactive", "never")["warning"] is None
    assert Home(home).rules().interactive == "never"
    assert access("interactive", "always")["interactive"] == "always"


# -- two-factor codes --------------------------------------------------------------------------------------------------


def test_codes_are_enrolled_confirmed_and_switched_off(access, refused, monkeypatch, home):
    monkeypatch.setattr("time.time", lambda: 1_900_000_000.0)
    said = access("totp", "enrol")
    assert set(said) == {"secret", "uri"}
    app = pyotp.parse_uri(said["uri"])
    assert access("status")["totp"]["state"] == "pending"
    refused("totp", "confirm", "000000", why="wrong code")
    refused("totp", "confirm", app.at(1_900_000_300), why="clocks differ by about 5 min")
    confirmed = access("totp", "confirm", app.at(1_900_000_000))
    assert confirmed["totp"] == "on"
    assert len(set(confirmed["recovery_codes"])) == 10
    refused("totp", "enrol", why="on already")
    assert access("totp", "ask", "--tokens", "yes") == {"ask": {"tokens": True, "resume": False}}
    assert access("totp", "ask", "--tokens", "no", "--resume", "yes") == {"ask": {"tokens": False, "resume": True}}
    refused("totp", "ask", code=2, why="nothing to change")
    state = {"state": "on", "ask": {"tokens": False, "resume": True}, "recovery_codes": 10}
    assert access("status")["totp"] == state
    assert access("totp", "off") == {"totp": "off"}
    assert Home(home).rules().totp.on is False


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_qr_code_is_a_new_private_file(access, refused, tmp_path, ending):
    picture = tmp_path / f"code.{ending}"
    access("totp", "enrol", "--qr", picture)
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    before = picture.read_bytes()
    assert before.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending])
    refused("totp", "enrol", "--qr", picture, code=2, why="exists already")
    assert picture.read_bytes() == before
    refused("totp", "enrol", "--qr", tmp_path / "code.exe", code=2, why="no picture")


def test_the_qr_code_s_picture_can_be_opened(access, tmp_path):
    access("totp", "enrol", "--qr", tmp_path / "code.png")
    with av.open(str(tmp_path / "code.png")) as file:
        frame = next(file.decode(video=0))
    assert frame.width == frame.height > 100


def test_people_see_the_secret_the_uri_and_the_code(fanlight):
    said = fanlight("access", "totp", "enrol").out
    assert "otpauth://totp/fanlight:" in said
    assert "█" in said
    assert "totp confirm CODE" in said


# -- saved logins ------------------------------------------------------------------------------------------------------


def test_saved_logins_are_listed_and_cleared(access, home):
    assert access("tokens", "list") == {"tokens": []}
    Home(home).rules().tokens.issue(Who("b" * 64, "anna@acme", ""), "Default", 1_900_000_000.5)
    token = {"fingerprint": "b" * 64, "alias": "anna@acme", "profile": "Default"}
    assert access("tokens", "list")["tokens"] == [token | {"issued": "2030-03-17T17:46:40+00:00", "used": None}]
    assert access("status")["tokens"] == {"allowed": True, "count": 1}
    assert access("tokens", "forbid") == {"allowed": False}
    assert access("status")["tokens"] == {"allowed": False, "count": 1}
    assert access("tokens", "allow") == {"allowed": True}
    assert access("tokens", "clear") == {"cleared": 1}
    assert access("tokens", "list") == {"tokens": []}


# -- the access list ---------------------------------------------------------------------------------------------------


def test_the_access_list_is_kept(access, refused, home):
    assert "nobody" in access("acl", "on")["warning"]
    assert access("acl", "add", "*@ACME") == {"pattern": "*@acme", "done": "added"}
    assert access("acl", "on") == {"on": True, "warning": None}
    rules = Home(home).rules()
    assert rules.may_ask(Who("b" * 64, "x@acme", ""), 0.0) is None
    assert rules.may_ask(Who("b" * 64, "x@acme.evil", ""), 0.0) is not None
    assert access("acl", "disable", "*@acme")["done"] == "disabled"
    assert access("acl", "list") == {"on": True, "entries": [{"pattern": "*@acme", "on": False}]}
    assert rules.may_ask(Who("b" * 64, "x@acme", ""), 0.0) is not None
    assert access("acl", "enable", "*@acme")["done"] == "enabled"
    assert access("acl", "remove", "*@acme")["done"] == "removed"
    refused("acl", "remove", "*@acme", why="is not on the access list")
    refused("acl", "add", "a@b@c", code=2, why="no alias")
    assert access("acl", "off") == {"on": False, "warning": None}


# -- profiles ----------------------------------------------------------------------------------------------------------


def test_profiles_are_made_changed_and_deleted(access, refused, home):
    assert access("profile", "create", "Guests") == {"name": "Guests", "done": "created", "rights": STANDARD}
    changed = access("profile", "set", "Guests", "files=no", "tunnels=yes")
    assert changed["rights"] == sorted({*STANDARD, "tunnels"} - {"files"})
    shown = access("profile", "show", "Guests")
    assert shown["rights"] == {each.value: each.value in changed["rights"] for each in Permission}
    assert shown["standard"] == [each.value for each in Permission if each not in ("files", "tunnels")]
    assert (shown["name"], shown["enabled"], shown["has_password"]) == ("Guests", True, False)
    assert access("profile", "set", "Guests", "tunnels=standard")["rights"] == sorted({*STANDARD} - {"files"})
    assert access("profile", "disable", "Guests")["done"] == "disabled"
    assert "Guests" not in Home(home).rules().profiles.enabled()
    rows = {each["name"]: each for each in access("profile", "list")["profiles"]}
    assert rows["Guests"] == {
        "name": "Guests",
        "enabled": False,
        "has_password": False,
        "rights": sorted({*STANDARD} - {"files"}),
    }
    assert rows["Screen Sharing"]["rights"] == ["view"]
    assert access("profile", "enable", "Guests")["done"] == "enabled"
    assert access("profile", "delete", "Guests") == {"name": "Guests", "done": "deleted", "rights": []}
    refused("profile", "delete", "Default", why="cannot be deleted")
    refused("profile", "create", "default", why="already")


@pytest.mark.parametrize("right", ["teleport=yes", "files", "files=maybe", "=yes", "FILES=yes"])
def test_what_is_no_right_or_answer_is_a_usage_error(refused, home, right):
    refused("profile", "set", "Default", "view=no", right, code=2)
    assert Home(home).rules().profiles.rights(rights.DEFAULT) == set(STANDARD)


# -- throttling --------------------------------------------------------------------------------------------------------


def test_wrong_tries_are_shown_and_forgotten(access, fanlight, home, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_900_000_000.0)
    rules = Home(home).rules()
    for _ in range(21):
        rules.password(OWNER, b"", b"", 1_900_000_000.0)
    assert access("status")["throttle"] == {"guess strangers": 180.0}
    assert "guess strangers, for 180 s" in fanlight("access", "status").out
    assert access("reset-throttle") == {"throttle": {}}
    assert access("status")["throttle"] == {}


# -- while a session controls this computer ----------------------------------------------------------------------------

CHANGES = [
    ("unattended", "on"),
    ("interactive", "never"),
    ("password", "set"),
    ("password", "clear"),
    ("password", "preset", "nist"),
    ("totp", "enrol"),
    ("totp", "confirm", "000000"),
    ("totp", "off"),
    ("totp", "ask", "--tokens", "yes"),
    ("tokens", "allow"),
    ("tokens", "forbid"),
    ("tokens", "clear"),
    ("acl", "on"),
    ("acl", "off"),
    ("acl", "add", "*@acme"),
    ("acl", "remove", "*@acme"),
    ("acl", "enable", "*@acme"),
    ("acl", "disable", "*@acme"),
    ("profile", "create", "Guests"),
    ("profile", "delete", "Guests"),
    ("profile", "enable", "Default"),
    ("profile", "disable", "Default"),
    ("profile", "set", "Default", "files=no"),
    ("reset-throttle",),
    ("admin-secret", "set"),
    ("admin-secret", "clear"),
]


@pytest.fixture
def controlled(monkeypatch):
    monkeypatch.setattr("fanlight.cli.access_change.controlled", lambda home: True)


@pytest.mark.parametrize("change", CHANGES, ids=" ".join)
def test_no_setting_can_be_changed_from_inside_a_session(refused, access, controlled, change):
    before = access("status")
    refused(*change, stdin=PASSWORD + "!!", why="a session controls this computer")
    assert access("status") == before


def test_every_command_that_changes_something_asks(fanlight):
    from fanlight.cli.access import access as group

    asking = {name for name, options in _commands(group) if "--admin-file" in options}
    assert asking == {
        change[: 1 if len(change) == 1 or change[0] in ("unattended", "interactive") else 2] for change in CHANGES
    }
    reading = {name for name, options in _commands(group) if "--admin-file" not in options}
    assert reading == {("status",), ("tokens", "list"), ("acl", "list"), ("profile", "list"), ("profile", "show")}


def _commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), {option for each in command.params for option in each.opts}


def test_the_admin_secret_opens_the_settings(access, refused, controlled, monkeypatch, tmp_path, home):
    monkeypatch.setattr("fanlight.cli.access_change.controlled", lambda home: False)
    assert access("admin-secret", "set", stdin="an admin's own secret") == {"admin_secret": True, "warning": None}
    monkeypatch.setattr("fanlight.cli.access_change.controlled", lambda home: True)
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("an admin's own secret\n")
    wrong.write_text("a viewer's guess\n")
    refused("unattended", "on", why="--admin-file FILE")
    refused("unattended", "on", "--admin-file", wrong, why="the admin secret is wrong")
    refused("unattended", "on", "--admin-file", tmp_path / "none", code=2, why="cannot read")
    assert Home(home).rules().unattended is False
    assert access("unattended", "on", "--admin-file", right)["unattended"] is True
    assert access("password", "set", "--admin-file", right, stdin=PASSWORD + "!!")["profile"] == "Unattended Access"
    refused("admin-secret", "clear", why="--admin-file FILE")
    assert access("admin-secret", "clear", "--admin-file", right) == {"admin_secret": False}
    assert access("status")["admin_secret"] is False


def test_changes_stand_in_the_audit_without_secrets(access, fanlight, home):
    access("unattended", "on")
    access("password", "set", stdin=PASSWORD + "!!")
    access("profile", "set", "Default", "files=no")
    access("acl", "add", "*@acme")
    written = "".join(path.read_text() for path in home.glob("audit*.jsonl"))
    for setting, value in (
        ("unattended", "on"),
        ("password of Unattended Access", "set"),
        ("profile Default", "set: files=no"),
        ("access list", "added *@acme"),
    ):
        assert f'"setting":"{setting}","value":"{value}"' in written
    assert PASSWORD not in written


# -- as processes ------------------------------------------------------------------------------------------------------


def test_as_a_process_a_refusal_exits_1_and_a_misuse_2(tmp_path):
    weak = run_fanlight("access", "password", "set", "--home", tmp_path / "home", stdin="12345678\n")
    assert (weak.returncode, weak.stdout) == (1, "")
    assert "too easy to guess" in weak.stderr
    assert "Traceback" not in weak.stderr
    assert run_fanlight("access", "unattended", "perhaps", "--home", tmp_path / "home").returncode == 2


def test_a_home_that_others_can_read_is_refused(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    done = subprocess.run(
        fanlight_command("access", "status", "--home", home),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert "chmod 700" in done.stderr

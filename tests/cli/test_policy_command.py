import pytest
from in_process import Command

OFFICE = """\
[access]
list = true

[[allow]]
who = "*@acme"

[[deny]]
who = "eve@acme"
rights = ["files"]

[[window]]
profile = "Support"
from = "08:00"
to = "18:00"

[profile.Support.rights]
tunnels = true

[[path]]
allow = "/srv"

[[assert]]
who = "eve@acme"
profile = "Default"
right = "files"
expect = "deny"
"""


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    return Command(tmp_path / "home", monkeypatch, capsys)


@pytest.fixture
def office(tmp_path):
    path = tmp_path / "office.toml"
    path.write_text(OFFICE)
    return path


@pytest.fixture
def wrong(tmp_path):
    """A policy whose assertion does not hold."""
    path = tmp_path / "wrong.toml"
    path.write_text(OFFICE.replace('expect = "deny"', 'expect = "allow"'))
    return path


def test_a_policy_is_checked(command, office, tmp_path):
    assert command("policy", "check", office, "--json").json == {"valid": True, "assertions": 1}
    office.write_text(OFFICE.replace("08:00", "8 o'clock"))
    done = command("policy", "check", office)
    assert (done.code, done.out) == (1, "")
    assert f"{office}: line 13: " in done.err
    assert command("policy", "check", tmp_path / "none.toml").code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "place"),
    [
        (["--who", "eve@acme", "--right", "files", "--profile", "Default"], 1, "office.toml:9: deny"),
        (["--who", "eve@acme", "--right", "view", "--profile", "Default"], 0, "office.toml: allow"),
        (["--who", "x@evil", "--right", "view", "--profile", "Default"], 1, "office.toml:2: deny"),
        (["--who", "a@acme", "--right", "tunnels", "--at", "2030-01-07T12:00"], 0, "office.toml:17: allow"),
        (["--who", "a@acme", "--right", "tunnels", "--at", "2030-01-07T07:00"], 0, "office.toml:11: deny"),
        (["--who", "a@acme", "--right", "files", "--profile", "Default", "--path", "/etc"], 1, "office.toml:20: deny"),
        (["--who", "a@acme", "--right", "nothing"], 2, ""),
        (["--who", "a@acme", "--right", "view", "--profile", "Nobody"], 2, ""),
        (["--who", "*@acme", "--right", "view"], 2, ""),
        (["--who", "a@acme", "--right", "view", "--at", "noon"], 2, ""),
    ],
)
def test_the_line_that_decides_is_explained(command, office, arguments, code, place):
    done = command("policy", "explain", office, *arguments)
    assert done.code == code
    assert place in done.out


def test_an_explanation_is_for_programs_too(command, office):
    done = command("policy", "explain", office, "--who", "eve@acme", "--right", "files", "--json")
    assert done.code == 1
    assert done.json["allowed"] is False
    assert {row["profile"]: row["line"] for row in done.json["decisions"]}["Full Access"] == 9


def test_the_assertions_of_a_policy_are_run(command, office, wrong):
    done = command("policy", "test", office)
    assert (done.code, done.out) == (0, "1 of 1 assertions hold\n")
    done = command("policy", "test", wrong)
    assert done.code == 1
    assert "wrong.toml:22: expected to allow files for eve@acme with 'Default', but: files is denied" in done.out
    assert command("policy", "test", wrong, "--json").json["failed"] == [
        {"line": 22, "reason": "files is denied to eve@acme", "decided": 9}
    ]


def test_who_gains_what_is_told(command, office, tmp_path):
    new = tmp_path / "new.toml"
    new.write_text(OFFICE.replace('["files"]', '["view"]').replace("18:00", "19:00"))
    said = command("policy", "diff", office, new).out.splitlines()
    assert "eve@acme with 'Default': gains files; loses view" in said
    assert "*@acme with 'Support': gains 7 hours of the week, from Mon 18:00 UTC" in said
    assert command("policy", "diff", office, office).out == "nothing changes for anybody\n"
    rows = command("policy", "diff", office, new, "--json").json["changes"]
    (row,) = [row for row in rows if (row["who"], row["profile"]) == ("eve@acme", "Default")]
    assert (row["gains"], row["loses"], row["hours_gained"]) == (["files"], ["view"], 0)


def test_a_policy_is_applied_to_the_settings_and_written_out_again(command, office, tmp_path):
    assert command("access", "profile", "create", "Mine").code == 0
    done = command("policy", "apply", office, "--json")
    assert (done.code, done.json) == (0, {"applied": True, "disabled": ["Mine"]})
    assert command("access", "acl", "list", "--json").json["on"] is True
    assert command("policy", "export", "--out", tmp_path / "again.toml").code == 0
    office.write_text(OFFICE + "[profile.Mine]\nenabled = false\n")
    assert command("policy", "diff", office, tmp_path / "again.toml", "--json").json == {"changes": []}
    assert command("policy", "export").out == (tmp_path / "again.toml").read_text()
    assert f"setting=policy value={office}" in command("audit", "show").out


def test_a_policy_whose_assertions_fail_is_not_applied(command, wrong):
    done = command("policy", "apply", wrong)
    assert (done.code, done.out) == (1, "")
    assert "nothing was changed" in done.err
    assert command("access", "acl", "list", "--json").json["on"] is False

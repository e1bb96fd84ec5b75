"""--home: before the command or behind it, the same home."""

import json

import pytest

from commands import run_fanlight


def test_it_may_stand_before_the_command_or_behind_it(tmp_path):
    before, behind = tmp_path / "before", tmp_path / "behind"
    for arguments in (
        ("--home", before, "access", "unattended", "on"),
        ("access", "unattended", "on", "--home", behind),
    ):
        assert run_fanlight(*arguments).returncode == 0
    for home in (before, behind):
        told = [
            run_fanlight("--home", home, "access", "status", "--json"),
            run_fanlight("access", "status", "--json", "--home", home),
        ]
        assert [json.loads(one.stdout)["unattended"] for one in told] == [True, True]


def test_the_one_behind_the_command_counts(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    assert run_fanlight("--home", one, "identity", "show", "--home", other).returncode == 0
    assert not one.exists()
    assert other.is_dir()


@pytest.mark.parametrize("command", [("demo",), ("bench", "core")])
def test_what_uses_no_home_refuses_one(tmp_path, command):
    refused = run_fanlight("--home", tmp_path / "home", *command)
    assert refused.returncode == 2
    assert f"{command[0]} uses no home" in refused.stderr
    assert not (tmp_path / "home").exists()


def test_what_is_no_directory_is_refused_before_the_command_too(tmp_path):
    file = tmp_path / "file"
    file.touch()
    refused = run_fanlight("--home", file, "identity", "show")
    assert refused.returncode == 2
    assert "is a file" in refused.stderr

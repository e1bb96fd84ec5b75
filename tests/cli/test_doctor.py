"""`fanlight doctor` on a computer with a screen, without one, and with a broken home."""

import pytest
from in_process import Command

from fanlight.config import Home


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY", raising=False)
    return Command(tmp_path / "home", monkeypatch, capsys)


def findings(done):
    return {finding["part"]: finding for finding in done.json["findings"]}


def test_a_screen_is_captured_and_an_injector_opened(command, xvfb):
    done = command("doctor", "--display", xvfb, "--json")
    assert (done.code, done.json["healthy"]) == (0, True)
    found = findings(done)
    assert found["screen"]["says"].startswith(f"{xvfb}: 1024x768 by x11 (")
    for part in ("core", "screen", "input", "virtual display", "encoder hybrid", "encoder tiles", "encoder h264"):
        assert found[part]["state"] == "ok", found[part]


def test_what_is_absent_is_told_and_is_no_fault(command):
    done = command("doctor")
    assert done.code == 0
    assert done.err == ""
    assert "absent  screen             DISPLAY is not set" in done.out
    assert "broken" not in done.out
    assert not command.home.exists()


def test_a_display_that_does_not_answer_is_told_in_a_sentence(command):
    found = findings(command("doctor", "--display", ":65000", "--json"))
    assert [found[part]["state"] for part in ("screen", "input")] == ["absent", "absent"]
    assert ":65000" in found["screen"]["says"]


def test_a_screen_without_xtest_can_be_seen_and_not_controlled(command, start_xvfb):
    found = findings(command("doctor", "--display", start_xvfb("-extension", "XTEST").name, "--json"))
    assert (found["screen"]["state"], found["input"]["state"]) == ("ok", "absent")


def test_a_home_that_others_can_read_is_broken_and_exits_with_1(command):
    place = Home(command.home)
    place.rules().close()
    (command.home / "pepper").chmod(0o644)
    done = command("doctor", "--json")
    assert (done.code, done.json["healthy"]) == (1, False)
    assert findings(done)["home"]["state"] == "broken"


def test_a_log_that_was_cut_is_broken(command):
    place = Home(command.home)
    audit = place.audit(place.store())
    for number in range(3):
        audit.append("password", 1_900_000_000.0 + number, reason="wrong password")
    log = command.home / "audit.jsonl"
    log.write_bytes(b"\n".join(log.read_bytes().split(b"\n")[:-2]) + b"\n")
    done = command("doctor", "--json")
    assert done.code == 1
    assert "fanlight audit verify" in findings(done)["home"]["says"]

"""`fanlight sessions` and the ways of `fanlight connect`, as scripts use them: exit codes and JSON."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from commands import HostProcess, StartHost, fanlight_command, password_file, run_fanlight, start_host
from patience import PATIENCE
from x_server import wait_until

__all__ = ["password_file", "start_host"]  # Fixtures.


@pytest.fixture
def host(start_host: StartHost) -> HostProcess:
    return start_host("--virtual", "320x200")


class Programs:
    """`fanlight connect` in the background; what is not to end by itself is given longer than any test takes."""

    def __init__(self, host: HostProcess, home: Path) -> None:
        self.host, self.home = host, home
        self.running: list[subprocess.Popen[str]] = []

    def connect(self, *arguments: object, seconds: float = 1000) -> subprocess.Popen[str]:
        command = fanlight_command(
            *("connect", self.host.address, "--headless", "--json", "--home", self.home, "--seconds", seconds),
            *("--trust", self.host.fingerprint, *arguments),
        )
        program = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.running.append(program)
        return program


@pytest.fixture
def programs(host: HostProcess, tmp_path: Path) -> Iterator[Programs]:
    made = Programs(host, tmp_path / "viewer")
    yield made
    for program in made.running:
        program.kill()
        program.communicate()


def sessions(host: HostProcess, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run_fanlight("sessions", *arguments, "--home", host.home)


def listed(host: HostProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sessions(host, "list", "--json").stdout)["sessions"]
    return found


def wait_for(host: HostProcess, state: str) -> dict[str, Any]:
    """Wait until there is one session, in this state."""
    wait_until(lambda: [each["state"] for each in listed(host)] == [state])
    return listed(host)[0]


def ended(program: subprocess.Popen[str]) -> int:
    program.communicate(timeout=PATIENCE)
    return program.returncode


def test_a_request_is_accepted_changed_and_ended(host: HostProcess, programs: Programs) -> None:
    viewer = programs.connect("--request")
    asks = wait_for(host, "requesting")
    assert (asks["alias"], asks["verified"], asks["rights"]) == (None, "key", [])
    assert "not verified" in sessions(host, "list").stdout
    assert sessions(host, "accept", asks["id"], "--profile", "no such profile").returncode == 2
    assert sessions(host, "accept", asks["id"], "--profile", "Default").returncode == 0
    facts = wait_for(host, "open")
    assert (facts["method"], facts["profile"], facts["tls"]) == ("request", "Default", "TLSv1.3")
    assert set(facts["rights"]) == {"view", "control"}
    assert sessions(host, "withdraw", asks["id"], "control").returncode == 0
    assert (listed(host)[0]["rights"], listed(host)[0]["denied"]) == (["view"], ["control"])
    assert listed(host)[0]["withdrawn"] == ["control"]
    assert sessions(host, "grant", asks["id"], "audio").returncode == 2
    assert sessions(host, "grant", asks["id"], "root").returncode == 2
    assert sessions(host, "grant", asks["id"], "control").returncode == 0
    assert set(listed(host)[0]["rights"]) == {"view", "control"}
    assert sessions(host, "end", asks["id"]).returncode == 0
    assert ended(viewer) == 8
    assert listed(host) == []
    assert sessions(host, "end", asks["id"]).returncode == 2


def test_a_request_that_is_rejected_exits_3(host: HostProcess, programs: Programs) -> None:
    viewer = programs.connect("--request")
    asks = wait_for(host, "requesting")
    assert sessions(host, "reject", asks["id"]).returncode == 0
    assert ended(viewer) == 3


def test_a_request_that_is_never_shown_exits_3(host: HostProcess, programs: Programs) -> None:
    assert run_fanlight("access", "interactive", "never", "--home", host.home).returncode == 0
    assert ended(programs.connect("--request")) == 3


def test_settings_are_locked_while_a_session_controls(
    host: HostProcess, programs: Programs, password_file: Path
) -> None:
    programs.connect("--password-file", password_file)
    facts = wait_for(host, "open")
    refused = run_fanlight("access", "unattended", "off", "--home", host.home)
    assert refused.returncode == 1
    assert "controls this computer" in refused.stderr
    assert sessions(host, "withdraw", facts["id"], "control").returncode == 0
    assert run_fanlight("access", "unattended", "off", "--home", host.home).returncode == 0


def test_a_viewer_that_controls_lets_nobody_in_without_the_admin_secret(
    host: HostProcess, programs: Programs, password_file: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "admin"
    secret.write_text("the admin of this test\n")
    set_it = run_fanlight("access", "admin-secret", "set", "--home", host.home, stdin=secret.read_text())
    assert set_it.returncode == 0, set_it.stderr
    programs.connect("--password-file", password_file)
    inside = wait_for(host, "open")
    other = Programs(host, tmp_path / "other")
    asking = other.connect("--request", seconds=0.2)
    programs.running.append(asking)
    wait_until(lambda: len(listed(host)) == 2)
    number = next(each["id"] for each in listed(host) if each["state"] == "requesting")
    for arguments in (("accept", number), ("grant", inside["id"], "view")):
        refused = sessions(host, *arguments)
        assert refused.returncode == 1
        assert "give the admin secret" in refused.stderr
    assert sessions(host, "withdraw", inside["id"], "view").returncode == 0
    assert sessions(host, "grant", inside["id"], "view", "--admin-file", secret).returncode == 0
    assert sessions(host, "accept", number, "--admin-file", secret).returncode == 0
    assert ended(asking) == 0


def test_codes_tokens_and_their_exit_codes(
    host: HostProcess, programs: Programs, password_file: Path, tmp_path: Path
) -> None:
    password = ("--password-file", password_file)
    assert ended(programs.connect(*password, "--remember", seconds=0.2)) == 0
    assert ended(programs.connect(seconds=0.2)) == 0
    enrolled = json.loads(run_fanlight("access", "totp", "enrol", "--json", "--home", host.home).stdout)
    app = pyotp.TOTP(enrolled["secret"])
    assert run_fanlight("access", "totp", "confirm", app.now(), "--home", host.home).returncode == 0
    assert ended(programs.connect(*password, seconds=0.2)) == 5
    code = tmp_path / "code"
    code.write_text("000000\n")
    assert ended(programs.connect(*password, "--code-file", code, seconds=0.2)) == 4
    assert ended(programs.connect(seconds=0.2)) == 0, "a token needs no code unless that is set"
    assert run_fanlight("access", "tokens", "clear", "--home", host.home).returncode == 0
    assert ended(programs.connect(seconds=0.2)) == 4


def test_a_request_with_a_password_is_a_misuse(host: HostProcess, programs: Programs, password_file: Path) -> None:
    assert ended(programs.connect("--request", "--password-file", password_file)) == 2


def test_where_no_host_runs_there_is_nobody_to_ask(tmp_path: Path) -> None:
    done = run_fanlight("sessions", "list", "--home", tmp_path)
    assert done.returncode == 1
    assert "no host runs" in done.stderr


def test_a_second_host_of_the_same_home_is_told(host: HostProcess, start_host: StartHost) -> None:
    second = start_host("--virtual", "320x200", listening=False)
    assert second.process.wait(PATIENCE) == 1
    assert "another host runs" in second.log


def test_the_console_answers_requests(start_host: StartHost, tmp_path: Path) -> None:
    home = tmp_path / "host"
    assert run_fanlight("access", "interactive", "window", "--home", home).returncode == 0
    command = fanlight_command(
        *("host", "--json", "--home", home, "--listen", "127.0.0.1:0", "--virtual", "320x200", "--console")
    )
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stderr
        facts = json.loads(process.stdout.readline())
        made = Programs(HostProcess(process, home, tmp_path / "log", **facts), tmp_path / "viewer")
        viewer = made.connect("--request", seconds=0.2)
        for answer, code in (
            ("n\n", 3),
            ("\nwhat?\ny Default -root\ny No Such -control\ny Screen Sharing -control\n", 0),
        ):
            viewer = made.connect("--request", seconds=0.2) if code == 0 else viewer
            while "asks to be let in from" not in process.stderr.readline():
                pass
            process.stdin.write(answer)
            process.stdin.flush()
            assert ended(viewer) == code
        process.stdin.close()
        process.terminate()


def test_a_revoked_alias_and_a_disabled_profile_end_their_sessions_at_once(
    host: HostProcess, programs: Programs, password_file: Path, tmp_path: Path
) -> None:
    key, certificate, exported = tmp_path / "key.pem", tmp_path / "ann.pem", tmp_path / "acme.pem"
    for arguments in (
        ("identity", "export", "--out", key, "--home", programs.home),
        ("namespace", "create", "acme", "--home", host.home),
        ("namespace", "issue", "ann@acme", key, "--out", certificate, "--home", host.home),
        ("namespace", "export", "acme", "--out", exported, "--home", host.home),
        ("namespace", "trust", exported, "--home", host.home),
        ("identity", "certificate", "add", certificate, "--home", programs.home),
        ("access", "profile", "set", "Unattended Access", "control=no", "--home", host.home),
    ):
        done = run_fanlight(*arguments)
        assert done.returncode == 0, done.stderr
    viewer = programs.connect("--password-file", password_file)
    facts = wait_for(host, "open")
    assert (facts["alias"], facts["verified"], facts["rights"]) == ("ann@acme", "namespace", ["view"])
    assert run_fanlight("namespace", "revoke", "ann@acme", "--home", host.home).returncode == 0
    assert ended(viewer) == 8
    assert "revoked" in host.log
    assert ended(programs.connect("--password-file", password_file)) == 3
    assert run_fanlight("identity", "certificate", "remove", "--home", programs.home).returncode == 0
    viewer = programs.connect("--password-file", password_file)
    wait_for(host, "open")
    assert run_fanlight("access", "profile", "disable", "Unattended Access", "--home", host.home).returncode == 0
    assert ended(viewer) == 8
    assert ended(programs.connect("--password-file", password_file)) == 4

import stat
from datetime import UTC, datetime, timedelta

import pytest
from in_process import Command

from fanlight.access.identity import Identity
from fanlight.access.trust import Trust
from fanlight.config import Home


@pytest.fixture
def host(tmp_path, monkeypatch, capsys):
    return Command(tmp_path / "host", monkeypatch, capsys)


@pytest.fixture
def boss(tmp_path, host):
    """The home in which the namespace acme is run."""
    command = host.at(tmp_path / "boss")
    assert command("namespace", "create", "ACME").code == 0
    return command


@pytest.fixture
def anna(tmp_path, host):
    command = host.at(tmp_path / "anna")
    assert command("identity", "export", "--out", tmp_path / "anna.pub").code == 0
    return command


def bring_over(tmp_path, boss, host):
    assert boss("namespace", "export", "acme", "--out", tmp_path / "acme.pem").code == 0
    return host("namespace", "trust", tmp_path / "acme.pem", "--json")


def proved(host, certificate, home, at=None):
    key = Home(home).identity().public_key
    return Trust(Home(host.home).store()).alias(certificate, key, at or datetime.now(UTC))


def test_an_alias_goes_from_the_namespace_to_the_client_to_the_host(tmp_path, host, boss, anna):
    made = boss("namespace", "issue", "Anna@Acme", tmp_path / "anna.pub", "--out", tmp_path / "anna.crt", "--json")
    assert made.json["alias"] == "anna@acme"
    assert made.json["certificate"].encode() == (tmp_path / "anna.crt").read_bytes()
    assert anna("identity", "certificate", "add", tmp_path / "anna.crt").code == 0
    shown = anna("identity", "certificate", "show", "--json").json
    assert (shown["alias"], shown["valid"]) == ("anna@acme", True)
    trusted = bring_over(tmp_path, boss, host).json
    assert trusted["namespace"] == "acme"
    own = Trust(Home(anna.home).store()).own_certificate()
    assert proved(host, own.certificate, anna.home) == "anna@acme"
    assert boss("namespace", "revoke", "anna@acme", "--json").json == {"alias": "anna@acme", "revoked": 1}
    bring_over(tmp_path, boss, host)
    with pytest.raises(Exception, match="revoked"):
        proved(host, own.certificate, anna.home)


def test_a_certificate_is_printed_where_no_file_is_named(tmp_path, boss, anna):
    made = boss("namespace", "issue", "anna@acme", tmp_path / "anna.pub", "--days", "1")
    assert made.out.startswith("-----BEGIN CERTIFICATE-----")
    assert anna("identity", "export").out.encode().strip() == (tmp_path / "anna.pub").read_bytes().strip()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("create", "a@b"), 2, "not a name"),
        (("create", "acme"), 2, "exists already"),
        (("issue", "anna@acme", "nothing"), 2, "cannot read nothing"),
        (("issue", "anna@other", "KEY"), 2, "not run from here"),
        (("issue", "anna", "KEY"), 2, "not an alias"),
        (("issue", "anna@acme", "KEY", "--days", "8"), 2, "1 to 7 days"),
        (("revoke", "anna@acme"), 2, "no certificate that is valid"),
        (("export", "other"), 2, "not run from here"),
        (("export", "anna@acme"), 2, "what stands after the @"),
        (("trust", "KEY"), 6, "no certificate"),
        (("distrust", "acme"), 6, "not trusted here"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(tmp_path, boss, anna, arguments, code, said):
    done = boss("namespace", *(tmp_path / "anna.pub" if each == "KEY" else each for each in arguments))
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_namespace_is_trusted_by_the_fingerprint_that_was_told(tmp_path, host, boss):
    fingerprint = boss("namespace", "show", "--json").json["run"]["acme"]["fingerprint"]
    boss("namespace", "export", "acme", "--out", tmp_path / "acme.pem")
    wrong = host("namespace", "trust", tmp_path / "acme.pem", "--fingerprint", "0" * 64)
    assert (wrong.code, wrong.out) == (6, "")
    assert fingerprint in wrong.err
    assert host("namespace", "trust", tmp_path / "acme.pem", "--fingerprint", fingerprint).code == 0
    assert host("namespace", "distrust", "acme").code == 0
    assert host("namespace", "show").out == "none yet\n"


def test_both_sides_of_a_namespace_are_shown(tmp_path, host, boss, anna):
    boss("namespace", "issue", "anna@acme", tmp_path / "anna.pub", "--out", tmp_path / "anna.crt")
    bring_over(tmp_path, boss, host)
    run = boss("namespace", "show", "--json").json["run"]["acme"]
    assert [(each["alias"], each["revoked"]) for each in run["aliases"]] == [("anna@acme", False)]
    assert "anna@acme  until" in boss("namespace", "show").out
    trusted = host("namespace", "show", "--json").json["trusted"]["acme"]
    until = datetime.fromisoformat(trusted["list_until"])
    assert timedelta(hours=23) < until - datetime.now(UTC) < timedelta(hours=24)
    assert "its revocation list is good until" in host("namespace", "show").out


def test_the_key_of_a_namespace_is_private(boss):
    key = boss.home / "namespace-acme.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    done = boss("namespace", "export", "acme")
    assert (done.code, done.out) == (1, "")
    assert "chmod 600" in done.err
    key.rename(boss.home / "elsewhere")
    key.symlink_to(boss.home / "elsewhere")
    assert "not a regular file" in boss("namespace", "export", "acme").err


def test_a_damaged_key_of_a_namespace_is_told(boss):
    (boss.home / "namespace-acme.pem").write_bytes(Identity.create(datetime.now(UTC)).to_pem())
    done = boss("namespace", "export", "acme")
    assert done.code == 1
    assert "namespace-acme.pem" in done.err


def test_every_change_is_in_the_audit(tmp_path, host, boss, anna):
    boss("namespace", "issue", "anna@acme", tmp_path / "anna.pub", "--out", tmp_path / "anna.crt")
    boss("namespace", "revoke", "anna@acme")
    bring_over(tmp_path, boss, host)
    bring_over(tmp_path, boss, host)
    host("namespace", "distrust", "acme")
    events = [line.split("  ")[-2] for line in boss("audit", "show").out.splitlines()]
    assert events[1:] == ["namespace created", "alias issued", "alias revoked"]
    events = [line.split("  ")[-2] for line in host("audit", "show").out.splitlines()]
    assert events[1:] == ["namespace trusted", "namespace distrusted"]


def test_a_home_without_a_certificate_says_so(anna, tmp_path, boss):
    assert anna("identity", "certificate", "show", "--json").json == {"alias": None, "expires": None, "valid": False}
    assert anna("identity", "certificate", "remove").code == 6
    boss("namespace", "issue", "anna@acme", tmp_path / "anna.pub", "--out", tmp_path / "anna.crt")
    refused = boss("identity", "certificate", "add", tmp_path / "anna.crt")
    assert (refused.code, refused.out) == (6, "")
    assert "another key" in refused.err
    assert anna("identity", "certificate", "add", tmp_path / "anna.crt").code == 0
    assert anna("identity", "certificate", "remove").code == 0
    assert "no alias" in anna("identity", "certificate", "show").out

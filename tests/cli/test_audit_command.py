import json

import pytest
from in_process import Command

from fanlight.access.audit import Audit
from fanlight.access.audit_heads import Head, keep_receipt
from fanlight.config import Home

NOW = 1_900_000_000.0


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    return Command(tmp_path / "home", monkeypatch, capsys)


@pytest.fixture
def audit(command):
    place = Home(command.home)
    audit = place.audit(place.store())
    audit.append("password", NOW, client="f" * 64, reason="wrong password")
    audit.append("files", NOW + 86_400, name="evil\x1b[2Jname")
    return audit


def test_the_entries_are_shown_for_people_and_programs(command, audit):
    lines = command("audit", "show").out.splitlines()
    assert len(lines) == 3
    assert "2030-03-17T17:46:40.000+00:00  password  client=ffff" in lines[1]
    assert "reason=wrong password" in lines[1]
    assert "\x1b" not in lines[2]
    rows = [json.loads(line) for line in command("audit", "show", "--json").out.splitlines()]
    assert [(row["seq"], row["event"]) for row in rows] == [(0, "begun"), (1, "password"), (2, "files")]
    assert rows[2]["name"] == "evil\x1b[2Jname"
    assert "sig" not in rows[0]


def test_people_are_shown_fingerprints_whole_and_keys_and_signatures_shortened(command, audit):
    audit.append("countersigned", NOW, client="f" * 64, key="3" * 182)
    line = command("audit", "show").out.splitlines()[-1]
    assert line.endswith(f"client={'f' * 64} key={'3' * 16}...")
    row = json.loads(command("audit", "show", "--json").out.splitlines()[-1])
    assert row["key"] == "3" * 182


@pytest.mark.parametrize(
    ("since", "seqs"),
    [("2", [2]), ("2030-03-18", [2]), ("2030-03-17T17:46:40", [0, 1, 2]), ("2030-03-18T18:46:40+01:00", [2])],
)
def test_entries_are_shown_since_a_date_or_a_number(command, audit, since, seqs):
    rows = [json.loads(line) for line in command("audit", "show", "--json", "--since", since).out.splitlines()]
    assert [row["seq"] for row in rows] == seqs


def test_a_date_that_is_none_is_refused(command):
    assert command("audit", "show", "--since", "yesterday").code == 2


def test_a_whole_log_is_verified(command, audit):
    done = command("audit", "verify")
    assert (done.code, done.err) == (0, "")
    assert done.out == "3 entries, 0 to 2, whole and in order\n"
    facts = command("audit", "verify", "--json").json
    assert (facts["whole"], facts["entries"], facts["faults"]) == (True, 3, [])


def test_an_empty_log_is_whole(command):
    done = command("audit", "verify")
    assert (done.code, done.out) == (0, "the audit log is empty\n")
    assert command("audit", "show").out == ""


def test_a_log_that_was_changed_is_told_with_exit_code_1(command, audit):
    log = command.home / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"wrong password", b"right password"))
    done = command("audit", "verify")
    assert done.code == 1
    assert "audit.jsonl:2: entry 1 was changed" in done.err
    assert "was changed" in done.out
    facts = command("audit", "verify", "--json")
    assert (facts.code, facts.json["whole"]) == (1, False)


def test_a_log_that_was_cut_or_removed_is_told(command, audit):
    log = command.home / "audit.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    assert command("audit", "verify").code == 1
    log.unlink()
    assert command("audit", "verify").code == 1
    (command.home / "audit.key").unlink()
    assert command("audit", "verify").code == 1
    Audit(command.home).append("again", NOW)
    done = command("audit", "verify")
    assert done.code == 1
    assert "begun anew" in done.err


def test_a_torn_line_is_no_change(command, audit):
    log = command.home / "audit.jsonl"
    log.write_bytes(log.read_bytes() + b'{"seq":3')
    assert "1 torn by a crash and kept" in command("audit", "verify").out
    audit.append("after", NOW)
    done = command("audit", "verify")
    assert done.code == 0
    assert "1 torn by a crash and kept" in done.out


def test_a_head_that_a_peer_holds_finds_an_older_copy(command, audit):
    files = ("audit.jsonl", "audit.key", "fanlight.db")
    before = {name: (command.home / name).read_bytes() for name in files[:2]}
    head = audit.head()
    audit.append("more", NOW)
    peer = command.at(command.home.parent / "peer")
    keep_receipt(Home(peer.home).store(), "a" * 64, audit.head(), NOW)
    held = peer("audit", "receipts", "--json").json["receipts"][0]
    assert (held["host"], held["entries"]) == ("a" * 64, 4)
    assert held["head"] in peer("audit", "receipts").out
    assert command("audit", "verify", "--head", head.hex(), "--head", held["head"]).code == 0
    for name, raw in before.items():
        (command.home / name).write_bytes(raw)
    (command.home / "fanlight.db").unlink()
    assert command("audit", "verify", "--head", head.hex()).code == 0
    done = command("audit", "verify", "--head", held["head"])
    assert done.code == 1
    assert "the log had 4 entries" in done.err
    assert command("audit", "verify", "--head", "xyz").code == 2


def test_a_log_that_others_can_read_is_refused(command, audit):
    (command.home / "audit.key").chmod(0o644)
    done = command("audit", "verify")
    assert (done.code, done.out) == (1, "")
    assert "chmod 600" in done.err


# -- a loss ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def lost(command, audit):
    """A log whose last entry a disk has lost."""
    log = command.home / "audit.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    assert command("audit", "verify").code == 1
    return command


def test_a_loss_is_accepted_and_verify_says_since_when_the_log_is_whole(lost):
    done = lost("audit", "accept-loss", "--json")
    assert done.code == 0
    assert done.json["set_aside"] == "audit-lost-1"
    assert "cut off" in done.json["faults"][0]
    checked = lost("audit", "verify")
    assert checked.code == 0
    assert "since 20" in checked.out
    assert "the loss of a log of 3 entries was accepted: what was left is in audit-lost-1" in checked.out
    facts = lost("audit", "verify", "--json").json
    assert (facts["whole"], facts["losses"][0]["entries"]) == (True, 3)
    rows = [json.loads(line) for line in lost("audit", "show", "--json").out.splitlines()]
    assert (rows[0]["event"], rows[0]["faults"]) == ("loss accepted", done.json["faults"])


def test_where_nothing_is_lost_there_is_nothing_to_accept(command, audit):
    done = command("audit", "accept-loss")
    assert (done.code, "finds the log whole" in done.err) == (1, True)
    assert command("audit", "verify").code == 0
    assert not (command.home / "audit-lost-1").exists()


def test_a_loss_is_accepted_only_with_the_admin_secret_where_there_is_one(lost, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the admin of this test\n")
    assert lost("access", "admin-secret", "set", stdin=secret.read_text()).code == 0
    refused = lost("audit", "accept-loss")
    assert (refused.code, "takes the admin secret" in refused.err) == (1, True)
    wrong = tmp_path / "wrong"
    wrong.write_text("another one\n")
    assert lost("audit", "accept-loss", "--admin-file", wrong).code == 1
    assert lost("audit", "verify").code == 1
    assert lost("audit", "accept-loss", "--admin-file", secret).code == 0
    assert lost("audit", "verify").code == 0


def test_a_key_file_that_is_damaged_is_a_fault_that_can_be_accepted(command, audit):
    (command.home / "audit.key").write_bytes(b"\0" * 200)
    checked = command("audit", "verify")
    assert (checked.code, "the key file is damaged" in checked.err) == (1, True)
    assert command("audit", "accept-loss").code == 0
    assert command("audit", "verify").code == 0


def test_a_viewer_says_that_a_log_began_anew_until_it_is_told_to_forget_the_old_one(command):
    store = Home(command.home).store()
    old, new = (Head(bytes([begun]) * 32, 4, b"h" * 32).to_bytes() for begun in (1, 2))
    host = "a" * 64
    assert keep_receipt(store, host, old, NOW) is None
    assert keep_receipt(store, host, new, NOW)
    assert command("audit", "forget-receipt", "b" * 64).code == 2
    assert keep_receipt(store, host, new, NOW)
    assert command("audit", "forget-receipt", host.upper()).code == 0
    assert keep_receipt(store, host, new, NOW) is None

"""Whatever somebody does to a log that was closed, the check finds it; and says nothing of one that is whole."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from namespace_fixtures import ANNA

from fanlight.access import Store
from fanlight.access.audit import Audit
from fanlight.access.audit_chain import next_seed, public_key, write_entry
from fanlight.access.audit_check import MOST_FAULTS, check
from fanlight.access.audit_files import Tip
from fanlight.access.audit_heads import Head, anchor, countersign

NOW = 1_900_000_000.0
COUNT = 8


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A log of COUNT entries: its bytes, its tip and its anchor."""
    directory = tmp_path_factory.mktemp("log")
    store = Store(directory / "fanlight.db")
    audit = Audit(directory, store)
    for n in range(COUNT - 2):
        audit.append("files", NOW + n, name=f"file {n}")
    audit.countersigned(ANNA.public_key, audit.head(), countersign(ANNA, audit.head()), NOW)
    return audit.files.content()[0][1], audit.files.tip(), anchor(store)


def look(raw, tip, anchor=None, heads=()):
    return check([("audit.jsonl", raw)], tip, anchor, heads)


def lines(raw):
    return raw.splitlines(keepends=True)


def test_a_whole_log_is_found_whole(kept):
    report = look(*kept)
    assert (report.entries, report.first, report.last, report.faults) == (COUNT, 0, COUNT - 1, [])
    assert report.countersigned == COUNT - 2


def test_a_log_that_never_began_is_whole(kept):
    assert check([], None, None).faults == []
    assert check([], Tip.new(), None).faults == []


def test_every_change_of_one_byte_is_found(kept):
    raw, tip, known = kept
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert look(changed, tip, known).faults, raw[place - 20 : place + 20]


@pytest.mark.parametrize("place", range(COUNT))
def test_every_removed_entry_is_found(kept, place):
    raw, tip, known = kept
    rest = lines(raw)
    del rest[place]
    assert look(b"".join(rest), tip, known).faults
    assert look(b"".join(rest), tip, None).faults


@pytest.mark.parametrize("count", range(COUNT))
def test_every_cut_at_the_end_is_found_without_the_store_too(kept, count):
    raw, tip, known = kept
    rest = b"".join(lines(raw)[:count])
    for anchor_ in (known, None):
        assert any("cut off" in fault for fault in look(rest, tip, anchor_).faults)


def test_every_cut_at_the_start_is_found(kept):
    raw, tip, _ = kept
    for count in range(1, COUNT):
        faults = look(b"".join(lines(raw)[count:]), tip).faults
        assert any(f"entries 0 to {count - 1} are missing" in fault for fault in faults)


def test_every_swap_and_every_repetition_is_found(kept):
    raw, tip, known = kept
    for one in range(COUNT):
        for other in range(one + 1, COUNT):
            swapped = lines(raw)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            assert look(b"".join(swapped), tip, known).faults
        repeated = lines(raw)
        repeated.append(repeated[one])
        assert look(b"".join(repeated), tip, known).faults


def test_a_fault_is_told_with_its_place(kept):
    raw, tip, known = kept
    changed = raw.replace(b"file 2", b"file X")
    assert look(changed, tip, known).faults == [
        "audit.jsonl:4: entry 3 was changed",
        "audit.jsonl:5: entry 3, before this one, was changed",
    ]
    without = b"".join(line for line in lines(raw) if b"file 2" not in line)
    assert look(without, tip, known).faults == ["audit.jsonl:4: entry 3 is missing"]
    without = b"".join(line for line in lines(without) if b"file 3" not in line and b"file 4" not in line)
    assert look(without, tip, known).faults == ["audit.jsonl:4: entries 3 to 5 are missing"]


def test_a_changed_start_is_told_with_its_place(kept):
    raw, tip, known = kept
    assert look(raw.replace(b"begun", b"BEGUN"), tip, known).faults == [
        "audit.jsonl:1: entry 0 was changed, or the log was begun anew",
        "audit.jsonl:2: entry 0, before this one, was changed",
    ]
    first = write_entry(bytes(32), 0, bytes(31) + b"1", "begun", NOW, {})
    foreign = Tip(public_key(bytes(32)), 1, hashlib.sha256(first).digest(), next_seed(bytes(32)), 0, 0)
    assert look(first + b"\n", foreign).faults == ["audit.jsonl:1: entry 0 does not follow what was before it"]


def test_lines_that_are_no_entries_are_told_as_one_piece(kept):
    raw, tip, known = kept
    longer = lines(raw)
    longer[2:2] = [b"x\n", b"yy\n"]
    assert look(b"".join(longer), tip, known).faults == ["audit.jsonl:5: 5 bytes before entry 2 are no entry"]


def test_a_log_that_is_gone_as_a_whole_is_told_with_what_it_had(kept):
    _, tip, known = kept
    assert check([], tip, None).faults == [
        f"the log ends after 0 entries, and {COUNT} were written: the others are cut off"
    ]
    begun = Tip(tip.begun, 1, tip.previous, tip.seed, 0, 0)
    assert check([], begun, None).faults == ["the log ends after 0 entries, and 1 were written: the others are cut off"]
    gone = "the key file is gone: what stands in the log cannot be trusted to be all of it"
    assert check([], None, known).faults[0] == gone


def test_a_head_names_the_entry_that_does_not_fit_it(kept):
    raw, tip, known = kept
    wrong = "was changed: a head that was kept elsewhere has another hash"
    assert look(raw, tip, Head(tip.begun, 3, bytes(32))).faults == [f"entry 2 {wrong}"]
    assert look(raw, tip, known, [Head(tip.begun, 5, bytes(32))]).faults == [f"entry 4 {wrong}"]


def test_a_head_of_more_entries_than_there_are_is_found(kept):
    raw, tip, known = kept
    more = Head(tip.begun, COUNT + 1, bytes(32))
    missing = f"the log had {COUNT + 1} entries, and has not all of them now"
    assert look(raw, tip, known, [more]).faults == [missing]
    # Of a log that is empty, too.
    assert check([], Tip(tip.begun, 0, tip.previous, tip.seed, 0, 0), None, [Head(tip.begun, 1, bytes(32))]).faults == [
        "the log had 1 entries, and has not all of them now"
    ]


@pytest.mark.parametrize("added", [b"x\n", b"\n", b"{}\n", b'{"seq":8}\n'])
def test_added_lines_are_found(kept, added):
    raw, tip, known = kept
    for place in range(COUNT + 1):
        longer = lines(raw)
        longer.insert(place, added)
        assert look(b"".join(longer), tip, known).faults


def test_faults_are_bounded(kept):
    raw, tip, known = kept
    longer = [raw.replace(b"file 2", b"file X")] * 40
    assert len(look(b"".join(longer), tip, known).faults) == MOST_FAULTS


# -- somebody who has the files of this moment, the key among them ----------------------------------------------------


def intruder_s_log(tip, start, previous, count, seed=None):
    """Write entries from `start` on as somebody does who knows only the seed of now; return bytes and tip."""
    seed = seed or tip.seed
    raw = b""
    for seq in range(start, start + count):
        line = write_entry(seed, seq, previous, "files", NOW, {"name": "innocent"})
        raw += line + b"\n"
        previous, seed = hashlib.sha256(line).digest(), next_seed(seed)
    return raw, Tip(tip.begun, start + count, previous, seed, 0, 0)


def test_the_key_of_now_writes_no_entry_of_before(kept):
    raw, tip, _ = kept
    for start in range(COUNT):
        head = b"".join(lines(raw)[:start])
        previous = bytes.fromhex(json.loads(lines(raw)[start])["prev"])
        forged, forged_tip = intruder_s_log(tip, start, previous, COUNT - start)
        assert look(head + forged, forged_tip).faults


def test_the_key_of_now_writes_what_comes(kept):
    """That much is not defended: the log is of what the host says, and the host is the intruder's now."""
    raw, tip, known = kept
    forged, forged_tip = intruder_s_log(tip, COUNT, tip.previous, 3)
    assert look(raw + forged, forged_tip, known).faults == []


def test_a_cut_is_found_even_if_the_key_file_is_set_back_with_the_seed_of_now(kept):
    raw, tip, _ = kept
    for count in range(1, COUNT):
        rest = lines(raw)[:count]
        previous = bytes.fromhex(json.loads(lines(raw)[count])["prev"])
        back = Tip(tip.begun, count, previous, tip.seed, 0, 0)
        assert look(b"".join(rest), back).faults


def test_a_log_that_was_begun_anew_is_found_by_the_store_and_by_peers(kept):
    _, tip, known = kept
    new = Tip.new()
    forged, new_tip = intruder_s_log(new, 0, bytes(32), 9, new.seed)
    assert look(forged, new_tip).faults == []
    assert any("begun anew" in fault for fault in look(forged, new_tip, known).faults)
    peer = Head(tip.begun, COUNT, tip.previous)
    assert look(forged, new_tip, heads=[peer]).faults == [
        f"a head of {COUNT} entries belongs to another log than this one"
    ]


def test_going_back_to_an_older_copy_of_everything_is_found_by_a_peer_s_head(tmp_path, kept):
    store = Store(tmp_path / "fanlight.db")
    audit = Audit(tmp_path, store)
    audit.append("a", NOW)
    copy = audit.files.content(), audit.files.tip(), anchor(store)
    audit.append("b", NOW)
    peer = Head.from_bytes(audit.head())
    assert check(*copy).faults == []
    assert check(*copy, [peer]).faults == ["the log had 3 entries, and has not all of them now"]
    assert check(audit.files.content(), audit.files.tip(), anchor(store), [peer]).faults == []


def test_a_head_with_another_hash_is_found_and_one_of_what_was_dropped_is_not(kept):
    raw, tip, known = kept
    for seq in (1, COUNT):
        assert any(
            "has another hash" in fault for fault in look(raw, tip, known, [Head(tip.begun, seq, bytes(32))]).faults
        )
    older = Head(tip.begun, 1, bytes(32))
    rest = b"".join(lines(raw)[1:])
    assert look(rest, tip, None, [older]).faults == look(rest, tip).faults == ["entries 0 to 0 are missing"]


def test_a_lost_key_or_log_is_found(kept):
    raw, tip, known = kept
    assert any("key file is gone" in fault for fault in look(raw, None, known).faults)
    assert any("key file is gone" in fault for fault in check([], None, known).faults)
    assert any("cut off" in fault for fault in check([], tip, known).faults)


def test_a_countersignature_that_was_made_up_is_found(tmp_path):
    store = Store(tmp_path / "fanlight.db")
    audit = Audit(tmp_path, store)
    audit.append("a", NOW)
    head = audit.head()
    fields = {"key": ANNA.public_key.hex(), "head": head.hex(), "signature": "00"}
    audit.append("countersigned", NOW, client=ANNA.fingerprint, **fields)
    audit.append("countersigned", NOW, client=ANNA.fingerprint)
    audit.append("countersigned", NOW, client="f" * 64, **(fields | {"signature": countersign(ANNA, head).hex()}))
    other = Head(Head.from_bytes(head).begun, 1, bytes(32)).to_bytes()
    signed = {"key": ANNA.public_key.hex(), "head": other.hex(), "signature": countersign(ANNA, other).hex()}
    audit.append("countersigned", NOW, client=ANNA.fingerprint, **signed)
    faults = check(audit.files.content(), audit.files.tip(), anchor(store)).faults
    assert [fault.split(": ")[1][:32] for fault in faults] == [
        "the countersignature is wrong",
        "the countersignature does not de",
        "the countersignature is wrong",
        "a peer signed another entry 0 th",
    ]


@settings(max_examples=300)
@given(raw=st.binary(max_size=400), before=st.booleans())
def test_any_bytes_give_a_report(kept, raw, before):
    log, tip, known = kept
    look(raw, tip, known)
    look(raw, None, None)
    look(raw + log if before else log + raw, tip, known)


# -- torn lines -------------------------------------------------------------------------------------------------------


@pytest.fixture
def repaired(tmp_path):
    """A log with a torn line in it: the audit, and its bytes."""
    store = Store(tmp_path / "fanlight.db")
    audit = Audit(tmp_path, store)
    audit.append("a", NOW)
    log = tmp_path / "audit.jsonl"
    log.write_bytes(log.read_bytes() + b'{"seq":2,"torn')
    audit.append("b", NOW)
    return audit, log.read_bytes()


def test_a_torn_line_is_as_it_was_or_it_is_found(repaired):
    audit, raw = repaired
    tip = audit.files.tip()
    assert (look(raw, tip).repaired, look(raw, tip).faults) == (1, [])
    for torn in (b'{"seq":2,"tarn', b'{"seq":2,"tor', b""):
        faults = look(raw.replace(b'{"seq":2,"torn', torn), tip).faults
        assert [fault.partition(": ")[2] for fault in faults] == ["the torn line before entry 2 was changed"]


def test_a_torn_line_that_was_taken_out_or_moved_is_found(repaired):
    audit, raw = repaired
    rows = lines(raw)
    torn = next(row for row in rows if not row.endswith(b'"}\n'))
    rows.remove(torn)
    assert look(b"".join(rows), audit.files.tip()).faults
    for place in (0, 1, 3, 4):
        assert look(b"".join([*rows[:place], torn, *rows[place:]]), audit.files.tip()).faults


def test_an_entry_of_another_kind_repairs_nothing(tmp_path):
    audit = Audit(tmp_path)
    audit.append("a", NOW)
    block = b"hidden\n"
    told = {"bytes": len(block), "sha256": hashlib.sha256(block).hexdigest()}
    audit.append("files", NOW, **told)
    rows = lines((tmp_path / "audit.jsonl").read_bytes())
    assert look(b"".join([*rows[:2], block, rows[2]]), audit.files.tip()).faults == [
        "audit.jsonl:4: 7 bytes before entry 2 are no entry"
    ]

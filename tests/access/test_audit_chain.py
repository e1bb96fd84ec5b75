"""The form of one entry of the audit log."""

import json

import pytest

from fanlight.access.audit_chain import MAX_LINE, START, next_seed, public_key, read_entry, write_entry

NOW = 1_900_000_000.0
SEED = bytes(range(32))


def write(**fields):
    return write_entry(SEED, 3, START, "files", NOW, fields)


def with_own(**change):
    """Return a line whose own fields are changed, and whose signature has its form only."""
    values = json.loads(write(name="a")) | change
    signature = values.pop("sig")
    return (json.dumps(values, separators=(",", ":"))[:-1] + f',"sig":"{signature}"}}').encode()


def test_an_entry_is_read_as_it_was_written():
    entry = read_entry(write_entry(SEED, 3, START, "files", NOW + 0.12345, {"name": "a", "size": 3}))
    assert (entry.seq, entry.at, entry.event, entry.fields) == (3, NOW + 0.123, "files", {"name": "a", "size": 3})
    assert (entry.previous, entry.next_key) == (START, public_key(next_seed(SEED)))
    assert entry.is_signed_by(public_key(SEED))
    assert not entry.is_signed_by(entry.next_key)


def test_form_alone_does_not_make_an_entry_true():
    entry = read_entry(with_own(seq=4))
    assert entry.seq == 4
    assert not entry.is_signed_by(public_key(SEED))


@pytest.mark.parametrize(
    "change",
    [
        *({"seq": -1}, {"seq": True}, {"seq": 1.0}, {"seq": "1"}, {"seq": None}),
        *({"at": 1}, {"at": "1"}, {"at": None}, {"event": 1}, {"event": None}),
        *({"prev": "00" * 31}, {"prev": "00" * 33}, {"prev": "x" * 64}, {"prev": None}),
        *({"next": "00" * 31}, {"next": "00" * 33}, {"next": 7}),
    ],
    ids=str,
)
def test_a_line_with_one_of_its_own_fields_of_another_kind_is_no_entry(change):
    assert read_entry(with_own()) is not None
    assert read_entry(with_own(**change)) is None


def longest():
    """Return fields that make the longest line that is written as it is."""
    fields = {f"name{n}": "y" * 3200 for n in range(20)}
    return fields | {"rest": "z" * (MAX_LINE - len(write(**fields, rest="")))}


def test_a_line_is_as_long_as_is_allowed_and_no_longer():
    fields = longest()
    line = write(**fields)
    assert len(line) == MAX_LINE
    assert read_entry(line).fields == fields
    shortened = read_entry(write(**fields | {"rest": fields["rest"] + "z"})).fields
    assert set(shortened) == {"shortened"}
    assert shortened["shortened"].startswith('{"name0": "' + "y" * 200 + '... (3200 characters)"')
    assert len(shortened["shortened"]) == MAX_LINE // 16


def test_a_line_that_is_too_long_is_no_entry():
    line = write(**longest())
    assert read_entry(line.replace(b'"zz', b'"zzz', 1)) is None


def test_texts_keep_4096_characters():
    assert read_entry(write(name="x" * 4096)).fields["name"] == "x" * 4096
    assert read_entry(write(name="x" * 4097)).fields["name"] == "x" * 4096 + "... (4097 characters)"


def test_every_value_can_be_written():
    fields = read_entry(
        write(names={"b", "a"}, frozen=frozenset("ba"), pair=(1, 2.5), what=len, none=None, yes=True)
    ).fields
    assert fields == {
        "names": ["a", "b"],
        "frozen": ["a", "b"],
        "pair": [1, 2.5],
        "what": "<built-in function len>",
        "none": None,
        "yes": True,
    }

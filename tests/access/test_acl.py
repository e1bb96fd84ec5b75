import pytest
from access_fixtures import ANNA, OWNER
from hypothesis import given
from hypothesis import strategies as st

from fanlight.access import Who
from fanlight.access.acl import Entry, matches, parse_pattern
from fanlight.errors import SettingRefused, UsageError


def named(alias):
    return Who("c" * 64, alias, "")


def test_everybody_may_ask_while_the_list_is_off(rules, restarted):
    assert rules.acl.on is False
    rules.acl.add("*@acme")
    assert rules.acl.refusal(OWNER) is None
    assert restarted().acl.refusal(OWNER) is None


def test_an_empty_list_lets_nobody_ask(rules):
    rules.acl.switch(True)
    assert rules.acl.refusal(OWNER) == rules.acl.refusal(ANNA) == "not on the access list"


def test_an_entry_is_added_switched_and_removed(rules, restarted):
    rules.acl.switch(True)
    assert rules.acl.add(" Anna@ACME ") == "anna@acme"
    rules.acl.add("*@acme.de")
    assert rules.acl.refusal(ANNA) is None
    assert rules.acl.enable("ANNA@acme", False) == "anna@acme"
    again = restarted().acl
    assert again.entries() == [Entry("*@acme.de", True), Entry("anna@acme", False)]
    assert again.refusal(ANNA) == "not on the access list"
    again.enable("anna@acme", True)
    assert again.refusal(ANNA) is None
    again.enable("anna@acme", False)
    again.add("anna@acme")
    assert again.refusal(ANNA) is None
    assert again.remove("anna@acme") == "anna@acme"
    assert again.refusal(ANNA) == "not on the access list"
    for change in (again.remove, lambda pattern: again.enable(pattern, True)):
        with pytest.raises(SettingRefused, match="anna@acme is not on the access list"):
            change("anna@acme")


def test_the_list_is_switched_off_again(rules):
    rules.acl.switch(True)
    rules.acl.switch(False)
    assert rules.acl.refusal(OWNER) is None


@pytest.mark.parametrize(
    ("pattern", "alias", "does"),
    [
        ("anna@acme", "anna@acme", True),
        ("Anna@Acme", "ANNA@aCME", True),
        ("*@acme", "x@acme", True),
        ("*@acme", "x@acme.evil", False),
        ("*@acme", "x@evil@acme", False),
        ("*@acme", "x@evil.acme", False),
        ("*@acme", "@acme", True),
        ("*@acme", "acme", False),
        ("*@acme", "x@acme\n", False),
        ("*@acme", None, False),
        ("*@acme", "", False),
        ("anna@*", "anna@acme@evil", False),
        ("*@*", "x@acme@evil", False),
        ("a?na@acme", "anna@acme", True),
        ("a?na@acme", "ana@acme", False),
        ("a.na@acme", "anna@acme", False),
        ("anna@acme", "annaa@acme", False),
        ("nna@acme", "anna@acme", False),
        ("*", "anna@acme", True),
    ],
)
def test_an_alias_matches_as_a_whole_or_not_at_all(rules, pattern, alias, does):
    rules.acl.switch(True)
    rules.acl.add(pattern)
    assert (rules.acl.refusal(named(alias)) is None) is does


@pytest.mark.parametrize(
    ("pattern", "does"),
    [("c" * 64, True), ("C" * 64, True), ("c*", True), ("*c", True), ("c?" + "c" * 62, True), ("*", True), ("?*", True),
     ("c" * 62 + "?", False), ("b*", False), ("*b", False), ("b" * 64, False), ("c" * 63 + "?", True)],
)  # fmt: skip
def test_a_fingerprint_matches_as_a_whole_or_not_at_all(rules, pattern, does):
    rules.acl.switch(True)
    rules.acl.add(pattern)
    assert (rules.acl.refusal(named(None)) is None) is does


def test_a_fingerprint_may_be_written_as_people_do():
    colons = ":".join(["AB"] * 32)
    assert parse_pattern(f"SHA256:{colons}") == "ab" * 32


def test_an_alias_that_looks_like_a_fingerprint_is_none(rules):
    rules.acl.switch(True)
    rules.acl.add("c" * 64)
    assert rules.acl.refusal(Who("d" * 64, "c" * 64, "")) is not None


@pytest.mark.parametrize(
    "pattern",
    ["", "anna", "a@b@c", "@acme", "anna@", "anna@ac me", "an[a-z]a@acme", "anna@acme\0", "x" * 65 + "@a", "c" * 63,
     "c" * 65, "g*", "*" * 65, "änna@acme", "anna/b@acme"],
)  # fmt: skip
def test_what_can_match_nobody_is_refused(rules, pattern):
    with pytest.raises(
        UsageError, match="is no alias: write" if "@" in pattern else "is neither an alias|is not a fingerprint"
    ):
        rules.acl.add(pattern)
    assert rules.acl.entries() == []


@pytest.mark.parametrize(
    ("letter", "said"),
    [
        ("@", "is no alias: write name@namespace, with * and ? as wildcards"),
        ("*", "is neither an alias (name@namespace) nor a part of a fingerprint"),
    ],
)
def test_of_what_can_match_nobody_the_refusal_repeats_as_much_as_fits_a_line(letter, said):
    with pytest.raises(UsageError) as refused:
        parse_pattern(letter * 200)
    assert str(refused.value) == f"{letter * 150!r} {said}"


def test_the_list_is_bounded(rules):
    with rules._store.changing() as db:
        db.executemany("INSERT INTO acl VALUES (?, 1)", [(f"{number}@acme",) for number in range(999)])
    rules.acl.add("last@acme")
    with pytest.raises(SettingRefused, match="holds 1000 entries"):
        rules.acl.add("more@acme")
    assert len(rules.acl.entries()) == 1000
    rules.acl.add("last@acme")


def test_the_names_in_it_are_told_without_wildcards(rules):
    for pattern in ("anna@acme", "b*o@corp", "*@acme", "bob@xy", "d" * 64):
        rules.acl.add(pattern)
    assert sorted(rules.acl.names()) == ["acme", "acme", "anna", "bob", "corp"]


@given(st.text(alphabet="ab.@*?", max_size=12), st.text(alphabet="ab.@\n", max_size=12))
def test_what_matches_has_one_at_and_the_same_namespace(pattern, alias):
    try:
        kept = parse_pattern(pattern)
    except UsageError:
        return
    if "@" in kept and matches(kept, named(alias)):
        assert alias.count("@") == 1
        for mine, theirs in zip(kept.split("@"), alias.split("@"), strict=True):
            if not set("*?") & set(mine):
                assert mine == theirs

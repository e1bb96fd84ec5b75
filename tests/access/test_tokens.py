import pytest
from access_fixtures import ANNA, DAY, NOW, OTHER, OWNER, let_in

from fanlight.access import Who, rights
from fanlight.access.tokens import IssuedToken

WRONG = "a token that is not valid, or not this client's"


def test_a_token_works_again_and_again_for_its_key_alone(unattended, restarted):
    token = let_in(unattended, remember=True).token
    for _ in range(3):
        assert unattended.token(OWNER, token, NOW + DAY).right
    assert unattended.token(OTHER, token, NOW).reason == WRONG
    again = restarted()
    assert again.token(OWNER, token, NOW + 300 * DAY).profile == rights.UNATTENDED
    assert again.token(OTHER, token, NOW).reason == WRONG


def test_a_token_that_an_alias_got_is_worth_nothing_without_it(unattended, restarted):
    token = let_in(unattended, ANNA, remember=True).token
    without, other = Who(ANNA.fingerprint, None, ""), Who(ANNA.fingerprint, "bob@acme", "")
    again = restarted()
    assert again.token(without, token, NOW).reason == WRONG
    assert again.token(other, token, NOW).reason == WRONG
    assert again.token(ANNA, token, NOW).right


def test_a_token_that_a_bare_key_got_works_with_an_alias_too(unattended):
    token = let_in(unattended, remember=True).token
    assert unattended.token(Who(OWNER.fingerprint, "owner@acme", ""), token, NOW).right


@pytest.mark.parametrize("token", [b"", b"\0", bytes(32), bytes(1000)])
def test_what_is_no_token_is_wrong(unattended, token):
    let_in(unattended, remember=True)
    assert unattended.token(OWNER, token, NOW).reason == WRONG


def test_a_token_with_one_bit_changed_is_wrong(unattended):
    token = let_in(unattended, remember=True).token
    assert unattended.token(OWNER, bytes([token[0] ^ 1, *token[1:]]), NOW).reason == WRONG
    assert unattended.token(OWNER, token[:-1], NOW).reason == WRONG


def test_a_hash_is_kept_in_place_of_the_token(unattended):
    token = let_in(unattended, remember=True).token
    kept = unattended._store.rows("SELECT hash FROM tokens")[0][0]
    assert kept != token
    assert unattended.token(OWNER, kept, NOW).reason == WRONG


def test_saving_switched_off_issues_none_and_old_ones_work(unattended, restarted):
    assert unattended.tokens.allowed is True
    token = let_in(unattended, remember=True).token
    unattended.tokens.allow(False)
    assert let_in(unattended, ANNA, remember=True).token is None
    again = restarted()
    assert again.tokens.allowed is False
    assert let_in(again, ANNA, remember=True).token is None
    assert again.token(OWNER, token, NOW).right
    again.tokens.allow(True)
    assert let_in(again, ANNA, remember=True).token


def test_a_new_token_takes_the_place_of_the_client_s_older_one(unattended):
    first, second = (let_in(unattended, remember=True).token for _ in range(2))
    assert unattended.token(OWNER, second, NOW).right
    assert unattended.token(OWNER, first, NOW).reason == WRONG
    assert len(unattended.tokens.all()) == 1


def test_the_owner_sees_who_has_one_and_when_it_was_used(unattended, restarted):
    let_in(unattended, ANNA, NOW, remember=True, session="hers")
    let_in(unattended, OWNER, NOW + 1, remember=True)
    assert restarted().tokens.all() == [
        IssuedToken(ANNA.fingerprint, "anna@acme", rights.UNATTENDED, NOW, None),
        IssuedToken(OWNER.fingerprint, None, rights.UNATTENDED, NOW + 1, None),
    ]


def test_a_use_is_one_that_opened_a_session(unattended):
    token = let_in(unattended, remember=True).token
    tried = unattended.token(OWNER, token, NOW + 5)
    assert unattended.tokens.all()[0].used is None
    unattended.opened(OWNER, tried, NOW + 6, remember=False, session="s")
    assert unattended.tokens.all()[0].used == NOW + 6


def test_cleared_tokens_are_counted(unattended):
    assert unattended.tokens.clear() == 0
    let_in(unattended, remember=True)
    let_in(unattended, ANNA, remember=True, session="hers")
    assert unattended.tokens.clear() == 2
    assert unattended.tokens.all() == []


def test_there_are_not_more_than_a_bounded_number_and_the_oldest_goes(unattended):
    token = let_in(unattended, remember=True).token
    with unattended._store.changing() as db:
        db.executemany(
            "INSERT INTO tokens VALUES (?, ?, NULL, 'Default', ?, NULL)",
            [(bytes([*divmod(n, 256)]), str(n), NOW + 1) for n in range(999)],
        )
    unattended.tokens.issue(Who("d" * 64, None, ""), rights.DEFAULT, NOW + 2)
    assert len(unattended.tokens.all()) == 1000
    assert unattended.token(OWNER, token, NOW).reason == WRONG

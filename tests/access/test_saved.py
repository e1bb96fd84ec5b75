"""What a client keeps to come in again."""

import pytest
from access_fixtures import NOW

from fanlight.access import Store
from fanlight.access.saved import Saved, SavedLogins

HOST, OTHER_HOST = "a" * 64, "b" * 64
TOKEN, RESUME, NEWER = b"t" * 32, b"r" * 32, b"n" * 32
NOTHING = Saved(None, None)


@pytest.fixture
def saved(path):
    return SavedLogins(Store(path))


def test_nothing_is_kept_for_a_host_that_gave_nothing(saved):
    saved.keep(OTHER_HOST, TOKEN, RESUME)
    assert saved.of(HOST, NOW) == NOTHING


def test_a_token_and_a_secret_are_kept_also_after_a_restart(saved, path):
    saved.keep(HOST, TOKEN, RESUME)
    assert saved.of(HOST, NOW) == SavedLogins(Store(path)).of(HOST, NOW) == Saved(TOKEN, RESUME)


def test_a_session_without_a_token_leaves_the_older_one_and_replaces_the_secret(saved):
    saved.keep(HOST, TOKEN, RESUME)
    saved.keep(HOST, None, NEWER)
    assert saved.of(HOST, NOW) == Saved(TOKEN, NEWER)
    saved.keep(HOST, NEWER, None)
    assert saved.of(HOST, NOW) == Saved(NEWER, None)


def test_a_secret_is_good_until_its_time_is_over(saved):
    saved.keep(HOST, TOKEN, RESUME)
    saved.keep(OTHER_HOST, None, RESUME)
    saved.keep_until(HOST, RESUME, NOW)
    assert saved.of(HOST, NOW - 1) == Saved(TOKEN, RESUME)
    assert saved.of(HOST, NOW) == Saved(TOKEN, None)
    assert saved.of(OTHER_HOST, NOW) == Saved(None, RESUME)


def test_a_time_is_that_of_one_secret(saved):
    saved.keep(HOST, None, RESUME)
    saved.keep_until(HOST, NEWER, NOW)
    assert saved.of(HOST, NOW) == Saved(None, RESUME)
    saved.keep_until(HOST, RESUME, NOW)
    saved.keep(HOST, None, NEWER)
    assert saved.of(HOST, NOW) == Saved(None, NEWER)


def test_a_used_secret_is_forgotten_and_no_other(saved):
    for host in (HOST, OTHER_HOST):
        saved.keep(host, TOKEN, RESUME)
    saved.forget_resume(HOST, NEWER)
    assert saved.of(HOST, NOW) == Saved(TOKEN, RESUME)
    saved.forget_resume(HOST, RESUME)
    assert saved.of(HOST, NOW) == Saved(TOKEN, None)
    assert saved.of(OTHER_HOST, NOW) == Saved(TOKEN, RESUME)


def test_a_token_that_is_not_taken_any_more_is_forgotten_for_that_host(saved):
    for host in (HOST, OTHER_HOST):
        saved.keep(host, TOKEN, RESUME)
    saved.forget_token(HOST)
    assert saved.of(HOST, NOW) == Saved(None, RESUME)
    assert saved.of(OTHER_HOST, NOW) == Saved(TOKEN, RESUME)

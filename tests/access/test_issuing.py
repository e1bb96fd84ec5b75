"""The records of what a namespace gave out and took back; test_trust.py has what hosts make of them."""

import pytest
from namespace_fixtures import ACME, ANNA, AT, BERT, OTHER

from fanlight.access import Store
from fanlight.access.issuing import Issuing


@pytest.fixture
def issuing(path):
    made = Issuing(Store(path))
    made.add("other", OTHER.fingerprint)
    made.add("acme", ACME.fingerprint)
    return made


def give(issuing, alias="anna@acme", who=ANNA, days=1, authority=ACME):
    made = authority.issue(alias, who.public_key, AT, days)
    issuing.record(made, AT)
    return made


def test_the_authorities_of_a_home_are_listed_by_name(issuing):
    assert list(issuing.namespaces().items()) == [("acme", ACME.fingerprint), ("other", OTHER.fingerprint)]


def test_an_authority_that_is_there_stays(issuing):
    issuing.add("acme", "another")
    assert issuing.namespaces()["acme"] == ACME.fingerprint


@pytest.mark.usefixtures("far_from_utc")
def test_certificates_are_listed_by_alias_with_their_dates(issuing):
    bert, anna = give(issuing, "bert@acme", BERT), give(issuing)
    give(issuing, "bert@other", BERT, authority=OTHER)
    issuing.revoke("bert@acme", AT)
    one, two = issuing.issued("acme", AT)
    assert (one.alias, one.serial, one.fingerprint) == ("anna@acme", anna.serial, ANNA.fingerprint)
    assert (one.expires, one.revoked) == (anna.expires, None)
    assert (two.alias, two.serial, two.revoked) == ("bert@acme", bert.serial, AT)
    assert one.expires.tzinfo is not None

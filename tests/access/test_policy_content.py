"""Whom a policy's file may be asked about."""

import pytest

from fanlight.access import Who
from fanlight.access.policy_content import parse_who
from fanlight.errors import UsageError


def test_one_client_is_meant_by_an_alias_or_a_whole_fingerprint():
    assert parse_who("Anna@acme") == Who("", "anna@acme", "")
    assert parse_who("AB" * 32) == Who("ab" * 32, None, "")


@pytest.mark.parametrize("text", ["*@acme", "ann?@acme", "*", "a*" * 32 + "@" + "*" * 60])
def test_a_pattern_means_many_and_is_refused_with_as_much_of_it_as_fits_a_line(text):
    with pytest.raises(UsageError) as refused:
        parse_who(text)
    assert str(refused.value) == f"{text[:100]!r} means many: name one alias, or one whole fingerprint"

"""docs/protocol.md is what other implementations are written from: its table must be the one that is enforced."""

import re
from pathlib import Path

from fanlight.protocol.table import TABLE, State

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


def documented():
    for line in PAGE.splitlines():
        if re.match(r"\| 0x", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def states(text):
    names = {state.name for state in State}
    return names - {"CLOSED"} if text == "all but CLOSED" else set(text.split(", "))


def test_the_page_has_the_table_that_is_enforced():
    rows = {int(kind, 16): row for kind, *row in documented()}
    assert set(rows) == set(TABLE)
    for kind, (name, senders, legal, right, limit, then) in rows.items():
        spec = TABLE[kind]
        assert spec.message.__name__ == name
        assert {role.name[0] for role in spec.senders} == set(senders.split(", "))
        assert {state.name for state in spec.states} == states(legal)
        assert (spec.needs or "") == right
        assert limit == "by the screen" or int(limit.replace(",", "")) == spec.limit
        assert (spec.next.name if spec.next else "") == then

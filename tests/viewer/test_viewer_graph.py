"""The ledger's graph, drawn onto plain surfaces."""

import numpy as np
import pygame
import pytest

from fanlight.session.ledger import STAGES, LedgerEntry
from fanlight.types import Pixels
from fanlight.viewer.graph import COLOURS, COLUMNS, ledger_graph
from fanlight.viewer.tint import Tint

TIMES = (
    "damaged_at", "captured_at", "encode_started_at", "encoded_at", "sent_at", "received_at", "decoded_at",
    "presented_at",
)  # fmt: skip


@pytest.fixture(autouse=True)
def fonts():
    pygame.font.init()
    yield
    pygame.font.quit()


def entry(*stages: float, offset: float | None = 0.0) -> LedgerEntry:
    """An update whose stages took these milliseconds."""
    stamps = np.cumsum([100.0, *(stage / 1000 for stage in stages)])
    return LedgerEntry(
        seq=1, bytes=1, exact=True, key=False, quality=None, pixels=Pixels(), input_seq=0, offset=offset,
        **dict(zip(TIMES, map(float, stamps), strict=True)),
    )  # fmt: skip


def heights(entries, answers=()):
    """Pixels of each stage's colour in the column of the newest entry."""
    sprite = ledger_graph(entries, answers, 40)
    column = pygame.surfarray.array3d(sprite.surface)[6 + (COLUMNS - 1) * 3]
    return {name: int((column == COLOURS[name]).all(axis=1).sum()) for name in STAGES}


def test_a_column_has_a_colour_for_each_stage_as_high_as_it_took():
    seen = heights([entry(1, 2, 3, 1, 2, 3, 4)])
    assert seen["encode"] == pytest.approx(15, abs=1)
    assert seen["present"] == pytest.approx(20, abs=1)
    assert sum(seen.values()) == pytest.approx(80, abs=4)


def test_what_takes_longer_is_drawn_smaller_until_it_fits():
    usual, slow = heights([entry(1, 1, 4, 1, 1, 1, 1)]), heights([entry(10, 10, 40, 10, 10, 10, 10)])
    assert slow["encode"] == pytest.approx(usual["encode"] * 10 / 8, abs=2)
    assert all(slow.values())


def test_one_that_took_for_ever_does_not_leave_the_graph():
    seen = heights([entry(1, 1, 1, 1, 1, 1, 1e9)])
    assert seen["present"] > 90


def test_a_stage_below_nothing_takes_no_room():
    seen = heights([entry(1, 1, 5, 1, -0.5, 4, 1)])
    assert seen["transit"] == 0
    assert seen["decode"] > 10


def test_no_entries_and_no_offset_draw_an_empty_graph():
    assert not any(heights([]).values())
    assert not any(heights([entry(1, 1, 1, 1, 1, 1, 1, offset=None)]).values())


def test_it_stands_under_the_line_and_has_one_size():
    sprites = [ledger_graph([entry(1, 1, 1, 1, 1, 1, 1)] * count, [0.01] * count, 40) for count in (0, 1, 500)]
    assert {sprite.area for sprite in sprites} == {sprites[0].area}
    assert sprites[0].area.y == 40


def test_a_tint_tells_which_tiles_must_be_painted_again():
    tint, states = Tint(), np.zeros((3, 4), np.uint8)
    assert tint.use(None) == []
    states[1, 2] = 2
    assert tint.use(states.copy()) == [(128, 64, 64, 64)]
    states[1, 2], states[0, 0] = 1, 1
    assert sorted(tint.use(states.copy())) == [(0, 0, 64, 64), (128, 64, 64, 64)]
    assert tint.use(states.copy()) == []
    assert sorted(tint.use(None)) == [(0, 0, 64, 64), (128, 64, 64, 64)]
    assert tint.use(None) == []
    tint.use(states.copy())
    assert (64, 0, 64, 64) in tint.use(np.full((1, 2), 2, np.uint8))

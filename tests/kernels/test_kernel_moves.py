"""Applying moves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import LAYOUTS, Canvas, picture

from fanlight.errors import UsageError
from fanlight.kernels import moves
from fanlight.types import Move


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 15), st.integers(1, 12), st.integers(1, 10))
        .flatmap(lambda r: st.tuples(st.just(r), st.integers(0, 32 - r[2]), st.integers(0, 25 - r[3])))
        .map(lambda m: Move(*m[0], m[1], m[2])),
        max_size=5,
    )
)
def test_apply_is_memmove_in_order(given_moves):
    canvas = Canvas((32, 25), LAYOUTS["odd"]).fill(picture((32, 25), "random"))
    expected = canvas.image.copy()
    for x, y, w, h, src_x, src_y in given_moves:
        expected[y : y + h, x : x + w] = expected[src_y : src_y + h, src_x : src_x + w].copy()
    moves.apply(canvas.image, given_moves)
    assert np.array_equal(canvas.image, expected)
    assert canvas.intact()


@pytest.mark.parametrize(
    "bad",
    [
        Move(0, 0, 33, 1, 0, 0),
        Move(0, 0, 1, 1, 32, 0),
        Move(0, 0, 1, 1, 0, 25),
        Move(-1, 0, 1, 1, 0, 0),
        Move(0, 0, 0, 1, 0, 0),
        Move(0, 0, 1, -1, 0, 0),
        Move(2**31 - 1, 0, 2**31 - 1, 1, 0, 0),
    ],
)
def test_a_move_that_leaves_the_picture_moves_nothing(bad):
    image = picture((32, 25), "random")
    before = image.copy()
    with pytest.raises(UsageError):
        moves.apply(image, [Move(0, 0, 5, 5, 7, 7), bad])
    assert np.array_equal(image, before)

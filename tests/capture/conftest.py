"""Fixtures of the tests of capture."""

from collections.abc import Iterator

import pytest

from fanlight.capture import Capture, open_capture


@pytest.fixture
def capture(xvfb: str) -> Iterator[Capture]:
    """The native capture of `xvfb`, which reads in place, as often as it is asked."""
    with open_capture(xvfb, backend="x11", max_fps=1000) as opened:
        yield opened

"""A program that runs for long: what was loaded is not looked at again, what comes later is still collected."""

import gc
import weakref

import pytest

from fanlight.cli.collecting import settle


class Circle:
    def __init__(self):
        self.itself = self


@pytest.fixture
def collector():
    """Leave the collector of the tests as it was."""
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    yield
    gc.set_threshold(*thresholds)
    if not frozen:
        gc.unfreeze()


def circle():
    return weakref.ref(Circle())


@pytest.mark.usefixtures("collector")
def test_what_was_there_is_not_looked_at_again():
    kept = Circle()
    settle()
    assert gc.get_freeze_count() > 10_000
    assert not any(one is kept for one in gc.get_objects())


@pytest.mark.usefixtures("collector")
def test_garbage_that_is_there_goes_first():
    lost = circle()
    settle()
    assert lost() is None


@pytest.mark.usefixtures("collector")
def test_cycles_that_come_later_are_collected_without_being_asked_for():
    settle()
    connections = [circle() for _ in range(1_000)]
    kept = []
    for _ in range(200_000):
        kept.append([kept])
        if not any(one() for one in connections):
            break
    assert not any(one() for one in connections)


@pytest.mark.usefixtures("collector")
def test_it_may_be_called_again():
    settle()
    before = gc.get_freeze_count()
    settle()
    assert gc.get_freeze_count() >= before

"""The peer's clock: round trips guess it, and no update may arrive before it was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_messages import send_picture, show

from fanlight.session import events
from fanlight.session.clocks import PeerClock
from fanlight.session.events import ClockSample

AHEAD = 5000.0
WAYS = st.lists(st.tuples(st.floats(1e-5, 0.5), st.floats(1e-5, 0.5)), min_size=1, max_size=8)


def trip(there, back):
    """The sample of a round trip whose ways took so long."""
    return ClockSample(there + back, AHEAD + (there - back) / 2)


def test_without_a_sample_nothing_is_known():
    clock = PeerClock()
    clock.came(AHEAD + 1.0, 1.1)
    assert clock.offset is None


def test_what_came_and_what_went_hold_a_guess_that_is_off():
    clock = PeerClock()
    clock.measured(trip(0.001, 0.2))
    assert clock.offset == pytest.approx(AHEAD - 0.0995)
    clock.came(AHEAD + 1.0, 1.002)
    assert clock.offset == pytest.approx(AHEAD - 0.002, abs=1e-5)
    clock.came(AHEAD + 2.0, 2.050)
    assert clock.offset == pytest.approx(AHEAD - 0.002, abs=1e-5)
    other = PeerClock()
    other.measured(trip(0.2, 0.001))
    other.went(1.0, AHEAD + 1.002)
    assert other.offset == pytest.approx(AHEAD + 0.002, abs=1e-5)


def test_a_guess_inside_the_bounds_stays_as_it_is():
    clock = PeerClock()
    clock.measured(trip(0.01, 0.01))
    clock.came(AHEAD + 1.0, 1.010)
    clock.went(1.0, AHEAD + 1.010)
    assert clock.offset == AHEAD


def test_what_came_before_the_first_sample_counts():
    clock = PeerClock()
    clock.came(AHEAD + 1.0, 1.002)
    clock.measured(trip(0.001, 0.2))
    assert clock.offset == pytest.approx(AHEAD - 0.002, abs=1e-5)


def test_bounds_are_forgotten_as_samples_are_for_clocks_drift():
    clock = PeerClock()
    clock.came(AHEAD + 1.0, 1.0)
    drifted = ClockSample(0.002, AHEAD - 1.0)
    for _ in range(8):
        clock.measured(drifted)
        assert clock.offset == pytest.approx(AHEAD, abs=1e-5)
    clock.measured(drifted)
    assert clock.offset == AHEAD - 1.0


@given(samples=WAYS, updates=WAYS)
def test_every_update_arrives_after_it_was_sent(samples, updates):
    clock = PeerClock()
    for there, back in samples:
        clock.measured(trip(there, back))
    for number, (there, back) in enumerate(updates):
        clock.came(AHEAD + number, number + back)
        clock.went(number, AHEAD + number + there)
    for number, (there, back) in enumerate(updates):
        assert AHEAD + number - clock.offset <= number + back
        assert number <= AHEAD + number + there - clock.offset


def test_an_update_is_not_sent_after_it_arrives_where_the_guess_is_off(opened):
    show(opened)
    opened.now = max(opened.client.deadline, opened.host.deadline)
    opened.client.timeout(opened.now)
    opened.give_host(opened.take(opened.client))
    opened.now += 0.06
    opened.give_client(opened.take(opened.host))
    assert opened.client.clock_offset == pytest.approx(-0.03, abs=1e-5), "the host's answer took all of the trip"
    send_picture(opened)
    sent = opened.take(opened.host)
    opened.now += 0.001
    opened.give_client(sent)
    (picture,) = opened.client_of(events.Picture)
    assert opened.client.local_time(picture.sent_at) == pytest.approx(opened.now, abs=1e-5)
    assert opened.client.local_time(picture.sent_at) < opened.now

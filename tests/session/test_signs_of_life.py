"""Pings, clocks, and a peer that has fallen silent."""

import pytest
from session_messages import frame, send_picture, show
from session_pair import Pair

from fanlight.errors import ConnectionLost
from fanlight.protocol import messages as m
from fanlight.session import events


def test_the_client_measures_the_host_s_clock(open_rules, salted):
    made = Pair(open_rules, salted)
    ahead, trip = 5000.0, 0.2
    while not made.client_of(events.ClockSample):
        made.now += trip / 2
        made.host_events += made.host.receive_data(made.take(made.client), made.now + ahead)
        made.now += trip / 2
        made.give_client(made.take(made.host))
    (sample,) = made.client_of(events.ClockSample)
    assert sample.rtt == pytest.approx(trip, abs=1e-5)
    assert sample.offset == pytest.approx(ahead, abs=1e-5)
    assert made.client.clock_offset == sample.offset
    assert made.client.local_time(ahead + 7.0) == pytest.approx(7.0, abs=1e-5)


def test_before_the_first_sample_the_clocks_are_taken_for_the_same(pair):
    made = pair(prove=False).run()
    assert made.client.clock_offset is None
    assert made.client.local_time(5.0) == 5.0


def test_the_quickest_of_the_last_samples_counts(opened):
    offsets = []
    for trip in (0.5, 0.06, 0.4):
        opened.now = max(opened.client.deadline, opened.host.deadline)
        opened.client.timeout(opened.now)
        opened.give_host(opened.take(opened.client))
        opened.now += trip
        opened.give_client(opened.take(opened.host))
        offsets.append(opened.client.clock_offset)
    # The answer is given at once and travels for the whole trip: each sample is off by half of it.
    assert offsets[1:] == pytest.approx([-0.03, -0.03], abs=1e-5)


def test_an_idle_session_lives_by_its_pings(opened):
    for _ in range(100):
        opened.now = min(opened.host.deadline, opened.client.deadline)
        opened.host_events += opened.host.timeout(opened.now)
        opened.client_events += opened.client.timeout(opened.now)
        opened.run()
    assert opened.now > 1200
    assert opened.ends == (None, None)
    assert len(opened.host_of(events.ClockSample)) > 20


def test_both_ends_compare_clocks_a_few_times_at_first_and_then_seldom(opened):
    def live_until(end):
        while (deadline := min(opened.host.deadline, opened.client.deadline)) < end:
            opened.now = deadline
            opened.host_events += opened.host.timeout(opened.now)
            opened.client_events += opened.client.timeout(opened.now)
            opened.run()
        return len(opened.host_of(events.ClockSample)), len(opened.client_of(events.ClockSample))

    first, start = live_until(opened.now + 4), opened.now
    assert all(6 <= count <= 8 for count in first)
    later = live_until(start + 60)
    assert all(10 <= now - before <= 13 for now, before in zip(later, first, strict=True))
    assert opened.host.clock_offset is not None
    assert opened.ends == (None, None)


@pytest.mark.parametrize("side", ["host", "client"])
def test_silence_for_fifteen_seconds_is_the_end(opened, side):
    session = getattr(opened, side)
    found, now = [], opened.now
    while not found:
        now = session.deadline
        found = session.timeout(now)
    assert 14.9 < now - opened.now <= 15
    assert isinstance(found[0].error, ConnectionLost)
    assert "for 15 seconds" in found[0].reason
    assert session.deadline is None


def test_any_byte_is_a_sign_of_life(opened):
    show(opened, (1920, 1080))
    send_picture(opened, bytes(100))
    data = opened.take(opened.host)
    for place in range(len(data)):
        opened.now += 5
        opened.client_events += opened.client.timeout(opened.now)
        opened.give_client(data[place : place + 1])
    assert opened.client_of(events.Picture)
    assert not opened.client.ended


@pytest.mark.parametrize("side", ["host", "client"])
def test_a_flood_of_pings_ends_the_session(opened, side):
    session = getattr(opened, side)
    found = session.receive_data(frame(m.Ping(t=0)) * 50, opened.now)
    assert "too many pings" in found[0].reason
    assert len(b"".join(session.data_to_send())) < 1000


@pytest.mark.parametrize("side", ["host", "client"])
def test_an_answer_that_nobody_asked_for_ends_the_session(opened, side):
    found = getattr(opened, side).receive_data(frame(m.Pong(t=0, at=0)), opened.now)
    assert "answers no PING" in found[0].reason

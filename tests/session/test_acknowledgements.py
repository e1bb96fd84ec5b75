"""Acknowledgements: what they tell, how long a client holds them, and which of them a host may put off."""

import pytest
from session_messages import frame, raw, send_picture, show

from fanlight.errors import RemoteProtocolError
from fanlight.protocol import messages as m
from fanlight.session import events
from fanlight.session.client_session import HELD_SECONDS


def test_acknowledgements_tell_the_viewer_s_times(opened):
    show(opened)
    seqs = [send_picture(opened) for _ in range(3)]
    opened.run()
    opened.client.send_ack(seqs[0], 1.5, 2.5)
    opened.client.send_ack(seqs[2], 3.5, 4.5)
    opened.run()
    assert [(acked.seq, acked.received_at, acked.decoded_at) for acked in opened.host_events] == [
        (1, 1.5, 2.5),
        (3, 3.5, 4.5),
    ]
    assert all(acked.at == opened.now for acked in opened.host_events)


@pytest.mark.parametrize("acks", [[1], [3], [0xFFFFFFFF], [2, 2], [2, 1], [1, 2, 3]])
def test_an_ack_of_what_was_not_sent_or_is_acknowledged_ends_the_session(opened, acks):
    show(opened)
    if acks != [1]:
        send_picture(opened)
        send_picture(opened)
    opened.give_host(b"".join(frame(m.Ack((m.Mark(seq, 0, 0),))) for seq in acks))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)


def test_sequence_numbers_go_round(opened):
    show(opened)
    opened.host._sent = opened.host._acked = opened.client._picture_seq = m.MAX_SEQ - 1
    assert [send_picture(opened) for _ in range(3)] == [m.MAX_SEQ, 1, 2]
    opened.run()
    assert [picture.seq for picture in opened.client_of(events.Picture)] == [m.MAX_SEQ, 1, 2]
    opened.client.send_ack(m.MAX_SEQ, 0, 0)
    opened.client.send_ack(2, 0, 0)
    opened.run()
    assert [acked.seq for acked in opened.host_of(events.Acked)] == [m.MAX_SEQ, 2]
    opened.give_host(frame(m.Ack((m.Mark(3, 0, 0),))))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)


def test_a_picture_is_presented_once_and_after_it_was_acknowledged(opened):
    show(opened)
    for _ in range(3):
        send_picture(opened)
    opened.run()
    opened.client.send_ack(1, 0, 0)
    opened.client.send_presented(1, 1.5)
    opened.client.send_ack(3, 0, 0)
    opened.client.send_presented(3, 2.5)
    for seq in (3, 1, 0, 4, m.MAX_SEQ):
        opened.client.send_presented(seq, 3.5)
    opened.client.send_key(0x61, True)
    opened.run()
    assert opened.host_of(events.Presented) == [events.Presented(1, 1.5), events.Presented(3, 2.5)]


def held(made, count):
    """Let the client decode pictures whose acknowledgements nobody waits for."""
    show(made)
    for _ in range(count):
        send_picture(made, asks=False)
    made.run()
    made.host_events.clear()
    for picture in made.client_of(events.Picture):
        assert not picture.asks
        made.client.send_ack(picture.seq, made.now, made.now, asked=picture.asks)
    return made


def acked(made):
    """Return the pictures that have been acknowledged, by themselves, at the host."""
    return [seq for event in made.host_of(events.Acked) for seq in (*(mark.seq for mark in event.earlier), event.seq)]


def test_a_picture_tells_whether_the_host_waits_for_its_acknowledgement(opened):
    show(opened)
    send_picture(opened, asks=True)
    send_picture(opened, asks=False)
    opened.run()
    assert [picture.asks for picture in opened.client_of(events.Picture)] == [True, False]


def test_an_acknowledgement_that_nobody_waits_for_is_held_for_its_time(opened):
    held(opened, 2)
    assert opened.client.data_to_send() == []
    opened.client._keep_alive._ping_due = opened.now + 2 * HELD_SECONDS
    opened.client.timeout(opened.now + HELD_SECONDS - 0.001)
    assert opened.client.data_to_send() == []
    assert opened.client.deadline == opened.now + HELD_SECONDS
    opened.client.timeout(opened.now + HELD_SECONDS)
    opened.run()
    assert acked(opened) == [1, 2]


@pytest.mark.parametrize(
    "say",
    [
        lambda client, now: client.send_ack(3, now, now),
        lambda client, now: client.send_key(0x61, True),
        lambda client, now: client.leave(now),
        lambda client, now: client.end("enough", now),
    ],
)
def test_what_is_held_goes_in_front_of_whatever_is_sent_next(opened, say):
    held(opened, 2)
    send_picture(opened)
    opened.run()
    opened.client.send_presented(1, opened.now)
    assert opened.client.data_to_send() == []
    say(opened.client, opened.now)
    opened.run()
    happened = [event for event in opened.host_events if isinstance(event, (events.Acked, events.Presented))]
    assert acked(opened)[:2] == [1, 2]
    assert happened[-1] == events.Presented(1, happened[-1].at)
    assert opened.ends[0] is None or not isinstance(opened.ends[0].error, RemoteProtocolError)


def test_no_more_is_held_than_one_message_holds(opened):
    held(opened, m.MOST_MARKS - 1)
    assert opened.client.data_to_send() == []
    opened.client.send_ack(m.MOST_MARKS, opened.now, opened.now, asked=False)
    assert len(opened.client.data_to_send()) == 2
    for seq in range(1, m.MOST_MARKS):
        opened.client.send_presented(seq, opened.now)
    assert opened.client.data_to_send() == []
    opened.client.send_presented(m.MOST_MARKS, opened.now)
    assert len(opened.client.data_to_send()) == 2 * m.MOST_MARKS


@pytest.mark.parametrize("marks", [(1, 1), (2, 1), (1, 3), (1, 2, 0xFFFFFFFF)])
def test_an_acknowledgement_that_goes_back_or_too_far_ends_the_session(opened, marks):
    show(opened)
    send_picture(opened)
    send_picture(opened)
    opened.give_host(frame(m.Ack(tuple(m.Mark(seq, 0, 0) for seq in marks))))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)
    assert acked(opened) == []


@pytest.mark.parametrize("presented", [[1], [3], [0xFFFFFFFF], [2, 2], [2, 1]])
def test_a_presented_that_is_not_acknowledged_or_said_twice_ends_the_session(opened, presented):
    show(opened)
    for _ in range(3):
        send_picture(opened)
    acks = [] if presented == [1] else [m.Ack((m.Mark(2, 0, 0),))]
    opened.give_host(b"".join(map(frame, [*acks, *(m.Presented(seq, 0) for seq in presented)])))
    assert isinstance(opened.ends[0].error, RemoteProtocolError)
    assert "PRESENTED" in opened.ends[0].reason


# -- those that a host may put off -----------------------------------------------------------------------------------


ACK, PRESENTED = frame(m.Ack((m.Mark(1, 0, 0),))), frame(m.Presented(1, 0))
ACK_OF_MOST = frame(m.Ack(tuple(m.Mark(seq + 1, 0, 0) for seq in range(m.MOST_MARKS))))


@pytest.mark.parametrize(
    "data",
    [ACK, frame(m.Ack((m.Mark(9, 0, 0),))), ACK_OF_MOST, ACK + PRESENTED, ACK_OF_MOST + PRESENTED + PRESENTED],
)
def test_one_acknowledgement_may_wait(opened, data):
    assert opened.host.only_acknowledges(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ACK[:-1],
        ACK[:4],
        ACK + frame(m.Ack((m.Mark(2, 0, 0),))),
        PRESENTED,
        PRESENTED + ACK,
        ACK + PRESENTED[:-1],
        ACK + raw(0x21, bytes(12)),
        raw(0x20, bytes(20 * (m.MOST_MARKS + 1))),
        frame(m.Key(seq=1, keysym=97, down=True)),
        raw(0x2A, bytes(20)),
    ],
)
def test_nothing_else_may_wait(opened, data):
    assert not opened.host.only_acknowledges(data)


def test_what_ends_another_message_is_no_acknowledgement(opened):
    opened.give_host(raw(0x21, bytes(40))[:20])
    assert not opened.host.only_acknowledges(ACK)


def test_nothing_waits_before_the_session_is_open_or_after_its_end(pair, opened):
    assert not pair().host.only_acknowledges(ACK)
    opened.host.end("enough", opened.now)
    assert not opened.host.only_acknowledges(ACK)

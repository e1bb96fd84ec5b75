"""The ledger, with stamps that the test makes."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanlight.protocol.messages import MAX_SEQ, Mark
from fanlight.session.clocks import PeerClock
from fanlight.session.events import Acked, ClockSample, Presented
from fanlight.session.ledger import MOST_ENTRIES, STAGES, HostLedger, Ledger, LedgerEntry, SentUpdate
from fanlight.types import Pixels

TIMES = ("damaged_at", "captured_at", "encode_started_at", "encoded_at", "sent_at")


def update(seq=1, at=100.0, **change):
    """An update whose steps at the host are a millisecond apart."""
    values = {name: at + step / 1000 for step, name in enumerate(TIMES)}
    values |= {
        "seq": seq,
        "bytes": 10,
        "exact": True,
        "key": False,
        "quality": None,
        "pixels": Pixels(1, 2, 3),
        "input_seq": 0,
    }
    return SentUpdate(**(values | change))


def entry(seq=1, at=100.0, **change):
    values = msgspec.structs.asdict(update(seq, at)) | {"pixels": Pixels(1, 2, 3)}
    values |= {"received_at": at + 0.005, "decoded_at": at + 0.006, "offset": 0.0}
    return LedgerEntry(**(values | change))


def told(ledger):
    found = []
    ledger.watch(lambda entry, answered: found.append((entry, answered)))
    return found


seconds = st.floats(0, 1e6)


@given(
    st.builds(
        entry,
        **dict.fromkeys((*TIMES, "received_at", "decoded_at", "offset"), seconds),
        presented_at=seconds | st.none(),
    )
)
def test_the_stages_sum_to_the_total_exactly(made):
    stages = made.stages
    assert sum(stages.values()) == made.total
    assert tuple(stages) == (STAGES if made.presented_at is not None else STAGES[:-1])


def test_each_stage_is_the_time_to_the_next_stamp():
    made = entry(sent_at=100.0045, received_at=100.0055, decoded_at=100.008, presented_at=100.0161)
    assert made.stages == {
        "capture": 1000, "wait": 1000, "encode": 1000, "send": 1500, "transit": 1000, "decode": 2500, "present": 8100,
    }  # fmt: skip
    assert made.total == 16_100
    assert made.latency == pytest.approx(0.008)


def test_without_an_offset_nothing_between_the_machines_is_told():
    made = entry(offset=None)
    assert "transit" not in made.stages
    assert made.total is None
    assert made.latency is None


def test_an_entry_as_json_holds_all_it_knows():
    made = json.loads(json.dumps(entry(5, offset=-0.0025).as_json()))
    assert made["seq"] == 5
    assert made["pixels"] == {"copy": 1, "tiles": 2, "video": 3}
    assert made["offset"] == -2500
    assert made["total"] == sum(made["stages"].values()) == made["stamps"]["decoded"] - made["stamps"]["damaged"]
    assert "presented" not in made["stamps"]


def test_without_a_window_an_entry_is_complete_when_it_is_decoded():
    ledger = Ledger()
    complete = told(ledger)
    ledger.add(entry(1))
    assert complete == [(entry(1), ())]
    assert ledger[-1] == entry(1)


def test_with_a_window_it_is_complete_when_it_is_shown_and_one_flip_shows_all_before():
    ledger = Ledger()
    ledger.expect_window()
    complete = told(ledger)
    for seq in (1, 2, 3):
        ledger.add(entry(seq))
    assert complete == []
    ledger.presented(2, 100.5)
    assert [(made.seq, made.presented_at) for made, _ in complete] == [(1, 100.5), (2, 100.5)]
    assert [made.presented_at for made in ledger] == [100.5, 100.5, None]
    ledger.finish()
    assert [made.presented_at for made, _ in complete] == [100.5, 100.5, None]


def test_a_window_that_never_shows_costs_no_memory_and_loses_no_entry():
    ledger = Ledger()
    ledger.expect_window()
    complete = told(ledger)
    for seq in range(1, MOST_ENTRIES + 100):
        ledger.add(entry(seq))
    assert len(ledger) == MOST_ENTRIES
    ledger.finish()
    assert [made.seq for made, _ in complete] == list(range(1, MOST_ENTRIES + 100))


def test_input_is_answered_by_the_first_update_captured_after_it():
    ledger = Ledger()
    complete = told(ledger)
    for seq, at in ((1, 99.0), (2, 99.5), (3, 99.9)):
        ledger.input_sent(seq, at)
    ledger.add(entry(1, input_seq=0))
    ledger.add(entry(2, input_seq=2))
    ledger.add(entry(3, input_seq=2))
    ledger.add(entry(4, input_seq=3))
    assert [[answer.seq for answer in answered] for _, answered in complete] == [[], [1, 2], [], [3]]
    assert [(answer.seq, answer.answered_by) for answer in ledger.inputs] == [(1, 2), (2, 2), (3, 4)]
    assert ledger.inputs[0].latency == pytest.approx(1.006)


def test_input_is_answered_on_the_screen_where_there_is_one():
    ledger = Ledger()
    ledger.expect_window()
    ledger.input_sent(1, 99.0)
    ledger.add(entry(1, input_seq=1))
    ledger.presented(1, 101.0)
    assert ledger.inputs[0].latency == pytest.approx(2.0)


def test_input_that_nothing_answers_costs_no_memory():
    ledger = Ledger()
    for seq in range(1, 20_000):
        ledger.input_sent(seq, 99.0)
    ledger.add(entry(1, input_seq=19_999))
    assert len(ledger.inputs) == 4096
    assert ledger.inputs[-1].seq == 19_999


def test_numbers_that_start_again_are_still_in_order():
    ledger = Ledger()
    ledger.expect_window()
    ledger.input_sent(MAX_SEQ, 99.0)
    ledger.input_sent(1, 99.1)
    ledger.add(entry(MAX_SEQ, input_seq=MAX_SEQ))
    ledger.add(entry(1, input_seq=1))
    ledger.presented(MAX_SEQ, 101.0)
    assert [made.presented_at for made in ledger] == [101.0, None]
    ledger.presented(1, 102.0)
    assert [made.presented_at for made in ledger] == [101.0, 102.0]
    assert [answer.seq for answer in ledger.inputs] == [MAX_SEQ, 1]


def ahead(offset):
    """A clock that is so much ahead."""
    clock = PeerClock()
    clock.measured(ClockSample(0.001, offset))
    return clock


def test_the_host_puts_the_viewers_stamps_on_its_own_clock():
    ledger = HostLedger()
    ledger.sent(update(1))
    ledger.acknowledged(Acked(1, 5100.010, 5100.012, 0.0), ahead(5000.0))
    made = ledger.entries[-1]
    assert (made.received_at, made.decoded_at) == (pytest.approx(100.010), pytest.approx(100.012))
    assert (made.offset, made.bytes, made.pixels) == (5000.0, 10, Pixels(1, 2, 3))
    ledger.presented(Presented(1, 5100.02))
    ledger.sent(update(2, 101.0))
    ledger.acknowledged(Acked(2, 5101.010, 5101.012, 0.0), ahead(5000.0))
    ledger.presented(Presented(2, 5101.02))
    assert ledger.entries[-1].presented_at == pytest.approx(101.02)
    assert ledger.entries[-1].total == 20_000


def test_no_stage_at_the_host_is_negative_where_the_clocks_were_compared_badly():
    ledger, clock = HostLedger(), ahead(5000.05)
    for seq, presented_at in ((1, 5100.02), (2, 5101.02)):
        ledger.sent(update(seq, 99.0 + seq))
        ledger.acknowledged(Acked(seq, 5099.010 + seq, 5099.012 + seq, 0.0), clock)
        clock.measured(ClockSample(0.0001, 4999.0))
        ledger.presented(Presented(seq, presented_at))
    assert [made.offset < 5000.01 for made in ledger.entries] == [True, True]
    assert all(stage >= 0 for made in ledger.entries for stage in made.stages.values())
    assert ledger.entries[-1].stages["present"] == 8_000


def test_the_host_has_the_stamps_of_all_that_one_acknowledgement_names():
    ledger = HostLedger()
    for seq in (1, 2, 3, 4):
        ledger.sent(update(seq))
    earlier = (Mark(1, 5_100_010_000, 5_100_012_000), Mark(3, 5_100_020_000, 5_100_023_000))
    ledger.acknowledged(Acked(4, 5100.030, 5100.034, 0.0, earlier), ahead(5000.0))
    assert [made.seq for made in ledger.entries] == [1, 3, 4]
    assert [made.decoded_at for made in ledger.entries] == pytest.approx([100.012, 100.023, 100.034])


def test_the_host_has_no_entry_of_what_a_viewer_did_not_acknowledge_by_itself():
    ledger = HostLedger()
    for seq in range(1, 200):
        ledger.sent(update(seq))
    ledger.acknowledged(Acked(150, 100.1, 100.2, 0.0), ahead(0.0))
    ledger.acknowledged(Acked(199, 100.1, 100.2, 0.0), PeerClock())
    assert [made.seq for made in ledger.entries] == [150, 199]
    assert ledger.entries[-1].latency is None

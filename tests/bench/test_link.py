"""The link's figures: what is read off what viewers noted, the wire, and that a limit that is not met shows."""

import pytest

from fanlight.errors import UsageError
from fanlight_bench import link
from fanlight_bench.link import table
from fanlight_bench.link.case import once
from fanlight_bench.link.delay import Line
from fanlight_bench.link.floor import FloorCase
from fanlight_bench.link.floor_child import Answerer, Echo
from fanlight_bench.link.guest import Seen, Shown, Update
from fanlight_bench.link.rest import settled
from fanlight_bench.link.slow import Queues, backlog, figures
from fanlight_bench.link.stopped import noticed, returned
from fanlight_bench.plan import Unavailable
from fanlight_bench.results import Figure, Limit, Row


def seen(
    shown: tuple[Shown, ...] = (), updates: tuple[Update, ...] = (), keys: tuple[float, ...] = (), reconnects: int = 0
) -> Seen:
    pressed = [1.0 + n for n in range(len(keys))]
    return Seen(list(shown), list(updates), pressed, list(keys), 0, list(keys), 0, reconnects)


def held(rows: list[Row], what: str) -> Limit:
    return next(limit for limit in table.held(rows) if limit.what == what)


# -- the wire --


def test_wire_carries_in_order_and_each_packet_late() -> None:
    out: list[bytes] = []
    line = Line(0.02, out.append)
    assert line.give(now=0.0) is None
    line.take(b"one", now=0.0)
    line.take(b"two", now=0.01)
    assert line.give(now=0.019) == pytest.approx(0.001)
    assert out == []
    line.give(now=0.02)
    assert out == [b"one"]
    line.give(now=0.5)
    assert out == [b"one", b"two"]


def test_wire_holds_only_so_many_packets() -> None:
    out: list[bytes] = []
    line = Line(1.0, out.append)
    for _ in range(10_000):
        line.take(b"x", now=0.0)
    line.give(now=1.0)
    assert len(out) == 8192


# -- rest --


def test_rest_counts_from_the_last_drawing_to_the_exact_picture_that_stays() -> None:
    shown = [Shown(1.0, 0.99, True), Shown(2.05, 2.0, False), Shown(2.1, 2.0, False), Shown(2.2, 2.0, True)]
    assert settled(shown, 2.0, 4.0) == pytest.approx(0.2)
    assert settled([*shown, Shown(2.3, 2.0, True)], 2.0, 4.0) == pytest.approx(0.2)
    assert settled([*shown, Shown(2.3, 2.0, False), Shown(2.4, 2.0, True)], 2.0, 4.0) == pytest.approx(0.4)
    assert settled([*shown, Shown(5.0, 4.9, False)], 2.0, 4.0) == pytest.approx(0.2)


def test_rest_without_an_exact_picture_is_no_figure() -> None:
    with pytest.raises(Unavailable, match="not exact 2 s after"):
        settled([Shown(2.05, 2.0, False)], 2.0, 4.0)
    with pytest.raises(Unavailable, match="saw nothing"):
        settled([], 2.0, 4.0)


def test_program_stopped_between_its_clocks_is_left_out() -> None:
    assert settled([Shown(2.05, None, True)], 2.0, 4.0) is None


# -- the slow link --


def test_queue_is_held_beside_the_largest_update_of_the_same_time() -> None:
    updates = (Update(0.5, 90_000, False), Update(1.5, 10_000, False), Update(2.5, 20_000, False))
    found = figures(seen(updates=updates, keys=(0.05, 0.06)), Queues([0, 30_000], [0, 4000]), began=1.0, seconds=2.0)
    assert found["largest update"].median == 20_000
    assert found["unsent beside one update, most"].median == 10_000
    assert found["updates a second"].median == 1.0
    assert found["key to pixel p50"].median == pytest.approx(55)
    assert found["in the link's queue, most"].median == 4000


def test_keys_that_met_a_small_window_of_tcp_are_told_apart() -> None:
    queues = Queues([0], [0], [(0.95, 20), (1.15, 4), (1.5, 20), (2.5, 4), (2.6, 20), (3.9, 4), (4.5, 20)])
    keys = (0.2, 0.05, 0.06, 0.3)
    found = figures(seen(updates=(Update(1.5, 10_000, False),), keys=keys), queues, began=0.0, seconds=9.0)
    assert found["keys in a small TCP window"].median == 2
    assert found["key to pixel p99 of the others"].median == pytest.approx(60, abs=0.2)
    assert found["key to pixel p99"].median > 290


def test_silent_link_is_no_figure() -> None:
    with pytest.raises(Unavailable, match="no update came"):
        figures(seen(keys=(0.05,)), Queues([0], [0]), began=1.0, seconds=2.0)
    with pytest.raises(Unavailable, match="no key"):
        figures(seen(updates=(Update(1.5, 1, True),)), Queues([0], [0]), began=1.0, seconds=2.0)


def test_backlog_is_what_tc_tells() -> None:
    assert backlog('[{"kind":"tbf","backlog":3028,"qlen":2}]') == 3028
    assert backlog("") == 0


# -- one viewer stopped --


def old(age: float, count: int, begin: float) -> list[Shown]:
    return [Shown(begin + n / 10 + age, begin + n / 10, True) for n in range(count)]


def test_others_are_held_beside_themselves() -> None:
    found = noticed([seen(tuple(old(0.01, 50, 0.0) + old(0.03, 50, 10.0)))], (0.0, 9.0), (9.0, 20.0))
    assert found["others' latency p99, before"].median == pytest.approx(10)
    assert found["others' latency p99, meanwhile"].median == pytest.approx(30)
    assert found["others' latency p99, of that before"].median == pytest.approx(3)


def test_others_that_see_nothing_are_no_figure() -> None:
    with pytest.raises(Unavailable, match="no picture"):
        noticed([seen(tuple(old(0.01, 50, 0.0)))], (0.0, 9.0), (9.0, 20.0))


def test_picture_from_before_the_stop_counts_as_stale() -> None:
    shown = (
        Shown(5.0, 4.99, True),
        Shown(65.005, 4.99, True),
        Shown(65.01, 5.02, True),
        Shown(65.05, 65.03, True),
        Shown(65.1, 65.08, True),
    )
    found = returned(seen(shown, reconnects=1), 65.0)
    assert found["until the newest picture"].median == pytest.approx(50)
    assert found["stale pictures shown"].median == 1
    assert found["reconnects"].median == 1


def test_viewer_that_stays_behind_is_no_figure() -> None:
    with pytest.raises(Unavailable, match="saw nothing new"):
        returned(seen((Shown(65.01, 5.02, True),)), 65.0)


# -- plan and limits --


def test_quick_plan_is_short_and_every_line_has_its_case() -> None:
    options = link.Options(quick=True)
    cases = [case for group in link.plan(options) for case in group]
    assert sum(case.seconds for case in cases) * options.turns <= 180
    assert {line.workload for line in table.LINES} <= {case.workload for case in cases}
    assert link.Options(quick=True, turns=4).turns == 4


def test_cases_can_be_measured_by_themselves() -> None:
    (group,) = link.plan(link.Options(cases=("stopped-film",)))
    assert [case.workload for case in group] == [table.STOPPED_FILM]
    assert [len(group) for group in link.plan(link.Options(cases=("viewers", "idle")))] == [5, 1]
    with pytest.raises(UsageError, match='There is no case "swim"'):
        link.plan(link.Options(cases=("swim",)))


def test_figure_is_held_to_its_limit() -> None:
    what = "10 Mbit/s and 40 ms: key to pixel p99"
    for measured, met in ((73.0, True), (74.0, False)):
        limit = held([Row("fanlight", table.TYPING, figures={"key to pixel p99": once(measured, "ms")})], what)
        assert limit.met is met
    lost = held([Row("fanlight", table.TYPING, reason="a slow link cannot be made here")], what)
    assert (lost.met, lost.reason) == (None, "a slow link cannot be made here")


def viewers(one: float, *eight: float) -> list[Row]:
    figure = {table.PER_UPDATE: Figure((one,) * len(eight), "ms")}
    return [
        Row(table.ONE, table.VIEWERS, figures=figure),
        Row(table.EIGHT, table.VIEWERS, figures={table.PER_UPDATE: Figure(eight, "ms")}),
    ]


def test_eight_viewers_are_held_beside_one_turn_by_turn() -> None:
    what = "8 viewers beside 1, host CPU an update"
    assert held(viewers(2.0, 2.4, 2.5, 2.6), what).runs == (1.2, 1.25, 1.3)
    assert held(viewers(2.0, 2.4, 2.5, 2.6), what).met is True
    assert "was not measured" in str(held(viewers(2.0, 2.4)[:1], what).reason)
    assert link.ratios(viewers(2.0, 3.0))[0].runs == (1.5,)
    assert link.ratios([]) == []


@pytest.mark.parametrize(("size", "said"), [("huge", "WIDTHxHEIGHT"), ("160x120", "cannot be drawn")])
def test_size_that_is_none_or_too_small_is_refused(size: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        link.plan(link.Options(size=size))


# -- what no host can do without --


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


def test_every_whole_update_is_answered_however_it_is_cut() -> None:
    wire = Wire()
    answerer = Answerer(Echo(connections=1, rate=15, update=100, answer=25))
    answerer.connection_made(wire)  # type: ignore[arg-type]
    answerer.data_received(bytes(99))
    assert wire.written == []
    answerer.data_received(bytes(1))
    answerer.data_received(bytes(250))
    answerer.data_received(bytes(50))
    assert wire.written == [bytes(25)] * 4


def test_the_floor_is_what_the_sender_used() -> None:
    found = FloorCase("bare", table.VIEWERS, connections=2, rate=60, window=0.5).measure()
    assert 0 < found[table.PER_UPDATE].runs[0] < 1000 / 60


def test_every_row_of_the_viewers_has_its_floor_in_the_same_turns() -> None:
    groups = link.plan(link.Options(quick=True))
    (group,) = [group for group in groups if group[0].workload == table.VIEWERS]
    assert [case.system for case in group] == [table.ONE, table.EIGHT, *(name for name, _, _ in table.FLOORS)]

"""Pictures as they come: a late one is not shown before the newer one, and none changes while another thread reads."""

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from fanlight.client.session import RemoteSession
from fanlight.codec import open_encoder
from fanlight.net.client_link import ClientLink
from fanlight.session import events
from fanlight.types import Address, Frame, Pixels, Rect
from patience import PATIENCE

SIZE = (64, 64)


class Sender:
    """A host's session without a host: pictures of one grey after another."""

    def __init__(self) -> None:
        self.encoder = open_encoder("tiles", SIZE)
        self.seq = 0

    def picture(self, age: float) -> events.Picture:
        self.seq += 1
        image = np.full((*SIZE, 4), 16 * self.seq, np.uint8)
        at = time.monotonic() - age
        update = self.encoder.encode(Frame(image, (Rect(0, 0, *SIZE),), at, at))
        return events.Picture(
            seq=self.seq,
            screen=1,
            input_seq=0,
            exact=True,
            key=False,
            quality=None,
            pixels=Pixels.of(update.pixels),
            damaged_at=at,
            captured_at=at,
            encode_started_at=at,
            encoded_at=at,
            sent_at=at,
            digest=None,
            update=update,
        )


@pytest.fixture
async def session() -> RemoteSession:
    def nothing(*_: object, **__: object) -> None:
        pass

    inner = SimpleNamespace(
        send_watch=nothing,
        send_ack=nothing,
        send_refresh=nothing,
        local_time=lambda peer: peer,
        clock_offset=0.0,
        end=nothing,
    )
    link = SimpleNamespace(session=inner, flush=nothing)
    opened = events.Opened("", "", frozenset(), "", frozenset(), cast(Any, None), cast(Any, None))
    made = RemoteSession(Address("host", 1), cast(ClientLink, link), opened, nothing)
    made.take(events.Screen(SIZE, "tiles", 1, False))
    return made


async def next_update(session: RemoteSession) -> int:
    async for update in session.updates():
        return update.seq
    raise AssertionError("the session ended")


async def test_newer_picture_is_shown_in_the_place_of_a_late_one(session: RemoteSession) -> None:
    sender = Sender()
    session.take(sender.picture(age=10.0))
    waiting = asyncio.create_task(next_update(session))
    await asyncio.sleep(0)
    assert not waiting.done()
    session.take(sender.picture(age=0.01))
    assert await waiting == 2
    assert int(session.image[0, 0, 0]) == 32


async def test_late_picture_that_nothing_follows_is_shown_all_the_same(session: RemoteSession) -> None:
    sender = Sender()
    session.take(sender.picture(age=10.0))
    async with asyncio.timeout(PATIENCE):
        assert await next_update(session) == 1


async def test_prompt_picture_is_shown_at_once(session: RemoteSession) -> None:
    session.take(Sender().picture(age=0.01))
    waiting = asyncio.create_task(next_update(session))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert waiting.done()
    assert waiting.result() == 1


async def test_the_picture_does_not_change_while_another_thread_reads_it(session: RemoteSession) -> None:
    sender = Sender()
    session.take(sender.picture(age=0.0))
    with session.lock:
        before = session.image.copy()
        changing = threading.Thread(target=session.take, args=(sender.picture(age=0.0),), daemon=True)
        changing.start()
        changing.join(0.1)
        assert changing.is_alive()
        assert np.array_equal(session.image, before)
    changing.join()
    assert not np.array_equal(session.image, before)


async def test_a_window_has_the_picture_before_it_is_proved_and_updates_tell_of_it(session: RemoteSession) -> None:
    sender, told = Sender(), []
    session.follow_picture(lambda seq, damage: told.append((seq, damage, session.mismatches)))
    waiting = asyncio.create_task(anext(session.updates()))
    wrong = msgspec.structs.replace(sender.picture(age=0.0), digest=1)
    session.take(wrong)
    assert told == [(1, (Rect(0, 0, *SIZE),), 0)]
    assert session.mismatches == 1
    assert not (await waiting).exact
    assert not session.ledger[-1].exact


async def test_a_late_picture_is_not_given_to_a_window_either(session: RemoteSession) -> None:
    sender, told = Sender(), []
    session.follow_picture(lambda seq, damage: told.append((seq, int(session.image[0, 0, 0]))))
    session.take(sender.picture(age=10.0))
    assert told == []
    session.take(sender.picture(age=0.01))
    assert told == [(2, 32)]


async def test_a_late_picture_behind_news_that_nobody_has_taken_is_given_to_a_window_all_the_same(
    session: RemoteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fanlight.client.session._HOLD_SECONDS", 0.0)
    sender, told = Sender(), asyncio.Queue()
    session.follow_picture(lambda seq, damage: told.put_nowait(seq))
    session.take(sender.picture(age=0.01))
    session.take(sender.picture(age=10.0))
    async with asyncio.timeout(PATIENCE):
        assert [await told.get(), await told.get()] == [1, 2]


async def test_what_was_held_back_is_not_given_to_a_window_once_the_screen_has_another_size(
    session: RemoteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr("fanlight.client.session._HOLD_SECONDS", 0.0)
    session.take(Sender().picture(age=10.0))
    session.follow_picture(lambda seq, damage: told.append(seq))
    told.clear()
    session.take(events.Screen((SIZE[0] + 64, SIZE[1]), "tiles", 2, False))
    await next_update(session)
    assert told == []


async def test_a_window_that_comes_later_gets_the_picture_that_is_there(session: RemoteSession) -> None:
    told = []
    session.follow_picture(lambda seq, damage: told.append((seq, damage)))
    assert told == []
    session.take(Sender().picture(age=0.0))
    session.follow_picture(lambda seq, damage: told.append((seq, damage)))
    assert told == [(1, (Rect(0, 0, *SIZE),))] * 2

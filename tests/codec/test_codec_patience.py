"""A library that never returns costs a thread, and nobody else's time."""

import queue
import threading

import pytest
from codec_scenes import frames, gradient, typing, whole

from fanlight.codec import open_encoder, video
from fanlight.codec.patience import Patience
from fanlight.errors import EncoderError

SIZE = (128, 96)


def test_answers_and_errors_come_through():
    patience = Patience(60.0)
    assert patience.call(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        patience.call(lambda: 1 // 0)
    assert patience.call(threading.get_ident) != threading.get_ident()
    patience.end()


def test_what_does_not_return_is_given_up_for_good():
    forever, patience = threading.Event(), Patience(0.0)
    with pytest.raises(TimeoutError):
        patience.call(forever.wait)
    with pytest.raises(TimeoutError):
        patience.call(lambda: None)
    forever.set()


class Slept:
    """Answers that are waited for while the machine sleeps: the time is over before any of them can come."""

    def __init__(self, answers):
        self._answers, self._slept = answers, False

    def get(self, timeout):
        if not self._slept:
            self._slept = True
            raise queue.Empty
        return self._answers.get(timeout=timeout)


def test_a_machine_that_sleeps_has_not_waited(monkeypatch):
    patience = Patience(60.0)
    monkeypatch.setattr(patience, "_answers", Slept(patience._answers))
    assert patience.call(lambda: 7) == 7
    patience.end()


def test_an_encoder_that_hangs_is_an_error_that_says_so(monkeypatch):
    try:
        encoder = open_encoder("av1", SIZE)
    except EncoderError as error:
        pytest.skip(str(error))
    encoder.encode(frames([(gradient(SIZE), whole(SIZE))])[0])
    forever = threading.Event()
    monkeypatch.setattr(encoder._writer._patience, "_seconds", 0.0)
    monkeypatch.setattr(encoder._writer, "_context", _Hangs(forever))
    with pytest.raises(EncoderError, match="did not answer"):
        encoder.encode(frames(typing(SIZE))[0])
    encoder.close()
    forever.set()


class _Hangs:
    """A context whose calls wait for ever."""

    def __init__(self, event):
        self._event = event

    def encode(self, _):
        """Wait."""
        self._event.wait()
        return []


def test_only_what_has_hung_gets_a_thread_of_its_own():
    names = {profile.name for profile in video.PROFILES.values() if profile.may_hang}
    assert names == {"av1"}

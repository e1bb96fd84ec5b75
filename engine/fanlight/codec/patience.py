"""Calls into a library that may never return: they are made on a thread that can be left behind."""

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

_LOOKS = 4


class Patience(Generic[Answer]):
    """Makes one call at a time, and waits for each at most so many seconds.

    One that does not return keeps its thread and what it works with, for ever; the interpreter ends all the same.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._calls: SimpleQueue[Callable[[], Answer] | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer | BaseException] = SimpleQueue()
        self._lost = False
        Thread(target=_serve, args=(self._calls, self._answers), daemon=True, name="patience").start()

    def call(self, work: Callable[[], Answer]) -> Answer:
        """Return what `work` returns, or raise what it raises; TimeoutError once it did not end, and ever after."""
        if self._lost:
            raise TimeoutError
        self._calls.put(work)
        answer = self._wait()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _wait(self) -> Answer | BaseException:
        """Wait several times for a part of the time, of which a machine that sleeps meanwhile takes one only."""
        for _ in range(_LOOKS):
            with suppress(Empty):
                return self._answers.get(timeout=self._seconds / _LOOKS)
        self._lost = True
        raise TimeoutError

    def end(self) -> None:
        """Make no more calls."""
        self._calls.put(None)


def _serve(calls: "SimpleQueue[Callable[[], Answer] | None]", answers: "SimpleQueue[Answer | BaseException]") -> None:
    while (work := calls.get()) is not None:
        try:
            answers.put(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the call was made
            answers.put(error)

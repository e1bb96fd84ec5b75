"""How a host denies: by an empty message, at a fixed time after the one that it answers, whatever the reason.

What made it decide, and how long that took, cannot be told from the answer. The reason goes to the host's owner alone.
"""

from dataclasses import dataclass

from fanlight.errors import ConnectionLost, FanlightError, Refused
from fanlight.protocol import messages as m
from fanlight.session.base import PASSWORD_SECONDS, BaseSession
from fanlight.session.events import Ended, HostEvent, HostOnly

ANSWER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Answer:
    """A message that waits for its time; `error`: the handshake ends with it."""

    at: float
    message: m.Message
    error: FanlightError | None


class HostAnswers(BaseSession[HostOnly]):
    """The answers of a host that must not tell anything, one at a time."""

    _answer: _Answer | None = None

    @property
    def deadline(self) -> float | None:
        """When `timeout` wants to be called; None after the end."""
        return self._answer.at if self._answer is not None and not self._ended else super().deadline

    def timeout(self, now: float) -> list[HostEvent]:
        """Act on a deadline that has passed; harmless before it has."""
        if self._answer is None or self._ended:
            return super().timeout(now)
        return self._give(self._answer, now) if now >= self._answer.at else []

    def _refuse(self, reason: str, now: float) -> list[HostEvent]:
        return self._answer_at(now + ANSWER_SECONDS, m.Refused(), Refused(reason))

    def _fail(self, error: FanlightError, now: float) -> list[HostEvent]:
        return self._answer_at(now + ANSWER_SECONDS, m.Failed(), error)

    def _ask_code(self, now: float) -> list[HostEvent]:
        return self._answer_at(now + ANSWER_SECONDS, m.AskCode(), None)

    def _answer_at(self, at: float, message: m.Message, error: FanlightError | None) -> list[HostEvent]:
        self._answer = _Answer(at, message, error)
        return []

    def _give(self, answer: _Answer, now: float) -> list[HostEvent]:
        self._answer = None
        self._send(answer.message)
        if answer.error is not None:
            return [self._finish(answer.error)]
        self._handshake_until = now + PASSWORD_SECONDS
        return []

    def _finish(self, error: FanlightError | None, reason: str = "") -> Ended:
        # A client that does not wait for its answer must not hide why it would have been sent away.
        waiting = self._answer.error if self._answer is not None else None
        self._answer = None
        if isinstance(error, ConnectionLost) and waiting is not None:
            return super()._finish(waiting)
        return super()._finish(error, reason)

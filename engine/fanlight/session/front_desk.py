"""What a client at the door has to know of the host beyond its rules: who is there, and how many are inside."""

from typing import Protocol


class FrontDesk(Protocol):
    """The host's other sessions and its person; each member is looked at when it decides."""

    @property
    def is_full(self) -> bool:
        """Whether no further session can be opened."""

    @property
    def console_is_open(self) -> bool:
        """Whether the host's console is open, so that a person sees requests."""

    @property
    def prompts(self) -> int:
        """How many requests wait for an answer."""


class EmptyDesk:
    """A host with room, without a console and without another request."""

    is_full = False
    console_is_open = False
    prompts = 0

"""The host's console: the terminal in which `fanlight host --console` shows requests and takes answers to them."""

import asyncio
import os
import sys

import click

from fanlight.errors import FanlightError, UsageError
from fanlight.net.reception import DEFAULT_PROFILE, Reception, SessionFacts, name
from fanlight.types import Permission

_MOST_BYTES = 4096


class Console:
    """Standard input as a person's answers. `start` opens it; it closes with the end of the input."""

    def __init__(self, reception: Reception) -> None:
        self.is_console = True
        self._reception = reception
        self._unread = b""
        self._shown: set[str] = set()

    def start(self) -> None:
        """Show requests from now on."""
        self._reception.attend(self)
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)

    def changed(self) -> None:
        """Show each request once."""
        asking = [facts for facts in self._reception.sessions() if facts.state == "requesting"]
        for facts in asking:
            if facts.id not in self._shown:
                self._show(facts)
        self._shown = {facts.id for facts in asking}

    def _show(self, facts: SessionFacts) -> None:
        others = ", ".join(profile for profile in facts.profiles if profile != DEFAULT_PROFILE)
        _say(f"{name(facts)} asks to be let in from {facts.address}")
        _say(f"y: let in as {DEFAULT_PROFILE}   y PROFILE: as {others}   -RIGHT: without   n: reject   [60 s]")

    def _read(self) -> None:
        data = os.read(sys.stdin.fileno(), _MOST_BYTES)
        if not data:
            # An end stays readable: without this the loop would turn without pause.
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._reception.dismiss(self)
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        self._unread = self._unread[-_MOST_BYTES:]
        for line in lines:
            if text := line.decode("utf-8", "replace").strip():
                self._answer(text)

    def _answer(self, line: str) -> None:
        """Take one answer, for the request that has waited longest."""
        waiting = next((facts for facts in self._reception.sessions() if facts.state == "requesting"), None)
        word, *rest = line.split()
        try:
            if word not in ("y", "n"):
                _say("answer a request with y, y PROFILE -RIGHT, or n")
            elif waiting is None:
                _say("nobody asks to be let in")
            elif word == "y":
                profile, without = _chosen(rest)
                self._reception.accept(waiting.id, profile, without)
            else:
                self._reception.reject(waiting.id)
        except FanlightError as error:
            _say(str(error))


def _chosen(words: list[str]) -> tuple[str | None, frozenset[Permission]]:
    """Read the name of a profile and the rights that it is given without."""
    off = [word[1:] for word in words if word.startswith("-")]
    for right in off:
        if right not in set(Permission):
            raise UsageError(f"{right!r} is no right: there are {', '.join(Permission)}")
    profile = " ".join(word for word in words if not word.startswith("-"))
    return profile or None, frozenset(map(Permission, off))


def _say(text: str) -> None:
    click.echo(text, err=True)

"""The host's console: the terminal in which `fanlight host --console` shows requests and takes answers to them."""

import asyncio
import os
import sys

import click

from fanlight.errors import FanlightError
from fanlight.net.reception import DEFAULT_PROFILE, Reception, SessionFacts, name

_MOST_BYTES = 4096


class Console:
    """Standard input as a person's answers. `start` opens it; it closes with the end of the input."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._unread = b""

    def start(self) -> None:
        """Show requests from now on."""
        self._reception.watch(self._show)
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)

    def _show(self, facts: SessionFacts) -> None:
        others = ", ".join(profile for profile in facts.profiles if profile != DEFAULT_PROFILE)
        _say(f"{name(facts)} asks to be let in from {facts.address}")
        _say(f"y: let in as {DEFAULT_PROFILE}   y PROFILE: as {others}   n: reject   [60 seconds]")

    def _read(self) -> None:
        data = os.read(sys.stdin.fileno(), _MOST_BYTES)
        if not data:
            # An end stays readable: without this the loop would turn without pause.
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._reception.unwatch(self._show)
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        self._unread = self._unread[-_MOST_BYTES:]
        for line in lines:
            self._answer(line.decode("utf-8", "replace").strip())

    def _answer(self, line: str) -> None:
        """Take one answer, for the request that has waited longest."""
        waiting = next((facts for facts in self._reception.sessions() if facts.state == "requesting"), None)
        word, _, profile = line.partition(" ")
        try:
            if word not in ("y", "n"):
                _say("answer a request with y, y PROFILE or n")
            elif waiting is None:
                _say("nobody asks to be let in")
            elif word == "y":
                self._reception.accept(waiting.id, profile.strip() or None)
            else:
                self._reception.reject(waiting.id)
        except FanlightError as error:
            _say(str(error))


def _say(text: str) -> None:
    click.echo(text, err=True)

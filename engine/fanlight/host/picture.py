"""What the host hands to a viewer: one encoded update, the screen it belongs to, and its stamps."""

from dataclasses import dataclass

from fanlight.codec import Update
from fanlight.session.outgoing import Outgoing
from fanlight.types import Size

REST_SECONDS = 0.1
"""How long a picture must rest before what is still lossy is sent exactly."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a decoder must be opened for; `serial` grows with every change."""

    serial: int
    size: Size
    codec: str


class Picture(Outgoing, kw_only=True, eq=False):
    """One encoded update, the same object for all who get it.

    `states` counts the captured states of the screen that merged into it, `shared` the viewers that get it.
    """

    update: Update
    screen: Screen
    states: int
    shared: int

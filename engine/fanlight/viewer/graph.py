"""The ledger as a picture: a column an update, a colour a stage, and what each stage took in the middle."""

import math
from collections.abc import Sequence

import pygame

from fanlight.session.ledger import STAGES, LedgerEntry
from fanlight.viewer.sprites import MARGIN, Sprite
from fanlight.viewer.summary import percentile

COLUMNS = 120
FRAME_MICROS = 16_667
"""What a frame may take at 60 a second: where the graph has its line."""

COLOURS = {
    "capture": (92, 155, 236),
    "wait": (128, 128, 140),
    "encode": (240, 170, 60),
    "send": (196, 120, 220),
    "transit": (90, 200, 190),
    "decode": (120, 205, 95),
    "present": (235, 105, 110),
}

_COLUMN, _HEIGHT, _PADDING = 3, 104, 6
_LEGEND, _ROW, _TEXT_HEIGHT = 128, 13, 15
_GROUND, _TEXT, _LINE, _OVER = (24, 24, 28), (235, 235, 235), (150, 150, 160), (255, 255, 255)
# The line stands at four fifths of the height, and lower by halves where updates take longer.
_LEAST_SCALE = FRAME_MICROS * 5 / 4 / _HEIGHT
_MOST_HALVINGS = 8


def ledger_graph(entries: Sequence[LedgerEntry], answers: Sequence[float], below: int) -> Sprite:
    """Draw the newest entries, the last at the right; `answers` are seconds from input to picture.

    The sprite stands under the row `below` of the window. Entries without an offset have no total, and no column.
    """
    known = [entry for entry in entries if entry.total is not None][-COLUMNS:]
    surface = pygame.Surface((COLUMNS * _COLUMN + _LEGEND + 3 * _PADDING, _HEIGHT + 2 * _PADDING), pygame.SRCALPHA)
    surface.fill((*_GROUND, 255))
    scale = _scale(known)
    for place, entry in enumerate(known, COLUMNS - len(known)):
        _draw_column(surface, _PADDING + place * _COLUMN, entry, scale)
    _draw_line(surface, _PADDING + _HEIGHT - round(FRAME_MICROS / scale))
    _draw_legend(surface, _PADDING * 2 + COLUMNS * _COLUMN, known, answers)
    return Sprite(surface, MARGIN, below)


def _scale(entries: Sequence[LedgerEntry]) -> float:
    """Return microseconds a pixel, so that all but the slowest twentieth fit."""
    needed = percentile([entry.total or 0 for entry in entries], 95) or 0
    halvings = math.ceil(math.log2(max(1.0, needed / (_LEAST_SCALE * _HEIGHT))))
    return _LEAST_SCALE * 2.0 ** min(halvings, _MOST_HALVINGS)


def _draw_column(surface: pygame.Surface, x: int, entry: LedgerEntry, scale: float) -> None:
    bottom, done = _PADDING + _HEIGHT, 0
    for stage, micros in entry.stages.items():
        # "transit" can be a little below nothing; what comes after it stands where it would.
        after = done + max(0, micros)
        low, high = (min(_HEIGHT, round(value / scale)) for value in (done, after))
        surface.fill(COLOURS[stage], (x, bottom - high, _COLUMN - 1, high - low))
        done = after
    if done / scale > _HEIGHT:
        surface.fill(_OVER, (x, _PADDING, _COLUMN - 1, 2))


def _draw_line(surface: pygame.Surface, y: int) -> None:
    for x in range(_PADDING, _PADDING + COLUMNS * _COLUMN, 6):
        surface.fill(_LINE, (x, y, 3, 1))
    _write(surface, f"{FRAME_MICROS / 1_000:.1f} ms", _LINE, _PADDING, y - _ROW + 2)


def _draw_legend(surface: pygame.Surface, x: int, entries: Sequence[LedgerEntry], answers: Sequence[float]) -> None:
    stages = [entry.stages for entry in entries]
    # The last stage on top, as it stands in the columns.
    rows = [(name, COLOURS[name], [found[name] for found in stages if name in found]) for name in reversed(STAGES)]
    for row, (name, colour, micros) in enumerate(rows):
        _write(surface, f"{_middle(micros)}  {name}", colour, x, _PADDING + row * _ROW)
    input_to_picture = _middle([round(answer * 1e6) for answer in answers])
    _write(surface, f"{input_to_picture}  input to picture", _TEXT, x, _PADDING + len(rows) * _ROW)


def _middle(micros: Sequence[int]) -> str:
    middle = percentile(micros, 50)
    return "    -" if middle is None else f"{middle / 1_000:5.1f}"


def _write(surface: pygame.Surface, text: str, colour: tuple[int, int, int], x: int, y: int) -> None:
    surface.blit(pygame.font.Font(None, _TEXT_HEIGHT).render(text, True, colour), (x, y))

"""What moves in the demo's terminals, drawn by ANSI escapes: a clock with a wave, and source code that scrolls.

A program of its own that needs nothing but the standard library, so that its terminal is alive at once.
"""

import itertools
import math
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_PULSES_PER_SECOND = 60
_LINES_PER_SECOND = 5

_WIDTH = 84
_WAVE_ROWS = 12
_STEPS = " ▁▂▃▄▅▆▇█"
_WAVE_COLOURS = (231, 195, 159, 123, 87, 51, 50, 44, 37, 31, 25, 24)
_HIDE_CURSOR = "\x1b[?25l\x1b[2J"

_DIGITS = {
    "0": ("█▀▀▀█", "█   █", "█   █", "█▄▄▄█"),
    "1": ("  ▀█ ", "   █ ", "   █ ", "  ▄█▄"),
    "2": ("▀▀▀▀█", "▄▄▄▄█", "█    ", "█▄▄▄▄"),
    "3": ("▀▀▀▀█", " ▄▄▄█", "    █", "▄▄▄▄█"),
    "4": ("█   █", "█▄▄▄█", "    █", "    █"),
    "5": ("█▀▀▀▀", "█▄▄▄▄", "    █", "▄▄▄▄█"),
    "6": ("█▀▀▀▀", "█▄▄▄▄", "█   █", "█▄▄▄█"),
    "7": ("▀▀▀▀█", "    █", "    █", "    █"),
    "8": ("█▀▀▀█", "█▄▄▄█", "█   █", "█▄▄▄█"),
    "9": ("█▀▀▀█", "█▄▄▄█", "    █", "▄▄▄▄█"),
    ":": ("   ", " ▀ ", " ▄ ", "   "),
    ".": ("   ", "   ", "   ", " ▄ "),
}

_FULL_CELLS = re.compile("█+")
_COLOURED = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')|(?P<comment>\#.*)|(?P<number>\b\d[\w.]*)|(?P<word>\b(?:and|as|assert|async|await|break|
    case|class|continue|def|del|elif|else|except|False|finally|for|from|if|import|in|is|lambda|match|None|not|or|pass|
    raise|return|self|True|try|while|with|yield)\b)""",
    re.VERBOSE,
)
_COLOURS = {"text": 114, "comment": 245, "number": 215, "word": 80}


def _at(row: int, text: str, colour: int) -> str:
    return f"\x1b[{row};3H\x1b[38;5;{colour}m{_FULL_CELLS.sub(_inverted, text)}"


def _inverted(cells: re.Match[str]) -> str:
    """Draw full cells as background: the font's own blocks leave a gap between rows."""
    return f"\x1b[7m{' ' * len(cells.group())}\x1b[27m"


def _clock_rows(now: float) -> Iterator[str]:
    whole = time.strftime("%H:%M:%S", time.localtime(now))
    shown = f"{whole}.{int(now * 100) % 100:02}"
    for row in range(4):
        yield " ".join(_DIGITS[sign][row] for sign in shown)


def _wave_heights(now: float) -> list[int]:
    """Heights in eighths of a row, one a column."""
    full = _WAVE_ROWS * 8
    heights = []
    for column in range(_WIDTH):
        x = column / _WIDTH
        swell = math.sin(5 * x + 1.7 * now) + 0.5 * math.sin(13 * x - 2.9 * now) + 0.25 * math.sin(29 * x + 5.3 * now)
        heights.append(round(full * (0.5 + 0.27 * swell)))
    return heights


def _wave_rows(now: float) -> Iterator[str]:
    heights = _wave_heights(now)
    for row in range(_WAVE_ROWS):
        floor = (_WAVE_ROWS - 1 - row) * 8
        yield "".join(_STEPS[min(max(height - floor, 0), 8)] for height in heights)


def _pulse() -> Iterator[str]:
    yield _HIDE_CURSOR + _at(2, "fanlight", 87) + _at(3, "captured, compared, encoded, encrypted, decoded", 245)
    for count in itertools.count():
        now = time.time()
        rows = [_at(5 + row, text, 231) for row, text in enumerate(_clock_rows(now))]
        rows += [_at(11 + row, text, _WAVE_COLOURS[row]) for row, text in enumerate(_wave_rows(now))]
        rows.append(_at(25, f"update {count:,}", 245))
        yield "".join(rows)


def _coloured(line: str) -> str:
    def paint(found: re.Match[str]) -> str:
        return f"\x1b[38;5;{_COLOURS[found.lastgroup or 'word']}m{found.group()}\x1b[39m"

    return _COLOURED.sub(paint, line)


def _source() -> Iterator[str]:
    yield _HIDE_CURSOR
    package = Path(__file__).parents[1]
    for path in itertools.cycle(sorted(package.rglob("*.py"))):
        yield f"\r\n\x1b[1;38;5;87m {path.relative_to(package.parent)}\x1b[0m\r\n"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"\r\n\x1b[38;5;240m{number:4} \x1b[39m {_coloured(line[: _WIDTH - 8])}"


def _play(scene: Iterator[str], rate: float) -> None:
    """Write the scene's steps `rate` times a second; time lost is not made up for."""
    due = time.monotonic()
    for text in scene:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        due = max(due + 1 / rate, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    if sys.argv[1] == "pulse":
        _play(_pulse(), _PULSES_PER_SECOND)
    else:
        _play(_source(), _LINES_PER_SECOND)

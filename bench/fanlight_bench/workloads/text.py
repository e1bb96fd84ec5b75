"""What the workloads have to say: prose, program text and a terminal's output, chosen by random numbers."""

from collections.abc import Iterator

import numpy as np
import pygame

from fanlight_bench.workloads.base import Colour

_SENTENCES = """
The harbour was quiet before the ferries came, and the gulls stood on the railings as if they had paid for them.
Nobody had told the new clerk that the lift stopped between the second floor and the third.
In spring the river takes the lower path, so the walkers go round by the orchard and the old mill.
She counted the parcels twice, wrote the number on the slip, and counted them again.
A good map leaves out almost everything; what remains is what you need to find your way home.
The committee met at ten, agreed on the colour of the chairs, and put off the question of the bridge.
Rain fell all week on the tin roof, and we learned to talk a little louder than it did.
Two carpenters were sent for, and each explained that the other had measured from the wrong end.
By evening the market was empty but for a man who was sweeping leaves into a very straight line.
Light travels one foot in a nanosecond, which is why engineers like short cables and shorter meetings.
The recipe asks for three eggs, a cup of flour, and more patience than the cook had that morning.
When the lamps were lit along the quay the whole town looked as though it had been drawn with a ruler.
He kept every letter in a biscuit tin, sorted by the weather on the day it had arrived.
There are 47 steps to the tower, 12 windows, and one bell that has not been rung since 1911.
The theory was elegant, the experiment was careful, and the result was a complete surprise to both of them.
Most of the library's readers came for the newspapers, some for the warmth, and one for the atlas.
If the valve is opened too quickly the pipe knocks, and the neighbours write another letter.
On the far shore you could see the train, small as a toy, drawing its smoke across the hills.
They had painted the door blue, then green, and at last had gone back to the blue.
A picture of the same place, taken each year on the same day, hung along the stairs.
Please return the key to the desk, close the window, and leave the kettle as you found it.
The index at the back was longer than the chapter on fish, and considerably more use.
What the instrument measured was not the wind itself but the patience of whoever held it.
Each of the four clocks in the hall was right about something, if not always about the time.
""".strip().splitlines()

_HEADINGS = """
Notes from the lower harbour
A short history of the mill
How the bridge was measured
Letters, parcels and slips
What the atlas leaves out
The weather of that year
Rules for the reading room
""".strip().splitlines()

_CODE = """
static int read_header(struct reader *r, struct header *out)
    size_t left = r->end - r->at;
    if (left < HEADER_SIZE) return -EINVAL;
    out->length = load_u32(r->at);
    for (int i = 0; i < out->count; i++) {
        total += weights[i] * samples[i];
    }
def merge(left: list[Span], right: list[Span]) -> list[Span]:
    spans = sorted(left + right, key=lambda span: span.start)
    while spans and spans[0].end <= limit:
        yield spans.pop(0)
    return [span for span in spans if span.length > 0]
""".strip("\n").splitlines()

INK: Colour = (32, 33, 36)
PAPER: Colour = (255, 255, 255)
LINK: Colour = (26, 84, 200)
_CODE_PAPER: Colour = (240, 242, 246)

_TERMINAL_INKS: tuple[Colour, ...] = (
    (204, 204, 204),
    (106, 190, 106),
    (222, 184, 90),
    (110, 165, 235),
    (215, 105, 100),
    (190, 130, 210),
    (95, 195, 195),
)
TERMINAL_PAPER: Colour = (16, 18, 22)


class Row:
    """One line of a page: its text, which face it has, and its colours."""

    __slots__ = ("face", "ink", "paper", "text")

    def __init__(self, text: str, face: str, ink: Colour = INK, paper: Colour = PAPER) -> None:
        self.text = text
        self.face = face
        self.ink = ink
        self.paper = paper


def prose(random: np.random.Generator, sentences: int) -> str:
    """Return so many different sentences, one after the other."""
    return " ".join(_SENTENCES[i] for i in random.choice(len(_SENTENCES), sentences, replace=False))


def wrapped(text: str, face: pygame.font.Font, width: int) -> list[str]:
    """Break text into lines of at most `width` pixels; a longer word stands alone."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and face.size(longer)[0] > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def page(random: np.random.Generator, body: pygame.font.Font, width: int) -> Iterator[Row]:
    """Write a page without an end: headings, paragraphs, links and blocks of program text."""
    while True:
        yield Row(str(random.choice(_HEADINGS)), "heading")
        for _ in range(int(random.integers(2, 5))):
            yield Row("", "body")
            for line in wrapped(prose(random, int(random.integers(2, 6))), body, width):
                yield Row(line, "body")
        yield Row("", "body")
        yield Row(prose(random, 1)[:40] + " (read more)", "body", LINK)
        yield Row("", "body")
        for line in code(random, int(random.integers(4, 10))):
            yield Row(line, "code", INK, _CODE_PAPER)
        yield Row("", "body")


def code(random: np.random.Generator, lines: int) -> list[str]:
    """Return neighbouring lines of a program."""
    first = int(random.integers(0, len(_CODE)))
    return [_CODE[(first + i) % len(_CODE)] for i in range(lines)]


def terminal_line(random: np.random.Generator, columns: int) -> list[tuple[str, Colour]]:
    """Return one line of a build's, a log's or a listing's output, in coloured pieces."""
    number = int(random.integers(0, 1 << 30))
    name = "_".join(str(word).strip(".,;").lower() for word in random.choice(_WORDS, 2))
    ink = _TERMINAL_INKS[int(random.integers(0, len(_TERMINAL_INKS)))]
    grey = _TERMINAL_INKS[0]
    kind = int(random.integers(0, 4))
    if kind == 0:
        return [(f"[{number % 900:3d}/900] ", _TERMINAL_INKS[1]), (f"Building C object src/{name}.c.o", grey)]
    if kind == 1:
        return [
            (f"-rw-r--r-- 1 user user {number % 9_999_999:8d} Mar {number % 30 + 1:2d} ", grey),
            (f"{name}.tar.gz", ink),
        ]
    if kind == 2:
        head = f"{number % 24:02d}:{number % 60:02d}:{number % 59:02d}.{number % 1000:03d} "
        return [(head, _TERMINAL_INKS[3]), (prose(random, 1)[: columns - len(head)], grey)]
    return [(f"{name}.py:{number % 800}: ", ink), (code(random, 1)[0].strip(), grey)]


_WORDS = " ".join(_SENTENCES).split()

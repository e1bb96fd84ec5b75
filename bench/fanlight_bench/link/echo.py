"""`python -m fanlight_bench.link.echo X Y W H`: a window that turns black or white with every key that is pressed."""

import sys

import pygame

from fanlight.errors import FanlightError
from fanlight_bench.workloads.window import window

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def main() -> None:
    """Run as a program, until it is ended."""
    x, y, w, h = map(int, sys.argv[1:5])
    try:
        with window((w, h), (x, y)) as surface:
            _echo(surface)
    except FanlightError as error:
        sys.exit(str(error))


def _echo(surface: pygame.Surface) -> None:
    white = False
    while True:
        surface.fill(_WHITE if white else _BLACK)
        pygame.display.flip()
        while pygame.event.wait().type != pygame.KEYDOWN:
            pass
        white = not white


if __name__ == "__main__":
    main()

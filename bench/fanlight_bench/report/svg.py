"""matplotlib's figures as SVG that stands inside a page and takes its colours and its font from there."""

import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

# Written where the page's own text colour is meant, since matplotlib knows no `currentColor`.
INK = "#010203"
_IDENTITY = re.compile(r' id="(?:figure|axes|patch|line2d|text|matplotlib\.axis|xtick|ytick|legend|'
                       r'PolyCollection|LineCollection|PathCollection|FillBetweenPolyCollection)_\d+"')  # fmt: skip
_SIZE = re.compile(r'<svg ([^>]*?)width="([\d.]+)pt" height="([\d.]+)pt"')
# Readable on white and on near black; the first is fanlight's own.
COLOURS = ("#3b82f6", "#e8710a", "#0f9d76", "#d6455d", "#9067d8", "#a08112", "#d35fa8", "#5b93a5", "#8a8f98", "#7aa51f")
_numbers = itertools.count()

_STYLE: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "legend.frameon": False,
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color"), INK
    ),
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the page's style."""
    # One salt a drawing, or two drawings in one page would share the names of their clip paths.
    with mpl.rc_context({**_STYLE, "svg.hashsalt": f"fanlight-{next(_numbers)}"}):
        yield


def to_svg(drawing: Drawing) -> str:
    """Return the drawing as one svg element, as wide as its place allows and no wider than drawn."""
    out = io.StringIO()
    drawing.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None,
                                                                   "Type": None})  # fmt: skip
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = _IDENTITY.sub("", text)
    return _SIZE.sub(r'<svg \1style="max-width:\2pt;width:100%;height:auto"', text, count=1)

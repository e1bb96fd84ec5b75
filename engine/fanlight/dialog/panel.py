"""The dialog as widgets at places: what stands where, what each says, and which of them can be pressed.

A pure function of the model and of `now`. A widget's `key` is what the model is told when it is pressed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fanlight.dialog.model import Model
from fanlight.net.reception import SessionFacts
from fanlight.types import Permission, Rect, Size

WIDTH = 470
MARGIN = 16
_LINE, _BUTTON, _GAP = 22, 34, 8
_COLUMNS = 3
_END = 70
_MOST_NAME, _MOST_BESIDE, _MOST_TAKEN = 24, 50, 2
_INSIDE = WIDTH - 2 * MARGIN
_MOST_ROWS = 5
_MOST_LETTERS = 48

Kind = Literal["text", "title", "warning", "mono", "button", "danger", "go", "toggle", "field", "value"]
PRESSED: frozenset[Kind] = frozenset({"button", "danger", "go", "toggle", "field"})


@dataclass(frozen=True, slots=True)
class Widget:
    """One thing in the window. `on` is a toggle's state; what is not `enabled` cannot be pressed."""

    kind: Kind
    text: str
    area: Rect
    key: str = ""
    on: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Panel:
    """All of the window, from above to below."""

    size: Size
    title: str
    widgets: tuple[Widget, ...]

    @property
    def keys(self) -> list[str]:
        """The keys of all that can be pressed, in the order in which Tab goes through them."""
        return [widget.key for widget in self.widgets if widget.kind in PRESSED and widget.enabled]

    def at(self, x: int, y: int) -> Widget | None:
        """Return what would be pressed at a place of the window."""
        for widget in self.widgets:
            left, top, w, h = widget.area
            if widget.kind in PRESSED and widget.enabled and left <= x < left + w and top <= y < top + h:
                return widget
        return None


class _Column:
    """Widgets one under the other."""

    def __init__(self) -> None:
        self.widgets: list[Widget] = []
        self.y = MARGIN

    def line(self, kind: Kind, text: str) -> None:
        self.widgets.append(Widget(kind, text, Rect(MARGIN, self.y, _INSIDE, _LINE)))
        self.y += _LINE

    def row(self, widgets: Sequence[Widget], height: int = _BUTTON) -> None:
        """Stand widgets beside each other in equal parts."""
        width = (_INSIDE - _GAP * (len(widgets) - 1)) // max(1, len(widgets))
        for place, each in enumerate(widgets):
            area = Rect(MARGIN + place * (width + _GAP), self.y, width, height)
            self.widgets.append(Widget(each.kind, each.text, area, each.key, each.on, each.enabled))
        self.y += height + _GAP

    def toggles(self, toggles: Sequence[Widget]) -> None:
        """Stand toggles in columns."""
        width = (_INSIDE - _GAP * (_COLUMNS - 1)) // _COLUMNS
        for place, each in enumerate(toggles):
            row, column = divmod(place, _COLUMNS)
            area = Rect(MARGIN + column * (width + _GAP), self.y + row * (_LINE + _GAP), width, _LINE)
            self.widgets.append(Widget(each.kind, each.text, area, each.key, each.on, each.enabled))
        self.y += -(-len(toggles) // _COLUMNS) * (_LINE + _GAP)

    def gap(self) -> None:
        self.y += _GAP

    def panel(self, title: str) -> Panel:
        return Panel((WIDTH, self.y + MARGIN - _GAP), title, tuple(self.widgets))


def lay_out(model: Model, now: float) -> Panel:
    """Return what the window shows now."""
    column = _Column()
    request = model.request
    if request is not None:
        return _request(column, model, request, now)
    if model.open:
        return _sessions(column, model)
    column.line("title", "Nobody asks to be let in")
    column.line("text", "Requests are shown here while this window is open.")
    column.gap()
    return column.panel("fanlight")


def _request(column: _Column, model: Model, request: SessionFacts, now: float) -> Panel:
    active = model.is_active(now)
    column.line("title", "Somebody asks to be let in")
    column.gap()
    if request.alias is not None:
        column.line("text", shortened(request.alias))
        column.line("text", f"proved by the namespace {shortened(request.alias.rpartition('@')[2])}")
    else:
        column.line("warning", "Not verified: known by this key alone")
        for half in (request.client[:32], request.client[32:]):
            column.line("mono", " ".join(half[i : i + 4] for i in range(0, len(half), 4)))
    column.line("text", f"from {shortened(request.address)}")
    column.gap()
    column.line("text", "Let in with the profile")
    _profile_row(column, model, several=len(request.profiles) > 1, active=active)
    rights = model.rights
    column.toggles([Widget("toggle", right, _NOWHERE, f"right {right}", on, active) for right, on in rights.items()])
    if rights:
        column.line("text", "Rights switched off here are off for this session only.")
    column.gap()
    _secret_row(column, model, active=active)
    # The sessions are behind this view, and taking control away is what can be done without the secret.
    for facts in [each for each in model.open if each.controls][:_MOST_TAKEN]:
        take = f"switch {facts.id} {Permission.CONTROL}"
        column.row([Widget("button", f"Take control from {who(facts)}", _NOWHERE, take, enabled=active)])
    seconds = -(-model.seconds_left(now) // 1)
    reject = Widget("danger", f"Reject  ({seconds:.0f} s)", _NOWHERE, "reject", enabled=active)
    accept = Widget("go", "Accept", _NOWHERE, "accept", enabled=active and model.may_give and bool(model.profile))
    column.row([reject, accept])
    return column.panel("A request - fanlight")


def _profile_row(column: _Column, model: Model, *, several: bool, active: bool) -> None:
    enabled = several and active
    y, side = column.y, _BUTTON
    middle = Rect(MARGIN + side + _GAP, y, _INSIDE - 2 * (side + _GAP), side)
    last = Rect(MARGIN + _INSIDE - side, y, side, side)
    column.widgets += [
        Widget("button", "<", Rect(MARGIN, y, side, side), "previous", enabled=enabled),
        Widget("value", shortened(model.profile) or "none is offered", middle),
        Widget("button", ">", last, "next", enabled=enabled),
    ]
    column.y += side + _GAP


def _secret_row(column: _Column, model: Model, *, active: bool) -> None:
    if model.error:
        for text in wrapped(model.error):
            column.line("warning", text)
        column.gap()
    if not model.needs_secret:
        return
    if not model.state.admin_secret:
        column.line("warning", "A session controls this computer: take its control")
        column.line("warning", "away, or end it, before you give anybody more.")
        column.gap()
        return
    column.line("warning", "A session controls this computer. Admin secret:")
    column.row([Widget("field", "\N{BULLET}" * len(model.secret), _NOWHERE, "secret", enabled=active)])


def _sessions(column: _Column, model: Model) -> Panel:
    for facts in model.open[:_MOST_ROWS]:
        end = Rect(MARGIN + _INSIDE - _END, column.y, _END, _BUTTON)
        column.widgets.append(Widget("danger", "End", end, f"end {facts.id}"))
        column.line("title", f"{who(facts)} is connected")
        verified = "proved by its namespace" if facts.alias is not None else "not verified"
        column.line("text", shortened(f"{verified}; {facts.profile}; {facts.address}", _MOST_BESIDE))
        column.gap()
        waived = [Permission.CONTROL] if facts.controls else []
        rights = sorted({*facts.rights, *facts.withdrawn, *waived})
        column.toggles(
            [Widget("toggle", right, _NOWHERE, f"switch {facts.id} {right}", right in facts.rights) for right in rights]
        )
    if len(model.open) > _MOST_ROWS:
        column.line("text", f"and {len(model.open) - _MOST_ROWS} more: `fanlight sessions list` shows all")
        column.gap()
    _secret_row(column, model, active=True)
    return column.panel("Connected - fanlight")


def who(facts: SessionFacts) -> str:
    """Name a client in few letters."""
    return shortened(facts.alias, _MOST_NAME) if facts.alias is not None else f"key {facts.client[:16]}"


def shortened(text: str, most: int = _MOST_LETTERS) -> str:
    """Return text that fits into a line, without what does not print."""
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= most else f"{text[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def wrapped(text: str) -> list[str]:
    """Return a sentence as lines that fit."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= _MOST_LETTERS and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [shortened(line) for line in lines][:4]


_NOWHERE = Rect(0, 0, 0, 0)

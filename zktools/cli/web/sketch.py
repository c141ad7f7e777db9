"""Where the boxes and arrows of a drawing go. Pure.

Whoever waits for nobody stands on top, and each box below all that it waits for: the layers of
Sugiyama, Tagawa and Toda (1981), with the arrows that close a circle left out and drawn at last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from zktools.cli.web.waiting import Arrow, Box, Knot, Name

_WIDTH, _HEIGHT = 164, 46  # of a box
_GAP, _ROW = 12, 84  # between two boxes, and from row to row
_MARGIN = 6
_AROUND = 40  # beside the boxes, for arrows that close a circle
_TITLE, _TEXT = 19, 23  # characters that fit into a box
_HEAD, _HALF = 8, 4  # of an arrow
_SWEEPS = 4


class Placed(NamedTuple):
    """A box, by its upper left corner."""

    x: float
    y: float
    box: Box

    @property
    def title(self) -> str:
        """As far as it fits."""
        return _fitted(self.box.title, _TITLE)

    @property
    def text(self) -> str:
        """As far as it fits."""
        return _fitted(self.box.text, _TEXT)


class Line(NamedTuple):
    """An arrow: its path and its head, as SVG takes them."""

    path: str
    head: str
    is_circle: bool


@dataclass(frozen=True)
class Sketch:
    """A drawing."""

    width: int
    height: int
    boxes: list[Placed]
    lines: list[Line]
    words: str
    """The same as a sentence, for those who cannot see it."""

    box_width = _WIDTH
    box_height = _HEIGHT


def drawn(knot: Knot) -> Sketch:
    """The drawing of what waits."""
    back = _closing(knot)
    rows = _ordered(_rows(knot, back), knot)
    widest = max(map(len, rows), default=0)
    around = _AROUND if back else 0
    width = 2 * _MARGIN + widest * (_WIDTH + _GAP) - _GAP + around
    places = {}
    for number, row in enumerate(rows):
        start = _MARGIN + (widest - len(row)) * (_WIDTH + _GAP) / 2
        for place, name in enumerate(row):
            x = start + place * (_WIDTH + _GAP)
            places[name] = Placed(x, _MARGIN + number * _ROW, knot.boxes[name])
    lines = [
        _around(places[arrow.start], places[arrow.end], width - _MARGIN, arrow.is_circle)
        if arrow in back
        else _straight(places[arrow.start], places[arrow.end], arrow.is_circle)
        for arrow in knot.arrows
    ]
    height = 2 * _MARGIN + (len(rows) - 1) * _ROW + _HEIGHT
    return Sketch(width, height, list(places.values()), lines, _words(knot))


def _closing(knot: Knot) -> set[Arrow]:
    """Arrows without which there is no circle."""
    out: dict[Name, list[Arrow]] = {name: [] for name in knot.boxes}
    for arrow in knot.arrows:
        out[arrow.start].append(arrow)
    back: set[Arrow] = set()
    done: set[Name] = set()
    for first in knot.boxes:
        trail: list[tuple[Name, list[Arrow]]] = [] if first in done else [(first, [*out[first]])]
        while trail:
            name, left = trail[-1]
            if not left:
                done.add(name)
                trail.pop()
                continue
            arrow = left.pop()
            if any(arrow.end == above for above, _ in trail):
                back.add(arrow)
            elif arrow.end not in done:
                trail.append((arrow.end, [*out[arrow.end]]))
    return back


def _rows(knot: Knot, back: set[Arrow]) -> list[list[Name]]:
    """Each box one row below the lowest that it waits for."""
    rank = dict.fromkeys(knot.boxes, 0)
    forward = [arrow for arrow in knot.arrows if arrow not in back]
    moved = True
    while moved:  # ends, for without the arrows in `back` there is no circle
        moved = False
        for arrow in forward:
            if rank[arrow.start] <= rank[arrow.end]:
                rank[arrow.start] = rank[arrow.end] + 1
                moved = True
    rows: list[list[Name]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name, row in rank.items():
        rows[row].append(name)
    return rows


def _ordered(rows: list[list[Name]], knot: Knot) -> list[list[Name]]:
    """Each row sorted by where its neighbours in the others are, so that fewer arrows cross."""
    near: dict[Name, list[Name]] = {name: [] for name in knot.boxes}
    for arrow in knot.arrows:
        near[arrow.start].append(arrow.end)
        near[arrow.end].append(arrow.start)
    place = {name: _middle(row, n) for row in rows for n, name in enumerate(row)}
    for _ in range(_SWEEPS):
        for row in rows:
            wish = {n: _mean([place[other] for other in near[n]], place[n]) for n in row}
            row.sort(key=wish.__getitem__)
            place |= {name: _middle(row, n) for n, name in enumerate(row)}
    return rows


def _middle(row: list[Name], place: int) -> float:
    return place - (len(row) - 1) / 2


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _straight(start: Placed, end: Placed, is_circle: bool) -> Line:
    """Up from one box to one that is higher."""
    x0, y0 = start.x + _WIDTH / 2, start.y
    x1, y1 = end.x + _WIDTH / 2, end.y + _HEIGHT
    middle = (y0 + y1 + _HEAD) / 2
    path = f"M{x0:g},{y0:g} C{x0:g},{middle:g} {x1:g},{middle:g} {x1:g},{y1 + _HEAD:g}"
    low = y1 + _HEAD
    return Line(path, f"{x1:g},{y1:g} {x1 - _HALF:g},{low:g} {x1 + _HALF:g},{low:g}", is_circle)


def _around(start: Placed, end: Placed, outside: float, is_circle: bool) -> Line:
    """Down from one box to one that is lower, past all others."""
    x0, y0 = start.x + _WIDTH, start.y + _HEIGHT / 2
    x1, y1 = end.x + _WIDTH, end.y + _HEIGHT / 2
    path = f"M{x0:g},{y0:g} C{outside:g},{y0:g} {outside:g},{y1:g} {x1 + _HEAD:g},{y1:g}"
    right = x1 + _HEAD
    return Line(path, f"{x1:g},{y1:g} {right:g},{y1 - _HALF:g} {right:g},{y1 + _HALF:g}", is_circle)


def _words(knot: Knot) -> str:
    boxes = knot.boxes
    return "; ".join(
        f"{boxes[arrow.start].title} {_verb(knot, arrow)} {boxes[arrow.end].title}"
        for arrow in knot.arrows
    )


def _verb(knot: Knot, arrow: Arrow) -> str:
    if arrow.start[-1] == "waiting":  # they are counted: "7 wait"
        return "for"
    return "is held by" if knot.boxes[arrow.start].tone == "lock" else "waits for"


def _fitted(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"

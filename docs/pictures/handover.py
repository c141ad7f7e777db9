"""A lock changing hands on the wire, ours beside kazoo's."""

from __future__ import annotations

from docs.pictures.svg import Drawing

_TOP = 74  # y of the moment when release() is called
_HALF_TRIP = 56  # height of half a round trip
_LANES = (70, 180, 290)  # x of holder, ZooKeeper, next


def draw() -> Drawing:
    """Two sequence diagrams with the same scale of time, which runs downwards."""
    sheet = Drawing(720, 350)
    for x, title in ((0, "zktools: 1 round trip"), (375, "kazoo: 2 round trips")):
        _stage(sheet, x, title)
    _ours(sheet, 0)
    _kazoos(sheet, 375)
    return sheet


def _stage(sheet: Drawing, x: float, title: str) -> None:
    sheet.words((x + _LANES[1], 18), title, look="title")
    for lane, name in zip(_LANES, ("holder", "ZooKeeper", "next"), strict=True):
        sheet.bar((x + lane - 38, 30), (76, 26), "quiet", name)
        sheet.line((x + lane, 56), (x + lane, 332))
    for trips in range(5):
        y = _at(trips / 2)
        sheet.line((x + 32, y), (x + 338, y), "faint")
        sheet.words((x + 28, y), f"{trips / 2:g}", anchor="end", look="muted", lead=4)


def _at(trips: float) -> float:
    return _TOP + 2 * trips * _HALF_TRIP


def _send(sheet: Drawing, x: float, way: tuple[int, int], trips: float, words: str) -> None:
    """A message that leaves at `trips` round trips and takes half of one."""
    start = (x + _LANES[way[0]], _at(trips))
    end = (x + _LANES[way[1]], _at(trips + 0.5))
    sheet.arrow(start, end)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    aside = 18 if end[0] > start[0] else -18
    sheet.words((middle[0] + aside, middle[1] - 6), words, look="code")


def _believes(sheet: Drawing, x: float, lane: int, start: float, end: float) -> None:
    top, bottom = _at(start), _at(end)
    sheet.bar((x + _LANES[lane] - 7, top), (14, bottom - top), "good")


def _ours(sheet: Drawing, x: float) -> None:
    _believes(sheet, x, 0, -0.15, 0)
    _send(sheet, x, (0, 1), 0, "delete")
    _send(sheet, x, (1, 2), 0.5, "deleted")
    _believes(sheet, x, 2, 1, 2.3)
    sheet.words((x + 278, _at(1) + 20), "the event is the grant", anchor="end", look="muted")


def _kazoos(sheet: Drawing, x: float) -> None:
    _believes(sheet, x, 0, -0.15, 0)
    _send(sheet, x, (0, 1), 0, "delete")
    _send(sheet, x, (1, 2), 0.5, "deleted")
    _send(sheet, x, (2, 1), 1, "list")
    _send(sheet, x, (1, 2), 1.5, "names")
    _believes(sheet, x, 2, 2, 2.3)

"""What each side knows during a partition, on one line of time."""

from __future__ import annotations

from docs.pictures.svg import Drawing, Tone
from zktools._engine.life import SAFE
from zktools._engine.vigil import RENEW

_LEFT, _UNIT = 150, 460  # x of the newest sign of life; width of one session timeout
_ROW, _BAR = 42, 26
_FIRST = 60
_CUT = RENEW / 2  # where the network falls silent, between two signs of life
_NOTICED = 0.88  # by kazoo: somewhere; see docs/concepts/sessions.rst
_ROWS = 6
_START, _END = -0.04, 1.22


def draw() -> Drawing:
    """One bar for each who has a view; time runs to the right, in session timeouts."""
    sheet = Drawing(720, 350)
    _marks(sheet)
    _row(sheet, 0, "network", [(_START, _CUT, "quiet", ""), (_CUT, _END, "bad", "silent")])
    _row(
        sheet,
        1,
        "kazoo client",
        [(_START, _NOTICED, "quiet", "CONNECTED"), (_NOTICED, _END, "warn", "SUSPENDED")],
    )
    _row(sheet, 2, "kazoo Lock", [(_START, _END, "warn", "is_acquired is True")])
    _row(
        sheet,
        3,
        "zktools lease",
        [(_START, SAFE, "good", "is_held is True"), (SAFE, _END, "bad", "lost for good")],
    )
    _row(
        sheet,
        4,
        "session, as the\nserver sees it",
        [(_START, 1, "plain", "alive"), (1, _END, "bad", "ended")],
    )
    _row(
        sheet,
        5,
        "rival",
        [(_START, 1.02, "quiet", "waits in the queue"), (1.02, _END, "good", "holds")],
    )
    return sheet


def _x(time: float) -> float:
    return _LEFT + time * _UNIT


def _marks(sheet: Drawing) -> None:
    bottom = _FIRST + _ROWS * _ROW
    sheet.bar((_x(SAFE), _FIRST - 10), (_x(1) - _x(SAFE), bottom - _FIRST + 10), "quiet", radius=0)
    for time, words in (
        (0, "newest answered\nsign of life, sent"),
        (SAFE, "⅔ of the timeout,\nby our own clock"),
        (1, "timeout: the session\nmay end from here on"),
    ):
        sheet.line((_x(time), _FIRST - 12), (_x(time), bottom + 6), "faint")
        sheet.words((_x(time), 18), words, look="muted")
    middle = (_x(SAFE) + _x(1)) / 2
    sheet.words((middle, bottom + 24), "nobody holds")


def _row(
    sheet: Drawing, row: int, name: str, stretches: list[tuple[float, float, Tone, str]]
) -> None:
    y = _FIRST + row * _ROW
    lines = name.count("\n")
    sheet.words((_LEFT - 30, y + _BAR / 2 - lines * 8.5), name, anchor="end", lead=4.5)
    for start, end, tone, words in stretches:
        sheet.bar((_x(start), y), (_x(end) - _x(start), _BAR), tone, words)

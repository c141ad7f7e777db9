"""A picture of one moment of a run: who waited, held, stood still, and whose writes were refused.

Written as an SVG of its own, which follows the reader's light or dark theme.
"""

from __future__ import annotations

from html import escape

from tests.chaos.checker import Case
from tests.chaos.history import Event
from tests.chaos.holds import Hold

WIDTH, LEFT, ROW, BAR, TOP = 760, 70, 34, 16, 16

_STYLE = """
svg { font: 12px system-ui, sans-serif }
text { fill: #222 } .faint { fill: #666 }
.waits { fill: #8b949e55 } .holds { fill: #2ea043 } .still { fill: #d2992255; stroke: #bf8700 }
.fault { fill: #da363322; stroke: #da3633 } .refused { stroke: #da3633; stroke-width: 2.5 }
.axis { stroke: #8b949e }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .faint { fill: #999 } }
"""


def interesting(case: Case) -> tuple[float, float]:
    """The span of the longest pause of a worker that came back with a write which was refused.

    Of one in which others held the lock, if there is such a one: in a storm of faults they may have
    waited, too. If there is no refused write, the span of the last fault.
    """
    pauses = [
        (_others_held(case, event["who"], since, until), until - since, since, until)
        for event in case.of_kind("wrote")
        if event["outcome"] == "refused"
        for since, until in case.pauses.get(event["who"], ())
        if until <= event["t"] <= until + 0.3
    ]
    last = max((begin, end) for begin, end, _ in _rounds(case))
    since, until = max(pauses)[2:] if pauses else last
    return since - 0.4, until + 0.6


def _others_held(case: Case, who: str, since: float, until: float) -> bool:
    return any(
        since < belief.start < until
        for hold in case.holds
        if hold.who != who
        for belief in hold.beliefs
    )


def _rounds(case: Case) -> list[tuple[float, float, str]]:
    ends = {event["number"]: event["t"] for event in case.of_kind("healed")}
    return [
        (event["t"], ends[event["number"]], event["card"])
        for event in case.of_kind("fault")
        if event["number"] in ends
    ]


class Sheet:
    """The picture while it is drawn; x is time."""

    def __init__(self, span: tuple[float, float], rows: list[str]) -> None:
        self.begin, self.end = span
        self.rows = {name: TOP + number * ROW for number, name in enumerate(rows)}
        self.height = TOP + len(rows) * ROW + 60
        self.parts: list[str] = []

    def x(self, t: float) -> float:
        """Where a moment is, within the picture."""
        inside = min(max(t, self.begin), self.end)
        return LEFT + (inside - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - 10)

    def bar(self, row: str, since: float, until: float, look: str, inset: float = 0.0) -> None:
        """A span in a row; nothing when it is outside."""
        if until >= self.begin and since <= self.end:
            x, width = self.x(since), max(self.x(until) - self.x(since), 1.0)
            y, height = self.rows[row] + inset, BAR - 2 * inset
            self.parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                f'class="{look}"/>'
            )

    def cross(self, row: str, at: float) -> None:
        """A refused write."""
        if self.begin <= at <= self.end:
            x, y = self.x(at), self.rows[row] + BAR / 2
            self.parts.append(
                f'<path d="M{x - 5:.1f} {y - 8} l10 16 m0 -16 l-10 16" class="refused"/>'
            )

    def words(self, x: float, y: float, text: str, look: str = "", anchor: str = "start") -> None:
        """Text."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" text-anchor="{anchor}">'
            f"{escape(text)}</text>"
        )

    def svg(self, title: str) -> str:
        """All of it."""
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
            f'role="img"><title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{body}\n</svg>\n'
        )


def draw(case: Case, span: tuple[float, float], title: str) -> str:
    """The span as an SVG."""
    workers = sorted({hold.who for hold in case.holds})
    sheet = Sheet(span, ["fault", *workers])
    for row, y in sheet.rows.items():
        sheet.words(4, y + 13, row)
    for begin, end, card in _rounds(case):
        sheet.bar("fault", begin, end, "fault")
        if sheet.x(end) - sheet.x(begin) > 8 * len(card):
            sheet.words(sheet.x(begin) + 6, sheet.rows["fault"] + 12, card)
    for who, pauses in case.pauses.items():
        for since, until in pauses:
            sheet.bar(who, since, until, "still", inset=-4)
    for hold in case.holds:
        _draw_hold(sheet, hold)
    for event in case.of_kind("wrote"):
        _draw_refusal(sheet, event)
    _draw_axis(sheet)
    return sheet.svg(title)


def _draw_hold(sheet: Sheet, hold: Hold) -> None:
    sheet.bar(hold.who, hold.invoked, min(hold.answered, hold.died, sheet.end), "waits", inset=5)
    for belief in hold.beliefs:
        sheet.bar(hold.who, belief.start, belief.last, "holds")


def _draw_refusal(sheet: Sheet, event: Event) -> None:
    if event["outcome"] == "refused":
        sheet.cross(event["who"], event["t"])


def _draw_axis(sheet: Sheet) -> None:
    y = sheet.height - 44
    sheet.parts.append(f'<path d="M{LEFT} {y} H{WIDTH - 10}" class="axis"/>')
    second = 0
    while sheet.begin + second <= sheet.end:
        sheet.words(sheet.x(sheet.begin + second), y + 16, f"{second} s", "faint", "middle")
        second += 1
    legend = (("waits", "waits"), ("holds", "says it holds"), ("still", "stopped (SIGSTOP)"))
    x = float(LEFT)
    for look, text in legend:
        sheet.parts.append(f'<rect x="{x}" y="{y + 25}" width="18" height="10" class="{look}"/>')
        sheet.words(x + 24, y + 34, text, "faint")
        x += 150
    sheet.parts.append(f'<path d="M{x} {y + 24} l8 12 m0 -12 l-8 12" class="refused"/>')
    sheet.words(x + 16, y + 34, "a stale write, refused", "faint")

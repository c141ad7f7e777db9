"""Boxes, bars, arrows and words as SVG: no more than these pictures need."""

from __future__ import annotations

from html import escape
from typing import Literal

Point = tuple[float, float]
Tone = Literal["good", "bad", "warn", "plain", "quiet"]
Anchor = Literal["start", "middle", "end"]

# Fills are translucent and words take the theme's colours, so that they suit light and dark pages.
_STYLE = """
figure.zk-picture { margin: 1.5em 0 }
.zk-picture figcaption { color: var(--color-foreground-secondary, #666); font-size: 90% }
.zk-picture svg { width: 100%; height: auto; font-family: inherit; font-size: 13px }
.zk-picture text { fill: var(--color-foreground-primary, #222) }
.zk-picture .muted { fill: var(--color-foreground-secondary, #666) }
.zk-picture .title { font-weight: 600; font-size: 14px }
.zk-picture .code { font-family: var(--font-stack--monospace, monospace); font-size: 12px }
.zk-picture .line { stroke: var(--color-foreground-secondary, #666); fill: none }
.zk-picture .head { fill: var(--color-foreground-secondary, #666) }
.zk-picture .faint { stroke: var(--color-foreground-border, #bbb); stroke-dasharray: 3 4 }
.zk-picture .good { fill: #2ea04338; stroke: #2ea043 }
.zk-picture .bad { fill: #da363330; stroke: #da3633 }
.zk-picture .warn { fill: #d2992238; stroke: #bf8700 }
.zk-picture .plain { fill: #388bfd26; stroke: #388bfd }
.zk-picture .quiet { fill: #8b949e1f; stroke: #8b949e }
"""
_LINE_HEIGHT = 17
_HEAD, _HALF_HEAD = 10, 3.5  # length and half the width of an arrow's head


class Drawing:
    """A sheet of paper of `width` by `height` units; the page scales it to its own width."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._parts: list[str] = []

    def svg(self) -> str:
        """The finished picture."""
        width, height = self._size
        body = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'class="zk-picture" aria-hidden="true"><style>{_STYLE}</style>\n{body}\n</svg>'
        )

    def words(
        self, at: Point, text: str, *, anchor: Anchor = "middle", look: str = "", lead: float = 0
    ) -> None:
        """Write lines of text, the first one's baseline `lead` below the point."""
        for number, line in enumerate(text.split("\n")):
            y = at[1] + lead + number * _LINE_HEIGHT
            self._parts.append(
                f'<text x="{at[0]:g}" y="{y:g}" text-anchor="{anchor}" class="{look}">'
                f"{escape(line)}</text>"
            )

    def box(self, at: Point, size: Point, tone: Tone, title: str, text: str = "") -> None:
        """A rounded box with a title and, below, lines of code."""
        self.bar(at, size, tone, radius=8)
        lines = 1 + (text.count("\n") + 1 if text else 0)
        middle = at[0] + size[0] / 2
        first = at[1] + (size[1] - lines * _LINE_HEIGHT) / 2 + 12.5
        self.words((middle, first), title, look="title")
        if text:
            self.words((middle, first + _LINE_HEIGHT), text, look="code")

    def bar(self, at: Point, size: Point, tone: Tone, text: str = "", *, radius: int = 4) -> None:
        """A filled stretch, with a word in its middle."""
        self._parts.append(
            f'<rect x="{at[0]:g}" y="{at[1]:g}" width="{size[0]:g}" height="{size[1]:g}" '
            f'rx="{radius}" class="{tone}"/>'
        )
        if text:
            self.words((at[0] + size[0] / 2, at[1] + size[1] / 2), text, lead=4.5)

    def line(self, start: Point, end: Point, look: str = "line") -> None:
        """A straight line."""
        self._parts.append(
            f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{end[0]:g}" y2="{end[1]:g}" '
            f'class="line {look}"/>'
        )

    def arrow(self, *points: Point) -> None:
        """An arrow along the points, its head at the last."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self._parts.append(f'<polyline points="{path}" class="line"/>')
        (x0, y0), (x1, y1) = points[-2:]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        along = (x1 - x0) / length, (y1 - y0) / length
        across = -along[1], along[0]
        back = x1 - _HEAD * along[0], y1 - _HEAD * along[1]
        sides = [
            (back[0] + side * across[0] * _HALF_HEAD, back[1] + side * across[1] * _HALF_HEAD)
            for side in (1, -1)
        ]
        head = " ".join(f"{x:g},{y:g}" for x, y in [(x1, y1), *sides])
        self._parts.append(f'<polygon points="{head}" class="head"/>')

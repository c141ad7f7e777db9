"""The wings of the package, each above those that it imports; drawn from the imports."""

from __future__ import annotations

import graphlib
from typing import TYPE_CHECKING

from docs.pictures.imports import modules, room_of, uses
from docs.pictures.svg import Drawing

if TYPE_CHECKING:
    from docs.pictures.svg import Tone

#: Each wing: its rooms directly below ``zktools``.
WINGS = {
    "cli": ("cli",),
    "testing": ("testing",),
    "aio": ("aio",),
    "locks": ("locks", "semaphore", "multilock", "lease", "contenders", "locking"),
    "election": ("election",),
    "partitions": ("partitions",),
    "node": ("node", "group"),
    "handlers": ("handlers",),
    "configuration": ("configuration",),
    "_configuration": ("_configuration",),
    "_election": ("_election",),
    "_partitions": ("_partitions",),
    "_threads": ("_threads",),
    "_queue": ("_queue",),
    "_live": ("_live",),
    "_engine": ("_engine",),
    "foundations": ("exceptions", "hooks", "values"),
}
_ENGINES = {"_queue", "_live"}
_WIDTH, _BOX, _ROW = 720, (104, 46), 92
_LETTER = 7.5  # the width of a character of code, about


def wing_of(room: str) -> str:
    """The wing of a file or folder directly below ``zktools``."""
    return next(wing for wing, rooms in WINGS.items() if room in rooms)


def arrows() -> dict[str, set[str]]:
    """Which wings each wing imports from."""
    found: dict[str, set[str]] = {wing: set() for wing in WINGS}
    for module in modules():
        if module != "__init__":
            wing = wing_of(room_of(module))
            found[wing] |= {wing_of(room_of(used)) for used in uses(module)} - {wing}
    return found


def floors(below: dict[str, set[str]]) -> dict[str, int]:
    """How high each wing stands: one floor above the highest that it imports from."""
    height: dict[str, int] = {}
    for wing in graphlib.TopologicalSorter(below).static_order():
        height[wing] = 1 + max((height[used] for used in below[wing]), default=-1)
    return height


def shown(below: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows that do not follow from others."""
    reached: dict[str, set[str]] = {}
    for wing in graphlib.TopologicalSorter(below).static_order():
        reached[wing] = below[wing].union(*(reached[used] for used in below[wing]))
    return {
        wing: used - set().union(*(reached[other] for other in used))
        for wing, used in below.items()
    }


def draw() -> Drawing:
    """A box for each wing, and an arrow to each that it stands on."""
    below = arrows()
    height = floors(below)
    top = max(height.values())
    rows = [[w for w in WINGS if height[w] == floor] for floor in range(top, -1, -1)]
    sheet = Drawing(_WIDTH, 20 + _ROW * top + _BOX[1] + 20)
    places = {
        wing: (_WIDTH * (n + 0.5) / len(row), 20 + _ROW * number)
        for number, row in enumerate(rows)
        for n, wing in enumerate(row)
    }
    for wing, used in shown(below).items():
        x, y = places[wing]
        for other in sorted(used):
            to_x, to_y = places[other]
            sheet.arrow((x, y + _BOX[1]), (to_x, to_y - 2))
    for wing, (x, y) in places.items():
        width = max(_BOX[0], _LETTER * len(wing) + 24)
        sheet.box((x - width / 2, y), (width, _BOX[1]), _tone(wing), wing)
    return sheet


def _tone(wing: str) -> Tone:
    if wing in _ENGINES:
        return "good"
    return "quiet" if wing.startswith("_") or wing == "foundations" else "plain"

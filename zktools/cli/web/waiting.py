"""Who waits for whom, as a graph to be drawn. Pure.

An arrow leads from whoever waits to what it waits for: in one queue to those right ahead of it, in
several from threads to locks, and from locks to the threads that hold them. Who waits for one lock
and has nothing to do with others is counted, so that a drawing is as large as what it has to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from zktools._queue.layouts import SEMAPHORE, ZKTOOLS
from zktools.cli import describing
from zktools.cli.circles import find_circles
from zktools.cli.list_locks import full_name
from zktools.cli.queues import Queue
from zktools.contenders import Contender

Tone = Literal["lock", "holds", "waits", "asked", "circle"]
Name = tuple[str, ...]

_ABREAST = 2  # boxes for those who hold, or get their turn, together
_DEEP = 8  # turns of one queue
_KNOTS = 12
_LARGEST = 60  # boxes that one can still follow with the eyes


@dataclass(frozen=True)
class Box:
    """One in the drawing."""

    title: str
    text: str
    tone: Tone
    lock: tuple[str, str] | None = None
    """The root and the name of the lock that it stands for."""


class Arrow(NamedTuple):
    """From who waits to what it waits for."""

    start: Name
    end: Name
    is_circle: bool = False


@dataclass
class Knot:
    """Boxes that arrows connect."""

    boxes: dict[Name, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)

    @property
    def has_circle(self) -> bool:
        """Whether some wait for each other."""
        return any(arrow.is_circle for arrow in self.arrows)


def turns(queue: Queue) -> list[list[Contender]]:
    """Those who hold; then, turn by turn, those who will get the lock at once."""
    found = [queue.holders] if queue.holders else []
    for contender in queue.waiting:
        before = found[-1][-1] if found else None
        together = before is not None and before.kind == contender.kind == "read"
        if together and len(found) > bool(queue.holders):
            found[-1].append(contender)
        else:
            found.append([contender])
    return found


def of_one(queue: Queue) -> Knot:
    """One queue: each turn waits for the one before it."""
    knot = Knot()
    ahead: list[Name] = []
    every = turns(queue)
    shown = every if len(every) <= _DEEP else every[: _DEEP - 1]
    for place, turn in enumerate(shown):
        row = _row(knot, (str(place),), turn)
        knot.arrows += [Arrow(name, to) for name in row for to in ahead]
        ahead = row
    if len(shown) < len(every):
        left = sum(map(len, every[len(shown) :]))
        knot.boxes["rest",] = Box(f"and {left} more", "wait behind them", "waits")
        knot.arrows += [Arrow(("rest",), to) for to in ahead]
    return knot


def _row(knot: Knot, within: Name, contenders: Sequence[Contender]) -> list[Name]:
    """A box for each, or for the first ones and how many more."""
    few = contenders if len(contenders) <= _ABREAST else contenders[: _ABREAST - 1]
    boxes = {(*within, each.name): _box(each) for each in few}
    if len(few) < len(contenders):
        does = "hold it, too" if contenders[0].holds else "get it with them"
        tone: Tone = "holds" if contenders[0].holds else "waits"
        boxes[*within, "", "more"] = Box(f"and {len(contenders) - len(few)} more", does, tone)
    knot.boxes |= boxes
    return list(boxes)


def _box(contender: Contender) -> Box:
    who = contender.who
    name, process = describing.own_name(who), describing.process(who)
    said = [process if name else "", "reads" if contender.kind == "read" else ""]
    return Box(name or process, ", ".join(filter(None, said)), _tone(contender))


def _tone(contender: Contender) -> Tone:
    if contender.asked:
        return "asked"
    return "holds" if contender.holds else "waits"


def of_all(queues: Iterable[Queue]) -> tuple[list[Knot], int]:
    """All that waits, in several locks: circles first; and how much more there is than is shown."""
    contested = [queue for queue in queues if queue.waiting]
    tokens = {
        token
        for circle in find_circles(contested)
        for wait in circle
        for token in (wait.waiting.token, wait.holding.token)
    }
    found: dict[Name, int] = {}
    for queue in contested:
        for party in {_party(queue, contender) for contender in queue.contenders}:
            found[party] = found.get(party, 0) + 1
    whole = Knot()
    for queue in contested:
        _add(whole, queue, {party for party, times in found.items() if times > 1}, tokens)
    knots = _apart(whole)
    small = [knot for knot in knots if len(knot.boxes) <= _LARGEST]
    small.sort(key=lambda knot: (not knot.has_circle, -len(knot.boxes)))
    return small[:_KNOTS], len(knots) - len(small[:_KNOTS])


def _party(queue: Queue, contender: Contender) -> Name:
    """Who it is in other queues, too: a thread of a session, where that is said."""
    if queue.layout not in (ZKTOOLS, SEMAPHORE):
        return ("node", queue.folder, contender.name)
    return ("thread", f"{contender.session_id:#x}", describing.thread(contender.who))


def _add(knot: Knot, queue: Queue, linking: set[Name], circles: set[int]) -> None:
    root, _, name = queue.folder.rpartition("/")
    lock: Name = ("lock", queue.folder, queue.layout.name)
    in_circle = any(c.token in circles for c in queue.holders) and any(
        c.token in circles for c in queue.waiting
    )
    count = len(queue.waiting)
    knot.boxes[lock] = Box(
        full_name(queue), f"{count} wait{'s' * (count == 1)}", "lock", (root or "/", name)
    )
    for contenders, holds in ((queue.holders, True), (queue.waiting, False)):
        alone = []
        for contender in contenders:
            party = _party(queue, contender)
            if party not in linking:
                alone.append(contender)
                continue
            is_circle = in_circle and contender.token in circles
            _put(knot, party, contender, is_circle=is_circle)
            ends = (lock, party) if holds else (party, lock)
            knot.arrows.append(Arrow(*ends, is_circle))
        row = _row(knot, lock, alone) if holds else _counted(knot, lock, alone)
        knot.arrows += [Arrow(lock, each) if holds else Arrow(each, lock) for each in row]


def _put(knot: Knot, party: Name, contender: Contender, *, is_circle: bool) -> None:
    box = _box(contender)
    known = knot.boxes.get(party)
    if known is None or known.tone == "waits" or is_circle:
        tone: Tone = "circle" if is_circle else box.tone
        knot.boxes[party] = Box(box.title, describing.thread(contender.who), tone)


def _counted(knot: Knot, lock: Name, waiting: Sequence[Contender]) -> list[Name]:
    if len(waiting) == 1:
        return _row(knot, lock, waiting)
    if not waiting:
        return []
    name = (*lock, "", "waiting")
    knot.boxes[name] = Box(f"{len(waiting)} wait", f"first {_box(waiting[0]).title}", "waits")
    return [name]


def _apart(whole: Knot) -> list[Knot]:
    """The parts of it that no arrow connects."""
    near: dict[Name, set[Name]] = {name: set() for name in whole.boxes}
    for arrow in whole.arrows:
        near[arrow.start].add(arrow.end)
        near[arrow.end].add(arrow.start)
    parts: list[Knot] = []
    home: dict[Name, Knot] = {}
    for first in whole.boxes:
        if first in home:
            continue
        parts.append(Knot())
        todo = [first]
        while todo:
            name = todo.pop()
            if name not in home:
                home[name] = parts[-1]
                todo += near[name]
    for name, box in whole.boxes.items():
        home[name].boxes[name] = box
    for arrow in whole.arrows:
        home[arrow.start].arrows.append(arrow)
    return parts

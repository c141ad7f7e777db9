"""Who waits for whom, and where that is drawn: pure."""

import datetime as dt
import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from zktools._queue.layouts import SEMAPHORE, ZKTOOLS
from zktools.cli.queues import Queue
from zktools.cli.web.rendering import Rendering
from zktools.cli.web.sketch import _HEIGHT, _WIDTH, drawn
from zktools.cli.web.waiting import of_all, of_one, turns
from zktools.contenders import Contender

MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def contender(number, kind="write", *, holds=False, thread="main", session=None):
    """One of thread `thread`."""
    who = {"host": "h", "pid": number, "thread": thread, "identifier": f"n{number}"}
    session = number if session is None else session
    name = f"{kind}-{number:010}"
    return Contender(
        number, name, kind, 1, holds, False, number, session, MOMENT, who, b"", 0
    )  # fmt: skip


def queue(name, kinds, layout=ZKTOOLS, holding=1):
    """A queue of these kinds, of which so many hold."""
    every = [contender(n, kind, holds=n < holding) for n, kind in enumerate(kinds)]
    return Queue(name, f"/locks/{name}", layout, every)


def test_readers_get_their_turn_together():
    """Who holds, then turn by turn: readers next to each other, writers one by one."""
    found = turns(queue("q", ["read", "write", "read", "read", "write"]))

    assert [[each.position for each in turn] for turn in found] == [[0], [1], [2, 3], [4]]


def test_readers_behind_readers_that_hold():
    """Who waits is never drawn among those who hold."""
    found = turns(queue("q", ["read", "read"], holding=1))

    assert [[each.position for each in turn] for turn in found] == [[0], [1]]


def test_one_queue():
    """Each turn waits for the one before it; long ones are counted, not drawn."""
    words = drawn(of_one(queue("q", ["read", "write", "read", "read"]))).words
    long = of_one(queue("q", ["write"] * 50))

    assert words == "n1 waits for n0; n2 waits for n1; n3 waits for n1"
    assert all(_leads_up(line) for line in drawn(long).lines)
    assert long.boxes["rest",].title == "and 43 more"
    assert len(long.boxes) == 8


def test_several_queues():
    """A thread that holds one lock and waits for another connects them; others are counted."""
    first = queue("first", ["write"] * 5)
    holder = contender(0, holds=True)
    second = Queue("second", "/locks/second", ZKTOOLS, [contender(9, holds=True), holder])
    second.contenders[1] = contender(0)
    lonely = queue("lonely", ["write"])
    knots, more = of_all([first, second, lonely])

    assert more == 0
    (knot,) = knots
    words = drawn(knot).words
    assert "n0 waits for second" in words
    assert "first is held by n0" in words
    assert "4 wait for first" in words
    assert not knot.has_circle


def test_a_circle():
    """Two that wait for each other; both arrows that close it are of the circle, nothing else."""
    here = {"session": 1, "thread": "a"}
    there = {"session": 2, "thread": "b"}
    left = [contender(1, holds=True, **here), contender(2, **there), contender(7)]
    right = [contender(3, holds=True, **there), contender(4, **here)]
    (knot,), _ = of_all(
        [Queue("left", "/l/left", ZKTOOLS, left), Queue("right", "/l/right", ZKTOOLS, right)]
    )
    circle = [arrow for arrow in knot.arrows if arrow.is_circle]

    assert knot.has_circle
    assert len(circle) == 4
    assert len(knot.arrows) == 5
    assert len(drawn(knot).lines) == 5


def test_a_semaphore():
    """Its waiters get permits one after the other."""
    found = of_one(queue("s", ["permit"] * 5, SEMAPHORE, holding=3))

    assert {arrow.start[0] for arrow in found.arrows} == {"1", "2"}


def _leads_up(line):
    """Whether who waits stands below what it waits for."""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", line.path)]
    return numbers[1] > numbers[-1]


QUEUES = st.lists(st.tuples(st.lists(st.integers(0, 6), max_size=8), st.integers(0, 3)), max_size=5)


@given(QUEUES)
def test_whatever_waits_can_be_drawn(found):
    """No two boxes overlap, nothing lies outside, and the SVG is well-formed."""
    queues = [
        Queue(
            f"q{number}",
            f"/q/q{number}",
            ZKTOOLS,
            [
                contender(10 * number + n, holds=n < holding, session=session)
                for n, session in enumerate(sessions)
            ],
        )
        for number, (sessions, holding) in enumerate(found)
    ]
    knots, _ = of_all(queues)
    for knot in [*knots, *map(of_one, queues)]:
        sketch = drawn(knot)
        boxes = [(each.x, each.y) for each in sketch.boxes]
        for x, y in boxes:
            assert 0 <= x <= sketch.width - _WIDTH
            assert 0 <= y <= sketch.height - _HEIGHT
        for place, (x, y) in enumerate(boxes):
            for other_x, other_y in boxes[place + 1 :]:
                assert abs(x - other_x) >= _WIDTH or abs(y - other_y) >= _HEIGHT
        ET.fromstring(_svg(sketch))  # noqa: S314 - it is our own


RENDERING = Rendering()


def _svg(sketch):
    template = RENDERING._environment.get_template("parts.html")
    return str(template.make_module({"age": str}).drawing(sketch, {})).strip()

"""What the report says about a history written by hand."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.chaos.checker import Case, check
from tests.chaos.figures import Figures, figures, percentile
from tests.chaos.history import Event
from tests.chaos.report import as_rst, as_text
from tests.chaos.timeline import draw, interesting

OPTIONS = {"subject": "zktools", "seed": 7, "workers": 2, "session_timeout": 1.0}


def at(t: float, event: str, who: str = "nemesis", **facts: object) -> Event:
    """One event."""
    return {"t": t, "who": who, "event": event, **facts}


#: w0 holds, is stopped, and wakes too late: its write is refused. w1 waits, and holds from 2.5 on.
STORY = [
    at(1.0, "acquire", "w0", id="w0.1", kind="write", timeout=None),
    at(1.1, "acquired", "w0", id="w0.1", token=5),
    at(1.1, "believes", "w0", id="w0.1"),
    at(1.15, "acquire", "w1", id="w1.1", kind="write", timeout=None),
    at(1.2, "fault", number=0, card="pause holder 3T", kind="pause"),
    at(1.2, "stopped", target="w0"),
    at(2.5, "acquired", "w1", id="w1.1", token=6),
    at(2.5, "believes", "w1", id="w1.1"),
    at(4.2, "continued", target="w0"),
    at(4.2, "healed", number=0),
    at(4.21, "doubts", "w0", id="w0.1", last=1.19),
    at(4.22, "write", "w0", register="token", element="a", base=None),
    at(4.23, "wrote", "w0", register="token", element="a", outcome="refused"),
    at(4.24, "release", "w0", id="w0.1", last=1.19),
    at(4.25, "released", "w0", id="w0.1"),
    at(4.3, "acquire", "w0", id="w0.2", kind="write", timeout=None),
    at(4.4, "write", "w1", register="token", element="b", base=None),
    at(4.5, "wrote", "w1", register="token", element="b", outcome="ok"),
    at(5.0, "release", "w1", id="w1.1", last=5.0),
    at(5.004, "acquired", "w0", id="w0.2", token=7),
    at(5.004, "believes", "w0", id="w0.2"),
    at(5.01, "released", "w1", id="w1.1"),
    at(6.0, "release", "w0", id="w0.2", last=6.0),
    at(6.1, "released", "w0", id="w0.2"),
    at(7.0, "quiet"),
    at(8.0, "final", register="token", value="b"),
]


@pytest.fixture(scope="module")
def counted() -> Figures:
    """Of the story, which breaks no rule."""
    case = Case(STORY, 1.0)
    found = check(STORY, 1.0)
    assert found == []
    return figures(case, found, OPTIONS)


def test_what_is_counted(counted: Figures):
    """Operations, faults, refused writes, holders overtaken while they stood still."""
    assert (counted.attempts, counted.grants, counted.faults) == (3, 3, 1)
    assert (counted.writes, counted.stale_refused, counted.lost_guarded) == (1, 1, 0)
    assert (counted.overlaps, counted.overtaken, counted.stalls) == (0, 1, 0)
    assert counted.by_kind == {"pause": 1}
    assert counted.seconds == 6.0


def test_handover_and_gap(counted: Figures):
    """From release to grant; and the longest time in which somebody waited for nobody."""
    assert counted.handover_p50 == pytest.approx(0.004)
    assert counted.longest_gap == pytest.approx(2.5 - 1.19)
    assert counted.longest_gap_during == "pause holder 3T"


def test_percentiles_are_of_the_nearest_rank():
    """And 0 of nothing."""
    assert percentile([], 99) == 0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 99) == 100.0


def test_both_reports_tell_the_same(counted: Figures):
    """One column for each run, in a terminal and in the documentation."""
    text, rst = as_text([counted, counted]), as_rst([counted, counted])

    assert "refused as stale" in text
    assert "refused as stale" in rst
    assert text.count("zktools") == 2
    assert rst.count("- zktools") == 4


def test_the_picture_shows_the_round_with_the_refused_writes():
    """It is well-formed, and has a bar or a cross for everything in the story."""
    case = Case(STORY, 1.0)

    since, until = interesting(case)
    picture = ET.fromstring(draw(case, (since, until), "zktools, seed 7"))  # noqa: S314

    assert since < 1.2
    assert until > 4.2
    looks = [element.get("class") for element in picture.iter()]
    assert looks.count("holds") == 3  # two beliefs in this span, and the legend
    assert looks.count("still") == 2
    assert looks.count("refused") == 2
    assert "pause holder 3T" in ET.tostring(picture, encoding="unicode")


def test_the_picture_is_of_a_pause_in_which_others_held():
    """A longer one, in which nobody did, tells less."""
    longer = [
        at(6.2, "stopped", target="w1"),
        at(9.7, "continued", target="w1"),
        at(9.72, "write", "w1", register="token", element="c", base=None),
        at(9.73, "wrote", "w1", register="token", element="c", outcome="refused"),
    ]

    assert interesting(Case([*STORY[:-2], *longer, *STORY[-2:]], 1.0)) == interesting(
        Case(STORY, 1.0)
    )

"""Members parted from each other, restarted with another configuration, left with a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.chaos.faults.registry import fault
from tests.chaos.fleet import Crew
from tests.chaos.schedule import Card
from tests.chaos.stage import Stage
from zktools.testing import Member, wait_until

#: The part of the workers' session timeout that a strict member grants, and what none goes below.
STRICT, LEAST = 0.4, 0.4
_GENEROUS = 60.0  # seconds: more than anybody asks for


@fault
def isolate_leader(stage: Stage, card: Card, _seed: int) -> None:
    """The leader is parted from the others while it serves the holder.

    ``half_open``: they elect another at once, and the old one does not know.
    """
    _isolate(stage, stage.ensemble.leader(), card)


@fault
def isolate_follower(stage: Stage, card: Card, seed: int) -> None:
    """A follower is parted from the others while it serves the holder."""
    followers = stage.ensemble.followers()
    _isolate(stage, followers[seed % len(followers)], card)


def _isolate(stage: Stage, member: Member, card: Card) -> None:
    with _holding_at(stage, member, card.length + 1.0):
        member.isolate(half_open=card.what == "half_open")
        stage.sleep(card.length)
        stage.ensemble.heal()


@fault
def regrant(stage: Stage, card: Card, _seed: int) -> None:
    """The holder's session moves to a member that grants less; then its network fails.

    As in a change of ``maxSessionTimeout``, one member after the other.
    """
    short = max(LEAST, STRICT * stage.session_timeout)
    home = stage.ensemble.leader()
    for member in stage.ensemble:
        if member is not home:
            member.restart(max_session_timeout=short)
    with _holding_at(stage, stage.ensemble.leader(), card.length + 5.0) as crew:
        former = stage.server_of(crew)
        if former is home:
            home.kill()
        with suppress(TimeoutError):
            wait_until(lambda: stage.server_of(crew) not in (None, home), 5.0)
        stage.sleep(0.5)
        crew.proxy.swallow()
        stage.sleep(card.length)
        crew.heal()
    for member in stage.ensemble:
        member.restart(max_session_timeout=_GENEROUS, wait=False)
    stage.ensemble.wait_ready()


@fault
def pause_server_of(stage: Stage, card: Card, _seed: int) -> None:
    """SIGSTOP the server of the one in the role, who moves on; it wakes with what was under way."""
    crew = stage.crew(card.role)
    server = stage.server_of(crew)
    if server is None:
        return
    server.pause()
    stage.sleep(card.length)
    stage.ensemble.heal()


@contextmanager
def _holding_at(stage: Stage, member: Member, timeouts: float) -> Iterator[Crew]:
    """A worker that is connected to this member, and means to hold the lock for so long."""
    seconds = timeouts * stage.session_timeout
    crew = stage.crew_at(member)
    crew.order(kind="write", hold=seconds, timeout=None, cancel_after=None, revoke=None)
    with suppress(TimeoutError):
        wait_until(lambda: crew.means_to_hold(seconds), 5.0)
    yield crew
    for each in stage.fleet:
        each.say("forget")

"""Sessions really ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from tests.chaos.faults.registry import fault
from tests.chaos.faults.requests import CAUGHT_WITHIN, ops, somebody
from tests.chaos.fleet import Crew
from tests.chaos.schedule import Card
from tests.chaos.stage import Stage
from zktools.testing import Hold, expire_session


@fault
def expire(stage: Stage, card: Card, _seed: int) -> None:
    """The session of whoever has the role really ends."""
    _expire(stage, [stage.crew(card.role)])


@fault
def expire_everybody(stage: Stage, _card: Card, _seed: int) -> None:
    """All sessions end."""
    _expire(stage, list(stage.fleet))


@fault
def expire_after(stage: Stage, card: Card, seed: int) -> None:
    """The session ends when the server has done what was asked, before the reply arrives."""
    crew = somebody(stage, seed)
    _expire_at(stage, crew, crew.proxy.hold_reply(*ops(card)))


@fault
def expire_before(stage: Stage, card: Card, seed: int) -> None:
    """The session ends right before a request of this kind reaches the server."""
    crew = somebody(stage, seed)
    _expire_at(stage, crew, crew.proxy.hold_request(*ops(card)))


def _expire_at(stage: Stage, crew: Crew, hold: Hold) -> None:
    try:
        hold.wait(CAUGHT_WITHIN)
    except TimeoutError:
        hold.release()
    else:
        _expire(stage, [crew], hold.release)


def _expire(stage: Stage, crews: list[Crew], then: Callable[[], None] = lambda: None) -> None:
    # No clock can foresee that somebody else closes a session: as if the node were deleted.
    with stage.destroying([crew.who for crew in crews]):
        for crew in crews:
            if crew.session is not None:
                with suppress(OSError):
                    expire_session(stage.client, hosts=stage.ensemble.hosts, client_id=crew.session)
        then()

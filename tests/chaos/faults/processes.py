"""Workers stopped and killed."""

from __future__ import annotations

from tests.chaos.faults.registry import fault
from tests.chaos.fleet import Crew
from tests.chaos.schedule import Card
from tests.chaos.stage import Stage

_AIMS = 6  # attempts to stop a process while it still has the role it was chosen for


@fault
def pause(stage: Stage, card: Card, _seed: int) -> None:
    """SIGSTOP whoever has the role; it may be long past its session when it wakes."""
    crew = _stop(stage, card.role)
    try:
        stage.sleep(card.length)
    finally:
        crew.cont()


def _stop(stage: Stage, role: str) -> Crew:
    """Stop the process in this role, so that it still has it when it stands still."""
    for attempt in range(_AIMS):
        crew = stage.crew(role)
        crew.stop()
        place = stage.place(role, 0.3)
        if attempt == _AIMS - 1 or (place is not None and place.owner == crew.who):
            break
        crew.cont()
    return crew


@fault
def kill(stage: Stage, card: Card, _seed: int) -> None:
    """SIGKILL whoever has the role."""
    crew = _stop(stage, card.role)
    crew.kill()
    crew.cont()


@fault
def fork(stage: Stage, card: Card, _seed: int) -> None:
    """Holders have a child each, which has their leases in its memory, and holds nothing."""
    for crew in stage.fleet:
        crew.order(kind="write", forks=True, hold=0.3)
    stage.sleep(card.length)


@fault
def pause_everybody(stage: Stage, card: Card, _seed: int) -> None:
    """SIGSTOP all workers."""
    for crew in stage.fleet:
        crew.stop()
    stage.sleep(card.length)
    for crew in stage.fleet:
        crew.cont()

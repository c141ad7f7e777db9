"""The campaign against semaphores, multi-locks, elections, groups and partitions, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from tests.chaos.campaign import Options, Scene, given, scene, setup_of
from tests.chaos.fleet import Crew, Fleet
from tests.chaos.history import Event, now
from tests.chaos.nemesis import Nemesis
from tests.chaos.recipes_stage import RecipesStage
from tests.chaos.recipes_subjects import ITEMS, ROOT
from tests.chaos.schedule import RECIPES_DECK
from zktools.testing import Ensemble, wait_until

DOES = ("semaphore", "multilock", "election")
_TAIL = 200_000  # bytes at the end of a history: some seconds


def run(options: Options, folder: Path, ensemble: Ensemble | None = None) -> None:
    """Run it, with its histories in `folder`, on servers of its own unless given some."""
    chroot = f"/recipes-{options.subject}-{options.seed}"
    with given(ensemble) as members, scene(options, folder, members, chroot) as found:
        _campaign(options, folder, found)


def _campaign(options: Options, folder: Path, scene: Scene) -> None:
    ensemble, client, journal = scene
    setup = setup_of(options, folder, scene, module="tests.chaos.recipes_worker")
    fleet = Fleet(options.workers, setup, journal)
    try:
        stage = RecipesStage(ensemble, fleet, client, journal, options.session_timeout)
        are_well = [_see_all_well(stage, 15.0)]

        def life_goes_on() -> None:
            are_well.append(_see_all_well(stage, 2 * options.session_timeout + 8.0))

        nemesis = Nemesis(stage, options.seed, RECIPES_DECK, life_goes_on)
        nemesis.run(options.duration, options.faults, options.rounds_to_run)
        if fleet.drain(10.0 if all(are_well) else 1.0):
            _look_for_leftovers(stage)
        fleet.stop()
    finally:
        fleet.close()


def _see_all_well(stage: RecipesStage, timeout: float) -> bool:
    """See everybody use every recipe, and agree on who is there and who has what."""
    begun = now()
    wrong: list[str] = []

    def is_well() -> bool:
        there = {crew.who: crew.name for crew in stage.fleet}
        wrong[:] = _wrong(there, {crew.who: _since(crew, begun) for crew in stage.fleet})
        return not wrong

    try:
        wait_until(is_well, timeout)
    except TimeoutError:
        stage.journal.write("stuck", wrong=wrong, seconds=timeout)
        return False
    stage.journal.write("well", seconds=now() - begun)
    return True


def _look_for_leftovers(stage: RecipesStage) -> None:
    """What is there still though everybody has let go of everything: their sessions live on."""
    left: list[str] = []

    def nothing_left() -> bool:
        left[:] = _ephemerals(stage.client, ROOT)
        return not left

    with suppress(TimeoutError):
        wait_until(nothing_left, 2 * stage.session_timeout + 2.0)
    stage.journal.write("left", nodes=left)


def _ephemerals(client: KazooClient, path: str) -> Iterator[str]:
    try:
        names, stat = client.get_children(path, include_data=True)
    except NoNodeError:
        return
    if stat.ephemeralOwner:
        yield path
    for name in names:
        yield from _ephemerals(client, f"{path}/{name}")


def _since(crew: Crew, begun: float) -> list[Event]:
    return [event for event in crew.newest(_TAIL) if event["t"] > begun]


def _wrong(there: dict[str, str], histories: dict[str, list[Event]]) -> list[str]:
    """What is not as it is to be, with these there under these names. Pure."""
    wrong, has = [], []
    everybody = sorted(there.values())
    for who, events in histories.items():
        done = {event["what"] for event in events if event["event"] == "did"}
        wrong += [f"{who}: no {what}" for what in DOES if what not in done]
        seen = [event for event in events if event["event"] == "believes"]
        if not seen or seen[-1]["members"] != everybody:
            wrong.append(f"{who} sees {seen and seen[-1]['members']}")
        items = [what for what, *_ in seen[-1]["held"] if what.startswith("item ")] if seen else []
        if not items:
            wrong.append(f"{who} has no item")
        has += items
    wrong += [f"{item} is nobody's" for item in ITEMS if f"item {item}" not in has]
    return wrong

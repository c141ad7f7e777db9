"""The campaign against live nodes and configuration: who is cut off catches up, and never lies."""

from __future__ import annotations

from pathlib import Path

from tests.chaos import live_records, live_writing
from tests.chaos.campaign import Options, Scene, given, scene, setup_of
from tests.chaos.fleet import Crew, Fleet
from tests.chaos.history import Journal, now
from tests.chaos.live_tree import Writer
from tests.chaos.nemesis import Nemesis
from tests.chaos.schedule import ANYONE, FIRST, HOLDER, LIVE_DECK
from tests.chaos.stage import Place, Stage
from tests.chaos.subjects import FOLDER
from zktools.testing import Ensemble, wait_until

VIEWS = {"node", "dict", "config", "dict.copy", "config.load"}
_TAIL = 30_000  # bytes at the end of a history that hold each kind of view, usually


class LiveStage(Stage):
    """There is no queue, so each role is played by one worker for good."""

    def queue(self, folder: str = FOLDER) -> list[Place]:  # noqa: ARG002
        """Nobody queues."""
        return []

    def place(self, role: str, timeout: float = 0.0) -> Place | None:  # noqa: ARG002
        """Who plays the role."""
        crews = list(self.fleet)
        number = {HOLDER: 0, FIRST: 1, ANYONE: 2}.get(role, 3)
        return Place("", crews[number % len(crews)].who, 0, 0)


def run(options: Options, folder: Path, ensemble: Ensemble | None = None) -> None:
    """Run it, with its histories in `folder`, on servers of its own unless given some."""
    chroot = f"/live-{options.seed}"
    with given(ensemble) as members, scene(options, folder, members, chroot) as found:
        _campaign(options, folder, found)


def _campaign(options: Options, folder: Path, scene: Scene) -> None:
    ensemble, client, journal = scene
    setup = setup_of(options, folder, scene, module="tests.chaos.live_worker")
    writes = Journal(folder / "writer.jsonl", "writer")
    writer = Writer(client, writes)
    live_writing.prepare(client)
    fleet = Fleet(options.workers, setup, journal)
    try:
        stage = LiveStage(ensemble, fleet, client, journal, options.session_timeout)
        writer.start()
        _catch_up(stage, writer, 30.0)

        def life_goes_on() -> None:
            _catch_up(stage, writer, 2 * options.session_timeout + 5.0)

        nemesis = Nemesis(stage, options.seed, LIVE_DECK, life_goes_on)
        nemesis.run(options.duration, options.faults, options.rounds_to_run)
        journal.write("last", number=writer.stop())
        _catch_up(stage, writer, 2 * options.session_timeout + 5.0)
        fleet.drain(10.0)
        fleet.stop()
        journal.write("found", **live_writing.found(client))
        if options.subject == "live":
            journal.write("records", **live_records.found(client))
    finally:
        fleet.close()
        writes.close()


def _catch_up(stage: Stage, writer: Writer, timeout: float) -> None:
    """See everybody come to the number that has been written by now, or later."""
    begun, number = now(), wait_until(lambda: writer.committed, 30.0)
    behind: list[str] = []

    def nobody_behind() -> bool:
        behind[:] = [crew.who for crew in stage.fleet if not _has_seen(crew, number)]
        return not behind

    try:
        wait_until(nobody_behind, timeout)
    except TimeoutError:
        stage.journal.write("behind", who_is=behind, number=number, seconds=timeout)
    else:
        stage.journal.write("caught_up", number=number, seconds=now() - begun)


def _has_seen(crew: Crew, number: int) -> bool:
    seen = {
        event["what"]
        for event in crew.newest(_TAIL)
        if event["event"] == "view" and max(event["numbers"], default=-1) >= number
    }
    return seen >= VIEWS

"""One campaign from the first server to the last leftover."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from kazoo.client import KazooClient

from tests.chaos.crowd import gather
from tests.chaos.fleet import WORKER, Fleet, Setup
from tests.chaos.history import Journal
from tests.chaos.nemesis import Nemesis
from tests.chaos.register import Register
from tests.chaos.schedule import DECK
from tests.chaos.servers import servers
from tests.chaos.stage import Stage
from tests.chaos.subjects import FOLDER
from tests.chaos.worker import GUARDED, UNGUARDED
from zktools.testing import Ensemble, wait_until


@dataclass(frozen=True)
class Options:
    """What to run. The same seed gives the same schedule."""

    seed: int = 1
    duration: float = 600.0
    workers: int = 5
    subject: str = "zktools"
    session_timeout: float = 1.0
    faults: Collection[str] = ()
    first_round: int = 0
    rounds: int | None = None
    crowd: int = 0

    @property
    def rounds_to_run(self) -> tuple[int, int | None]:
        """The first, and the one after the last."""
        end = None if self.rounds is None else self.first_round + self.rounds
        return (self.first_round, end)


_GRANTS = 4  # holds to see after a fault before the next one begins


def run(options: Options, folder: Path, ensemble: Ensemble | None = None) -> None:
    """Run it, with its histories in `folder`, on servers of its own unless given some."""
    chroot = f"/chaos-{options.subject}-{options.seed}"
    with given(ensemble) as members:
        with scene(options, folder, members, chroot) as found:
            _campaign(options, folder, found)
        if options.crowd:
            crowd = gather(members, folder / "crowd", options.subject, 10, options.crowd // 10)
            (folder / "crowd.json").write_text(json.dumps(asdict(crowd), indent=1))


def _campaign(options: Options, folder: Path, scene: Scene) -> None:
    scene.client.create(GUARDED, makepath=True)
    scene.client.create(UNGUARDED)
    register = Register()
    setup = setup_of(options, folder, scene, register=register.port)
    fleet = Fleet(options.workers, setup, scene.journal)
    try:
        stage = Stage(scene.ensemble, fleet, scene.client, scene.journal, options.session_timeout)
        wait_until(lambda: register.reads > options.workers, 30.0, what="the workers' start")

        def life_goes_on() -> None:
            wanted = register.reads + _GRANTS
            with suppress(TimeoutError):
                wait_until(lambda: register.reads >= wanted, 12 * options.session_timeout)

        nemesis = Nemesis(stage, options.seed, DECK, life_goes_on)
        nemesis.run(options.duration, options.faults, options.rounds_to_run)
        _finish(stage, register)
    finally:
        fleet.close()
        register.close()


def _finish(stage: Stage, register: Register) -> None:
    stage.journal.write("quiet")
    drained = stage.fleet.drain(2 * stage.session_timeout + 10.0)
    if drained:
        _look_for_leftovers(stage)
        stage.fleet.stop()
    stage.journal.write("final", register="token", value=register.value, refused=register.refused)
    for name, path in (("transaction", GUARDED), ("unguarded", UNGUARDED)):
        stage.client.sync(path)
        value = stage.client.get(path)[0].decode() or None
        stage.journal.write("final", register=name, value=value)


def _look_for_leftovers(stage: Stage) -> None:
    """What the servers still have, once it had the time to go."""

    def count() -> dict[str, int]:
        watches = [member.watches() for member in stage.ensemble]
        ephemerals = [member.mntr()["zk_ephemerals_count"] for member in stage.ensemble]
        return {
            "candidates": len(stage.queue()),
            "ephemerals": int(max(ephemerals)),
            "watches": sum(len(w) for found in watches for p, w in found.items() if FOLDER in p),
        }

    with suppress(TimeoutError):
        wait_until(lambda: not any(count().values()), 2 * stage.session_timeout + 2.0)
    stage.journal.write("residue", found=count())


class Scene(NamedTuple):
    """Where a campaign takes place: its servers, who looks on, and what is written down."""

    ensemble: Ensemble
    client: KazooClient
    journal: Journal


def given(ensemble: Ensemble | None) -> AbstractContextManager[Ensemble]:
    """These servers; where there are none, some of the campaign's own."""
    return servers() if ensemble is None else nullcontext(ensemble)


@contextmanager
def scene(options: Options, folder: Path, ensemble: Ensemble, chroot: str) -> Iterator[Scene]:
    """What every campaign needs, with its histories in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "options.json").write_text(json.dumps(asdict(options), indent=1))
    with (
        closing(Journal(folder / "nemesis.jsonl", "nemesis")) as journal,
        _place(ensemble, chroot) as client,
    ):
        yield Scene(ensemble, client, journal)


def setup_of(
    options: Options, folder: Path, scene: Scene, *, register: int = 0, module: str = WORKER
) -> Setup:
    """What all workers of a campaign share."""
    return Setup(
        folder=folder,
        hosts=scene.ensemble.hosts,
        chroot=scene.client.chroot,
        register=register,
        seed=options.seed,
        subject=options.subject,
        session_timeout=options.session_timeout,
        module=module,
    )


@contextmanager
def _place(ensemble: Ensemble, chroot: str) -> Iterator[KazooClient]:
    """A client in a folder of its own, which outlives every fault."""
    with ExitStack() as stack:
        for path in ("", chroot):
            retry = {"max_tries": -1, "delay": 0.02, "max_delay": 0.3}
            client = KazooClient(ensemble.hosts + path, 30.0, connection_retry=retry)
            client.start(30.0)
            stack.callback(client.close)
            stack.callback(client.stop)
            if not path:
                client.delete(chroot, recursive=True)
                client.ensure_path(chroot)
        yield client
        client.delete("/", recursive=True)

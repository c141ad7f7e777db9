"""What the demo shows, scene by scene, and what has to be true of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from kazoo.client import KazooClient

from examples.demo import worker
from examples.demo.stage import History, Worker
from examples.demo.timeline import Event
from zktools import Configuration

Claim = tuple[str, bool]
TURNS = 3  # for each worker


@dataclass(frozen=True)
class Stage:
    """The driver's own client, the three workers, and the history."""

    zk: KazooClient
    workers: tuple[Worker, Worker, Worker]
    history: History


Scene = Callable[[Stage], Iterator[Claim]]


def taking_turns(stage: Stage) -> Iterator[Claim]:
    """Three processes take turns under one lock."""
    mark = stage.history.mark()
    for each in stage.workers:
        each.begin(worker.take_turns, turns=TURNS)
    for each in stage.workers:
        stage.history.wait(mark, each.name, "releases", times=TURNS)
    total = TURNS * len(stage.workers)
    holds = stage.history.since(mark, "holds")
    count = int(stage.zk.get(worker.COUNTER)[0])
    yield f"the unguarded counter stands at {count}: no update was lost", count == total
    yield "never did two of them hold it at once", _never_two(stage.history.since(mark))
    yield "every holder's token is higher than the one before", _rising(holds)


def asking_for_it(stage: Stage) -> Iterator[Claim]:
    """One holds it for as long as nobody needs it; another asks."""
    ana, ben, _ = stage.workers
    mark = ana.begin(worker.hold_until_asked)
    stage.history.wait(mark, ana.name, "holds")
    ben.begin(worker.take_by_asking)
    asked = stage.history.wait(mark, ana.name, "is asked")
    given = stage.history.wait(mark, ana.name, "releases")
    taken = stage.history.wait(mark, ben.name, "holds")
    stage.history.wait(mark, ben.name, "releases")
    yield f"{ana.name} was told and gave it up of its own accord", asked.at <= given.at
    yield f"{ben.name} had it {_ms(given, taken)} later, not before", given.at <= taken.at


def killing_the_holder(stage: Stage) -> Iterator[Claim]:
    """The holder is killed; the next takes over when its session ends."""
    _, ben, cleo = stage.workers
    mark = cleo.begin(worker.hold)
    first = stage.history.wait(mark, cleo.name, "holds")
    ben.begin(worker.hold)
    stage.history.wait(mark, ben.name, "waits")
    cleo.kill()
    taken = stage.history.wait(mark, ben.name, "holds")
    ben.go_on()
    stage.history.wait(mark, ben.name, "releases")
    (killed,) = stage.history.since(mark, "is killed")
    yield f"{ben.name} had it {_ms(killed, taken)} after the kill", killed.at < taken.at
    yield "with a higher token", _rising([first, taken])


def sharing(stage: Stage) -> Iterator[Claim]:
    """Readers share; a writer waits for the last of them."""
    ana, ben, cleo = stage.workers
    mark = ana.begin(worker.read)
    stage.history.wait(mark, ana.name, "reads")
    ben.begin(worker.read)
    second = stage.history.wait(mark, ben.name, "reads")
    cleo.begin(worker.hold)
    stage.history.wait(mark, cleo.name, "waits")
    ana.go_on()
    first_out = stage.history.wait(mark, ana.name, "releases")
    ben.go_on()
    last_out = stage.history.wait(mark, ben.name, "releases")
    writer = stage.history.wait(mark, cleo.name, "holds")
    cleo.go_on()
    stage.history.wait(mark, cleo.name, "releases")
    yield "two readers held it at once", second.at < first_out.at
    yield (
        f"the writer had it {_ms(last_out, writer)} after the last reader",
        last_out.at <= writer.at,
    )


def a_stale_holder(stage: Stage) -> Iterator[Claim]:
    """A holder sleeps through the end of its session, wakes up, and writes."""
    ana, ben, _ = stage.workers
    mark = ana.begin(worker.write_report, text="from the past")
    old = stage.history.wait(mark, ana.name, "holds")
    ana.stand_still()
    ben.begin(worker.write_report, text="from the present")
    new = stage.history.wait(mark, ben.name, "holds")
    ben.go_on()
    stage.history.wait(mark, ben.name, "writes")
    ana.go_on()
    ana.wake_up()
    stage.history.wait(mark, ana.name, "is refused")
    text = stage.zk.get(worker.REPORT)[0].decode()
    yield f"{ben.name} took over with a higher token", _rising([old, new])
    yield f"{ana.name}'s late write was refused: LockLost", True
    yield f"the report reads {text!r}", text == "from the present"


def changing_the_configuration(stage: Stage) -> Iterator[Claim]:
    """A change of the configuration appears in every process."""
    mark = stage.history.mark()
    with Configuration(stage.zk, worker.CONFIGURATION) as config:
        config.store({"greeting": "ciao"})
    for each in stage.workers:
        stage.history.wait(mark, each.name, "reads config")
    seen = stage.history.since(mark, "reads config")
    yield "all three see it", [e.value for e in seen] == ["ciao"] * 3


SCENES: tuple[Scene, ...] = (
    taking_turns,
    asking_for_it,
    sharing,
    changing_the_configuration,
    a_stale_holder,
    killing_the_holder,
)


def _never_two(events: list[Event]) -> bool:
    """Whether each hold ended before the next began."""
    steps = [event for event in events if event.what in {"holds", "releases"}]
    return all(
        (a.what, b.what) == ("holds", "releases") and a.who == b.who
        for a, b in zip(steps[::2], steps[1::2], strict=True)
    )


def _rising(events: list[Event]) -> bool:
    return all((a.token or 0) < (b.token or 0) for a, b in pairwise(events))


def _ms(earlier: Event, later: Event) -> str:
    return f"{(later.at - earlier.at) * 1000:.0f} ms"

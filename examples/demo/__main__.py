"""The demo: a real ZooKeeper, three worker processes, one revocable lock, one configuration.

Run it with ``make demo``. Ends with status 0 only if everything it claims was seen to be true.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from examples.demo import worker
from examples.demo.scenes import SCENES, Claim, Scene, Stage
from examples.demo.stage import History, Worker
from examples.demo.timeline import Timeline
from zktools import Configuration
from zktools.testing import Clients, Server

NAMES = ("ana", "ben", "cleo")
SESSION_TIMEOUT = 2.0  # seconds; short, so that nobody has to wait long for a dead process


def main() -> int:
    """Set the stage, play the scenes, and say whether all claims held."""
    began = time.monotonic()
    timeline = Timeline(NAMES, began)
    with ExitStack() as stack:
        stage = set_up(stack, timeline)
        claims = [claim for scene in SCENES for claim in play(scene, stage, timeline)]
    held = sum(holds for _, holds in claims)
    seconds = time.monotonic() - began
    timeline.closing(
        f"{held} of {len(claims)} claims held, in {seconds:.0f} s", held == len(claims)
    )
    return 0 if held == len(claims) else 1


def set_up(stack: ExitStack, timeline: Timeline) -> Stage:
    """Start the workers, and a ZooKeeper if none was named. Closing `stack` ends them all."""
    hosts = os.environ.get("ZKTOOLS_TEST_HOSTS") or stack.enter_context(Server()).hosts
    clients = stack.enter_context(Clients(hosts, name="demo"))
    timeline.heading("zktools on a real ZooKeeper", f"at {hosts}{clients.chroot}")
    zk = clients()
    for path, value in ((worker.COUNTER, b"0"), (worker.REPORT, b"nothing yet")):
        zk.create(path, value, makepath=True)
    with Configuration(zk, worker.CONFIGURATION) as config:
        config.store({"greeting": "hello"})
    timeline.scene("Three processes connect")
    history = History(timeline)
    where = hosts + clients.chroot
    ana, ben, cleo = (Worker(name, where, SESSION_TIMEOUT, history) for name in NAMES)
    for each in (ana, ben, cleo):
        stack.callback(each.end)
        history.wait(0, each.name, "ready")
    history.show()
    return Stage(zk, (ana, ben, cleo), history)


def play(scene: Scene, stage: Stage, timeline: Timeline) -> Iterator[Claim]:
    """Play a scene; yield its claims as they are checked. What never happens is a failed one."""
    title = (scene.__doc__ or "").rstrip(".")
    timeline.scene(title)
    try:
        for text, holds in scene(stage):
            stage.history.show()
            timeline.claim(text, holds=holds)
            yield text, holds
    except TimeoutError as error:
        timeline.claim(str(error), holds=False)
        yield str(error), False


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")

"""Thousands of turns, with kills and cuts in between; see the package."""

from __future__ import annotations

import argparse
import random
import secrets

from kazoo.client import KazooClient

from tests.mixed import curator
from tests.mixed.campaign import LAYOUTS, check, disturb, fleet
from zktools.testing import Server


def main() -> None:
    """Run each mix."""
    parser = argparse.ArgumentParser(prog="python -m tests.mixed", description=__doc__)
    parser.add_argument("--grants", type=int, default=3000, help="of each mix (default: 3000)")
    parser.add_argument("--between", type=int, default=150, help="grants between two faults")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with Server() as server:
        for layout in LAYOUTS:
            if layout == "curator" and not curator.jars():
                print(f"{layout}: left out: {curator.MISSING}")
                continue
            for shared in (False, True):
                _run(server.hosts, layout, options, shared=shared)


def _run(hosts: str, layout: str, options: argparse.Namespace, *, shared: bool) -> None:
    chance = random.Random(f"{options.seed} {layout} {shared}")
    chroot = f"/{layout}-{shared}"
    client = KazooClient(hosts)
    client.start()
    client.ensure_path(chroot)
    faults = 0
    with fleet(hosts, chroot, layout, shared=shared, size=3) as members:
        while len(members.turns) < options.grants:
            members.wait_for(options.between // 2)
            disturb(members, chance)
            faults += 1
        members.wait_for(options.between // 2)
    client.stop()
    client.close()
    check(members, least=options.grants // 50)
    followed = members.handovers()
    print(
        f"{layout:8} {'shared' if shared else 'exclusive':9}  {len(members.turns):6} grants  "
        f"{faults:3} faults  theirs after ours {followed['ours', 'theirs']:5}  "
        f"ours after theirs {followed['theirs', 'ours']:5}  overlaps {len(members.overlaps)}",
        flush=True,
    )


if __name__ == "__main__":
    main()

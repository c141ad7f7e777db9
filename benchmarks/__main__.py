"""Run the race: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import footprint, machine, report
from benchmarks.backends import ZOOKEEPER, start
from benchmarks.crew import Crew
from benchmarks.live import LiveRace
from benchmarks.locks import Race
from benchmarks.peers import PEERS, RECIPES, VIEWS, Peer
from benchmarks.plan import FULL, PLANS, Plan
from benchmarks.recipes import RecipesRace

_PARTS = ("footprint", "locks", "live", "recipes")
_BUILD = Path("build/benchmarks")
_DOCS = Path("docs/_figures")


def main() -> None:
    """Measure, and write what came out."""
    options = _parse()
    plan = PLANS[options.plan]
    peers, missing = _who_runs(PEERS, options.peers)
    views, no_views = _who_runs(VIEWS, options.peers)
    others, _ = _who_runs(RECIPES, options.peers)  # of the same names
    began = time.monotonic()
    results: dict[str, Any] = {"plan": plan.name, "machine": machine.describe()}
    results["peers"] = {peer.name: _describe(peer) for peer in [*peers, *views]}
    results["missing"] = missing | no_views
    for name, remedy in results["missing"].items():
        _say(f"without {name}: to have it, {remedy}")
    results |= _measure(plan, (peers, views, others), options.only)
    results["seconds"] = time.monotonic() - began
    report.write(results, options.output)
    if options.publish:
        report.write(results, _DOCS)
    print(*report.summary(results), sep="\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--plan", choices=sorted(PLANS), default=FULL.name)
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS)
    names = list(dict.fromkeys(peer.family for peer in PEERS))
    parser.add_argument("--peers", nargs="+", choices=names, default=names)
    parser.add_argument("--output", type=Path, default=_BUILD, metavar="FOLDER")
    parser.add_argument("--publish", action="store_true", help=f"write to {_DOCS} as well")
    return parser.parse_args()


def _who_runs(all_: Sequence[Peer], names: list[str]) -> tuple[list[Peer], dict[str, str]]:
    chosen = [peer for peer in all_ if peer.family in names]
    missing = {peer.name: remedy for peer in chosen if (remedy := peer.missing())}
    return [peer for peer in chosen if peer.name not in missing], missing


def _describe(peer: Peer) -> dict[str, str]:
    return {"title": peer.title, "version": peer.version(), "promise": peer.promise}


def _measure(
    plan: Plan, runners: tuple[list[Peer], list[Peer], list[Peer]], only: list[str]
) -> dict[str, Any]:
    peers, views, others = runners
    results: dict[str, Any] = {}
    if "footprint" in only:
        results["footprint"] = footprint.measure(plan, _say)
    with start({ZOOKEEPER, *(peer.backend for peer in peers)}) as backends, Crew() as crew:
        if "locks" in only:
            results["locks"] = Race(plan, peers, backends, crew, _say).run()
        if "live" in only:
            results["live"] = LiveRace(plan, views, backends[ZOOKEEPER], crew, _say).run()
        if "recipes" in only and others:
            results["recipes"] = RecipesRace(plan, others, backends[ZOOKEEPER], crew, _say).run()
    return results


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

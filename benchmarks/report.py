"""Turns results into what people read: a summary in the terminal, tables and pictures for docs."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import tables

Results = dict[str, Any]


def write(results: Results, folder: Path) -> None:
    """Write results.json, the tables, and the pictures where matplotlib is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    tables.write(results, folder)
    if importlib.util.find_spec("matplotlib") is not None:
        from benchmarks import pictures  # noqa: PLC0415 - it needs matplotlib

        pictures.draw(results, folder)


def summary(results: Results) -> Iterator[str]:
    """The lines that matter most: zktools against each peer, as ratios."""
    if "locks" in results:
        locks = results["locks"]
        yield from _ratios(results, "acquire + release", locks["cycle"], "cycle")
        eight = [
            record
            for record in locks["handover"]
            if (record["contenders"], record["processes"], record["hold"]) == (8, 1, 0.0)
        ]
        yield from _ratios(results, "handover among 8", eight, "handover")
    if "live" in results:
        largest = max(record["keys"] for record in results["live"]["load"])
        for keys in sorted({min(10_000, largest), largest}):
            same = [r for r in results["live"]["load"] if r["keys"] == keys]
            yield from _ratios(results, f"load and follow {keys:,} keys", same, "seconds")
    if "recipes" in results:
        recipes = results["recipes"]
        yield from _ratios(results, "a permit acquired + released", recipes["semaphore"], "cycle")
        yield from _ratios(results, "the lead handed over", recipes["election"], "next")
        for record in recipes["group"]:
            title = results["peers"][record["peer"]]["title"]
            yield f"{record['members']:,} members seen, {title}: {record['requests']:,} requests"
        for record in recipes["shares"]:
            title = results["peers"][record["peer"]]["title"]
            many = f"{record['items']:,} items, {record['workers']} workers and one more, {title}"
            yield f"{many}: {record['moved']} move, {record['paused']} others pause"


def _ratios(results: Results, what: str, records: list[Results], field: str) -> Iterator[str]:
    for link in sorted({record["link"] for record in records}):
        found = {
            record["peer"]: record[field]["median"]
            for record in records
            if record["link"] == link and record[field]
        }
        ours = found.pop("zktools", None) or found.pop("nodedict", None)
        if ours is None:
            continue
        trips = f" = {ours / link:.2f} round trips" if link and field != "seconds" else ""
        where = f"link of {1000 * link:g} ms" if link else "loopback"
        yield f"{what}, {where}: zktools {1000 * ours:.2f} ms{trips}"
        for peer, median in found.items():
            title = results["peers"][peer]["title"]
            yield f"    {title:32} {1000 * median:9.2f} ms, {median / ours:6.2f} times ours"

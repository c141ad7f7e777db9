"""Tables for the documentation, as CSV files made of the results."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Results = dict[str, Any]
Row = list[str]
Table = tuple[Row, Iterable[Row]]


def write(results: Results, folder: Path) -> None:
    """Write each table whose part was measured."""
    for part, name, make in _TABLES:
        if part in results:
            header, rows = make(results)
            with (folder / f"{name}.csv").open("w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header, *rows])


# -- locks -------------------------------------------------------------------------------------


def _cycle(results: Results) -> Table:
    records = results["locks"]["cycle"]
    header = ["", "round trip", "min / median / max, ms", "round trips", "requests", "CPU, µs"]
    rows = [
        [
            _title(results, record),
            _link(record["link"]),
            _milliseconds(record["cycle"]),
            _trips(record["cycle"]["median"], record["link"]),
            _count(sum(record["requests"].values())),
            f"{1e6 * record['cpu']:.0f}",
        ]
        for record in records
    ]
    return header, rows


def _requests(results: Results) -> Table:
    longest = max(record["link"] for record in results["locks"]["cycle"])
    rows = [
        [
            _title(results, record),
            where,
            ", ".join(f"{count:.2f} {name}" for name, count in record["requests"].items()),
        ]
        for where, records in (
            ("uncontended", results["locks"]["cycle"]),
            ("8 contenders", _standard(results, longest)),
        )
        for record in records
        if record["link"] == longest and record["requests"]
    ]
    return ["", "where", "requests in a cycle"], rows


def _handover(results: Results) -> Table:
    header = [
        "",
        "round trip",
        "contenders",
        "processes",
        "section, ms",
        "min / median / max, ms",
        "round trips",
        "cycles/s",
        "requests",
        "watches",
        "CPU, µs",
    ]
    return header, [_handover_row(results, record) for record in results["locks"]["handover"]]


def _handover_row(results: Results, record: dict[str, Any]) -> Row:
    setting = [
        _title(results, record),
        _link(record["link"]),
        str(record["contenders"]),
        str(record["processes"]),
        f"{1000 * record['hold']:g}",
    ]
    if record["handover"] is None:
        return [*setting, "none in the time given", *[""] * 5]
    return [
        *setting,
        _milliseconds(record["handover"]),
        _trips(record["handover"]["median"], record["link"]),
        f"{record['per_second']:.0f}",
        _count(sum(record["requests"].values())),
        str(record["watches"] or ""),
        f"{1e6 * record['cpu']:.0f}",
    ]


def _readers(results: Results) -> Table:
    rows = [
        [
            _title(results, record),
            _link(record["link"]),
            str(record["readers"]),
            _milliseconds(record["all_in"]),
            _trips(record["all_in"]["median"], record["link"]),
        ]
        for record in results["locks"]["readers"]
    ]
    return ["", "round trip", "readers", "min / median / max, ms", "round trips"], rows


def _standard(results: Results, link: float) -> list[dict[str, Any]]:
    return [
        record
        for record in results["locks"]["handover"]
        if (record["link"], record["contenders"], record["processes"], record["hold"])
        == (link, 8, 1, 0.0)
        and record["handover"]
    ]


# -- live nodes --------------------------------------------------------------------------------


def _load(results: Results) -> Table:
    header = ["", "keys", "round trip", "min / median / max, ms", "requests", "bytes a key"]
    rows = [
        [
            _title(results, record),
            f"{record['keys']:,}",
            _link(record["link"]),
            _milliseconds(record["seconds"]),
            f"{record['requests']:,}",
            _growth(record),
        ]
        for record in results["live"]["load"]
    ]
    return header, rows


_MANY = 10_000


def _growth(record: dict[str, Any]) -> str:
    # Of a small tree one sees what the process needed anyway. Java's may be smaller afterwards.
    if record["keys"] < _MANY or record["bytes_per_key"] <= 0:
        return ""
    return f"{record['bytes_per_key']:.0f}"


def _follow(results: Results) -> Table:
    header = [
        "",
        "round trip",
        "one key, ms",
        "requests",
        "a transaction, ms",
        "requests",
        "calls",
        "reconnect, ms",
        "requests",
        "a read, µs",
    ]
    rows = [
        [
            _title(results, record),
            _link(record["link"]),
            _milliseconds(record["one"]["seconds"]),
            f"{record['one']['requests']:,}",
            _milliseconds(record["transaction"]["seconds"]),
            f"{record['transaction']['requests']:,}",
            f"{record['transaction']['calls']:,}",
            f"{1000 * record['resync']['seconds']:.1f}",
            f"{sum(record['resync']['requests'].values()):,}",
            f"{1e6 * record['read']:.2f}",
        ]
        for record in results["live"]["follow"]
    ]
    return header, rows


# -- other recipes -----------------------------------------------------------------------------


def _recipes(results: Results) -> Table:
    recipes = results["recipes"]
    link = recipes["semaphore"][0]["link"]
    peers = [record["peer"] for record in recipes["semaphore"]]
    header = ["", *(_title(results, {"peer": peer}) for peer in peers)]
    lines: list[tuple[str, str, Callable[[dict[str, Any]], str]]] = [
        (
            "a permit of a semaphore, acquired and released: round trips",
            "semaphore",
            lambda record: _trips(record["cycle"]["median"], link),
        ),
        ("the same: requests", "semaphore", lambda record: f"{record['requests']:.1f}"),
        (
            "an election, from letting go to the next one leading: round trips",
            "election",
            lambda record: _trips(record["next"]["median"], link),
        ),
        ("a group of {members:,} seen: requests", "group", lambda r: f"{r['requests']:,}"),
        ("the same, loopback: ms", "group", lambda r: f"{1000 * r['seconds']:.0f}"),
        ("one more joins it: requests", "group", lambda r: f"{r['one_more']:,}"),
        (
            "{items:,} items, {workers} workers become one more: items that move",
            "shares",
            lambda record: str(record["moved"]),
        ),
        (
            "the same: others that were not held all the time",
            "shares",
            lambda record: str(record["paused"]),
        ),
        ("the same: seconds", "shares", lambda record: f"{record['seconds']:.1f}"),
        (
            "an owner cut off, with a session of 4 s: all owned again after seconds",
            "shares",
            lambda record: f"{record['again']:.1f}" if "again" in record else "not measured",
        ),
    ]
    return header, [_recipe_row(recipes[name], peers, what, cell) for what, name, cell in lines]


def _recipe_row(
    records: list[dict[str, Any]],
    peers: list[str],
    what: str,
    cell: Callable[[dict[str, Any]], str],
) -> Row:
    found = {record["peer"]: record for record in records}
    sizes = next(iter(found.values()), {})
    cells = [cell(found[peer]) if peer in found else "has none" for peer in peers]
    return [what.format_map(sizes), *cells]


# -- footprint ---------------------------------------------------------------------------------


def _imports(results: Results) -> Table:
    rows = [
        [
            f"``import {record['name']}``",
            _milliseconds(record["seconds"]),
            str(record["modules"]),
            ", ".join(record["packages"]),
        ]
        for record in results["footprint"]["imports"]
    ]
    return ["", "min / median / max, ms", "modules", "packages outside Python"], rows


def _idle_locks(results: Results) -> Table:
    rows = [
        [_title(results, record), f"{record['bytes']:.0f}"]
        for record in results["footprint"]["locks"]
    ]
    return ["", "bytes a lock object"], rows


# -- what was measured -------------------------------------------------------------------------


def _setting(results: Results) -> Table:
    machine = results["machine"]
    rows = [
        ["machine", f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"],
        ["Python", machine["python"]],
        ["load average before", f"{machine['load']:.2f}"],
        ["plan", f"{results['plan']}, {results['seconds'] / 60:.0f} minutes"],
    ]
    for peer in results["peers"].values():
        promise = f"; {peer['promise']}" if peer["promise"] else ""
        rows.append([peer["title"], f"{peer['version']}{promise}"])
    rows += [[name, f"not installed: {remedy}"] for name, remedy in results["missing"].items()]
    return ["", "version, and what it does not promise"], rows


# -- cells -------------------------------------------------------------------------------------


def _title(results: Results, record: dict[str, Any]) -> str:
    title: str = results["peers"].get(record["peer"], {"title": record["peer"]})["title"]
    return title


def _link(link: float) -> str:
    return f"{1000 * link:g} ms" if link else "loopback"


def _milliseconds(spread: dict[str, float]) -> str:
    return " / ".join(f"{1000 * spread[name]:.2f}" for name in ("min", "median", "max"))


def _trips(seconds: float, link: float) -> str:
    return f"{seconds / link:.2f}" if link else ""


def _count(value: float) -> str:
    return f"{value:.2f}" if value else ""


_TABLES: tuple[tuple[str, str, Callable[[Results], Table]], ...] = (
    ("machine", "setting", _setting),
    ("locks", "cycle", _cycle),
    ("locks", "requests", _requests),
    ("locks", "handover", _handover),
    ("locks", "readers", _readers),
    ("live", "load", _load),
    ("live", "follow", _follow),
    ("recipes", "recipes", _recipes),
    ("footprint", "imports", _imports),
    ("footprint", "idle_locks", _idle_locks),
)

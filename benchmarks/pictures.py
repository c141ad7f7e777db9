"""Pictures for the documentation, drawn from the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
# The same results give the same file.
mpl.rcParams.update({"svg.hashsalt": "zktools", "svg.fonttype": "none", "font.size": 10})

import matplotlib.pyplot as plt  # noqa: E402

Results = dict[str, Any]

_COLOURS = {
    "zktools": "#1b6ca8",
    "zktools-plain": "#7fb2d9",
    "nodedict": "#1b6ca8",
    "kazoo": "#d1892c",
    "kazoo-handler": "#e8b878",
    "treecache": "#d1892c",
    "watches": "#b5542f",
    "curator": "#5b8c5a",
    "cache": "#5b8c5a",
    "etcd": "#7a5ea8",
    "redis": "#a83c4f",
    "limit": "#8a8a8a",
    "limit-handler": "#bababa",
    "gets": "#8a8a8a",
}


def draw(results: Results, folder: Path) -> None:
    """Draw each picture whose part was measured."""
    if "locks" in results:
        _draw_round_trips(results, folder / "round_trips.svg")
        _draw_queue(results, folder / "queue.svg")
    if "live" in results:
        _draw_load(results, folder / "load.svg")


def _draw_round_trips(results: Results, file: Path) -> None:
    locks = results["locks"]
    link = max(record["link"] for record in locks["cycle"])
    cycle = {r["peer"]: r["cycle"] for r in locks["cycle"] if r["link"] == link}
    handover = {
        r["peer"]: r["handover"]
        for r in locks["handover"]
        if (r["link"], r["contenders"], r["processes"], r["hold"]) == (link, 8, 1, 0.0)
    }
    figure, panels = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    titles = ("acquire + release, nobody waits", "handover, 8 contenders")
    for panel, spreads, title in zip(panels, (cycle, handover), titles, strict=True):
        names = [name for name in reversed(cycle) if spreads.get(name)]
        trips = [spreads[name]["median"] / link for name in names]
        labels = [results["peers"][name]["title"] for name in names]
        bars = panel.barh(labels, trips, color=[_COLOURS[name] for name in names])
        panel.bar_label(bars, fmt="%.2f", padding=3)
        panel.set_title(title)
        panel.set_xlabel(f"round trips on a link of {1000 * link:g} ms (median)")
        panel.margins(x=0.15)
    _save(figure, file)


def _draw_queue(results: Results, file: Path) -> None:
    records = [
        record
        for record in results["locks"]["handover"]
        if record["processes"] == 1 and not record["hold"] and record["handover"]
    ]
    links = sorted({record["link"] for record in records})
    links = [links[0], links[-1]]
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.2))
    for panel, link in zip(panels, links, strict=True):
        for name in dict.fromkeys(record["peer"] for record in records):
            points = [r for r in records if r["peer"] == name and r["link"] == link]
            panel.plot(
                [point["contenders"] for point in points],
                [1000 * point["handover"]["median"] for point in points],
                marker="o",
                color=_COLOURS[name],
                label=results["peers"][name]["title"],
            )
        panel.set_xscale("log", base=2)
        panel.set_ylim(bottom=0)
        panel.set_xlabel("contenders")
        panel.set_title(f"link of {1000 * link:g} ms" if link else "loopback")
    panels[0].set_ylabel("handover, ms (median)")
    panels[1].legend(fontsize="small")
    _save(figure, file)


def _draw_load(results: Results, file: Path) -> None:
    records = [record for record in results["live"]["load"] if not record["link"]]
    figure, panel = plt.subplots(figsize=(6, 3.4))
    for name in dict.fromkeys(record["peer"] for record in records):
        points = [record for record in records if record["peer"] == name]
        panel.loglog(
            [point["keys"] for point in points],
            [point["seconds"]["median"] for point in points],
            marker="o",
            color=_COLOURS[name],
            label=results["peers"][name]["title"],
        )
    panel.set_xlabel("keys")
    panel.set_ylabel("seconds until loaded and followed")
    panel.legend(fontsize="small")
    _save(figure, file)


def _save(figure: Any, file: Path) -> None:
    for panel in figure.axes:
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)

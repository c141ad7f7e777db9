"""The figures of one run, or of two side by side, for a terminal and for the documentation."""

from __future__ import annotations

from collections import Counter

from tests.chaos import live_checker
from tests.chaos.broken.defects import DEFECTS
from tests.chaos.broken.schedules import CAUGHT
from tests.chaos.figures import Figures, percentile
from tests.chaos.history import Event

_NOTE = ".. Written by `python -m tests.chaos report`; do not edit."

_ROWS = (
    ("seconds under faults", lambda f: f"{f.seconds:.0f}"),
    ("seed, workers, session timeout", lambda f: f"{f.seed}, {f.workers}, {f.session_timeout:g} s"),
    ("faults", lambda f: str(f.faults)),
    ("attempts to acquire", lambda f: f"{f.attempts:,}"),
    ("… that held the lock", lambda f: f"{f.grants:,}"),
    ("… whose time ran out", lambda f: f"{f.refused:,}"),
    ("… cancelled", lambda f: f"{f.cancelled:,}"),
    ("… that raised an error", lambda f: f"{f.failed:,}"),
    ("… whose process was killed", lambda f: f"{f.died:,}"),
    ("two holders at once", lambda f: str(f.overlaps)),
    ("holders overtaken while stopped", lambda f: str(f.overtaken)),
    ("writes acknowledged, guarded registers", lambda f: f"{f.writes:,}"),
    ("… refused as stale", lambda f: str(f.stale_refused)),
    ("… whose outcome stayed unknown", lambda f: str(f.unknown)),
    ("… acknowledged and lost", lambda f: str(f.lost_guarded)),
    ("acknowledged and lost, unguarded register", lambda f: str(f.lost_unguarded)),
    ("ghosts that blocked the queue", lambda f: str(f.ghosts)),
    ("handover, median", lambda f: f"{f.handover_p50 * 1e3:.1f} ms"),
    ("handover, 99th percentile", lambda f: f"{f.handover_p99 * 1e3:.0f} ms"),
    ("longest time nobody held", lambda f: f"{f.longest_gap:.1f} s ({f.longest_gap_during})"),
    ("contenders at once", lambda f: f"{f.crowd['waiting']:,}" if f.crowd else "-"),
    ("… watches on all servers", lambda f: f"{f.crowd['watches']:,}" if f.crowd else "-"),
    ("… handovers, half of them cancelled", lambda f: f"{_rate(f):.0f} /s" if f.crowd else "-"),
    ("violations, all rules", lambda f: str(sum(f.violations.values()))),
)


def _rate(run: Figures) -> float:
    return run.crowd["drained"] / run.crowd["drained_in"]


def as_text(runs: list[Figures]) -> str:
    """A table for a terminal."""
    table = [["", *(run.subject for run in runs)]]
    table += [[name, *(show(run) for run in runs)] for name, show in _ROWS]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in table
    ]
    faults = ", ".join(f"{kind} {count}" for kind, count in runs[0].by_kind.items())
    return "\n".join([*lines, "", f"faults by kind: {faults}"])


def as_rst(runs: list[Figures]) -> str:
    """Two tables for the documentation: the figures, and the faults by kind."""
    kinds = sorted({kind for run in runs for kind in run.by_kind})
    figures = [[name, *(show(run) for run in runs)] for name, show in _ROWS]
    faults = [[_words(kind), *(str(run.by_kind.get(kind, 0)) for run in runs)] for kind in kinds]
    names = [run.subject for run in runs]
    return "\n".join(
        [
            _NOTE,
            "",
            *_table(["", *names], figures),
            "",
            *_table(["fault", *names], faults),
            "",
        ]
    )


def live_rows(events: list[Event]) -> list[tuple[str, str]]:
    """The figures of a campaign against live nodes and configuration."""
    counted = Counter(event["event"] for event in events)
    caught_up = sorted(event["seconds"] for event in events if event["event"] == "caught_up")
    return [
        ("seconds under faults", f"{events[-1]['t'] - events[0]['t']:.0f}"),
        ("transactions", f"{counted['committed']:,}"),
        ("views", f"{counted['view']:,}"),
        ("faults", str(counted["fault"])),
        ("until all had caught up, median", f"{percentile(caught_up, 50) * 1e3:.0f} ms"),
        ("until all had caught up, longest", f"{max(caught_up, default=0.0):.1f} s"),
        ("violations, all rules", str(len(live_checker.check(events)))),
    ]


def live_rst(events: list[Event]) -> str:
    """The same as a table for the documentation."""
    return "\n".join(
        [_NOTE, "", *_table(["", "live"], [list(row) for row in live_rows(events)]), ""]
    )


def broken_rst() -> str:
    """The locks that are broken on purpose, and how each is caught, for the documentation."""
    rows = [
        [
            caught.subject,
            (DEFECTS[caught.subject].__doc__ or "").splitlines()[0],
            f"``{caught.fault}``",
            caught.rule,
        ]
        for caught in CAUGHT
    ]
    head = ["lock", "its defect", "fault", "rule"]
    return "\n".join([_NOTE, "", *_table(head, rows), ""])


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [
            f"   {'* ' if number == 0 else '  '}- {cell}".rstrip()
            for number, cell in enumerate(row)
        ]
    return lines

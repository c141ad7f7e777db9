"""Check the protocol of a lock exhaustively with spin, and that broken variants of it fail.

::

    make model                                   all of it, some minutes
    python tests/model/run.py --quick            the smaller half of it
    python tests/model/run.py grant-not-sole     some runs, by name
    python tests/model/run.py --show grant-not-sole      the counterexample, step by step

Needs ``spin`` and a C compiler named ``cc``; uses one core and less than 4 GB. Exits with 0 if and
only if every run ended as its row says it must.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
MEGABYTES = 3900
DEPTH = 100_000

HOLDS = "holds"
TWO = "two believers"
BLIND = "granted while gone"
HERD = "too many woken"
STUCK = "stuck"
ENDLESS = "endless"
TWICE = "two nodes"
TOO_BIG = "out of bounds"
TOO_MANY = "too many hold"
TOO_LATE = "kept too long"

_EXPLORE = ["-O2", "-DSAFETY", "-DCOLLAPSE", "-DNOFAIR"]
_SHORTEST = ["-O1", "-DSAFETY", "-DBFS"]  # breadth first: the shortest counterexample
_CYCLES = ["-O2", "-DNP", "-DNOFAIR", "-DCOLLAPSE"]


# What tells how a search ended, in what it says of the state that it stopped at.
_SIGNS = [
    ("invalid end state", STUCK),
    ("non-progress cycle", ENDLESS),
    ("destroyed&", TWO),
    ("beside[", BLIND),
    ("woken<=", HERD),
    ("(b&(b-1))", TWICE),
    ("holding<=", TOO_MANY),
    ("held[", TOO_MANY),
    ("uses==", TOO_MANY),
    ("late<=", TOO_LATE),
    ("q_full", TOO_BIG),  # of the model itself: no finding
    ("next_seq<", TOO_BIG),
    ("assertion violated", "assertion violated"),  # any other; must be the last
]


@dataclass(frozen=True)
class Run:
    """One configuration of the model, and how it must end."""

    name: str
    defines: str
    expected: str
    about: str
    quick: bool = False
    cycles: bool = False
    """Look for endless runs instead of bad states."""
    model: str = "lock.pml"


# What must hold. Three clients, one acquire each, all writers, unless the row says otherwise.
GOOD = [
    Run("writers", "ACQUIRES=2", HOLDS, "two acquires each"),
    Run("one-reader", "WRITERS=3 ACQUIRES=2", HOLDS, "two writers and a reader, two acquires each"),
    Run("two-readers", "WRITERS=1 LOSSES=1 ABANDONS=1", HOLDS, "a writer and two readers"),
    Run("loss", "LOSSES=2", HOLDS, "two lost connections", quick=True),
    Run("expiry", "LOSSES=2 EXPIRIES=1", HOLDS, "two lost connections, one session ends"),
    Run("abandon", "ABANDONS=2 LOSSES=1", HOLDS, "two give up, one lost connection"),
    Run("ask", "ASKS=2 LOSSES=1", HOLDS, "two requests to let go, one lost connection"),
    Run("ask-readers", "WRITERS=1 ASKS=1 LOSSES=1", HOLDS, "the same with two readers"),
    Run("destroy", "DESTROYS=1 ASKS=1", HOLDS, "one candidate destroyed, one asked"),
    Run("destroy-twice", "DESTROYS=2", HOLDS, "two candidates destroyed"),
    Run("destroy-loss", "DESTROYS=1 LOSSES=1", HOLDS, "one destroyed, one lost connection"),
    Run("four", "NC=4 WRITERS=15 ABANDONS=1", HOLDS, "four writers, one gives up"),
    Run("four-loss", "NC=4 WRITERS=15 LOSSES=1", HOLDS, "four writers, one lost connection"),
    Run("four-readers", "NC=4 WRITERS=5", HOLDS, "two writers and two readers"),
    Run("followers", "LAG LOSSES=2", HOLDS, "servers that lag behind, two lost connections"),
    Run("followers-four", "LAG NC=4 WRITERS=15", HOLDS, "servers that lag behind, four writers"),
    Run(
        "followers-expiry",
        "LAG LOSSES=1 EXPIRIES=1",
        HOLDS,
        "one lost connection, one session ends",
    ),
    Run("followers-abandon", "LAG WRITERS=3 LOSSES=1 ABANDONS=1", HOLDS, "a reader, one gives up"),
    Run("followers-destroy", "LAG DESTROYS=1", HOLDS, "servers that lag behind, one destroyed"),
    Run(
        "deposed-pair",
        "LAG NC=2 WRITERS=3 LOSSES=1 EXPIRIES=1 DEPOSALS=2",
        HOLDS,
        "two clients, a leader deposed twice, one lost connection, one session ends",
    ),
    Run(
        "deposed",
        "LAG EXPIRIES=1 DEPOSALS=1 PROOFS=1",
        HOLDS,
        "a leader is deposed and does not know, one session ends",
    ),
    Run(
        "pair",
        "NC=2 WRITERS=3 LOSSES=1 ABANDONS=1 DESTROYS=1",
        HOLDS,
        "two clients, three faults",
        quick=True,
    ),
    Run(
        "pair-all",
        "NC=2 WRITERS=3 LOSSES=1 EXPIRIES=1 ABANDONS=1 ASKS=1 DESTROYS=1",
        HOLDS,
        "two clients, one fault of every kind",
    ),
    Run(
        "pair-again",
        "NC=2 WRITERS=3 ACQUIRES=2 ABANDONS=1 DESTROYS=1",
        HOLDS,
        "two clients, two acquires each, two faults",
    ),
    Run(
        "sole-rule",
        "RULE_SOLE DESTROYS=1 ASKS=1",
        HOLDS,
        "list again whenever one of several leaves",
    ),
    Run("sole-rule-four", "RULE_SOLE NC=4 WRITERS=15 ABANDONS=1", HOLDS, "the same, four writers"),
    Run("ends", "LOSSES=1 ABANDONS=1", HOLDS, "no run is endless", cycles=True),
    Run("ends-pair", "NC=2 WRITERS=3 LOSSES=1 DESTROYS=1 ASKS=1", HOLDS, "the same", cycles=True),
    Run("ends-followers", "LAG LOSSES=1", HOLDS, "the same", cycles=True),
]

# What must not hold: each takes one rule of the protocol away.
BROKEN = [
    Run(
        "grant-not-sole",
        "BROKEN_GRANT_NOT_SOLE ABANDONS=1",
        TWO,
        "grant when the last blocker leaves, whoever else was listed",
        quick=True,
    ),
    Run(
        "no-own-watch",
        "BROKEN_NO_OWN_WATCH DESTROYS=1",
        BLIND,
        "no watch on the own node",
        quick=True,
    ),
    Run(
        "ask-spends-own-watch",
        "BROKEN_ASK_SPENDS_OWN_WATCH ASKS=1 DESTROYS=1",
        BLIND,
        "the own deletion is watched by the data watch that a request to let go uses up",
    ),
    Run(
        "leftover-watch",
        "BROKEN_LEFTOVER_WATCH_GRANTS DESTROYS=2",
        BLIND,
        "grant before the watch on the own node is confirmed",
    ),
    Run(
        "own-not-first",
        "BROKEN_OWN_NOT_FIRST BROKEN_LEFTOVER_WATCH_GRANTS DESTROYS=1",
        BLIND,
        "the same, and the own node is not the first in the set-watches packet",
    ),
    Run(
        "confirmed-out-of-order",
        "BROKEN_CONFIRMED_OUT_OF_ORDER DESTROYS=2",
        BLIND,
        "that confirmation may overtake events",
    ),
    Run(
        "downgrade",
        "BROKEN_DOWNGRADE",
        TWO,
        "a writer becomes a reader under its old sequence number",
        quick=True,
    ),
    Run(
        "watch-first",
        "BROKEN_WATCH_FIRST NC=4 WRITERS=15",
        HERD,
        "watch the first blocker: a departure wakes more than two",
    ),
    Run(
        "suspended",
        "BROKEN_BELIEF_WHILE_SUSPENDED LOSSES=1 EXPIRIES=1",
        TWO,
        "believe while disconnected",
        quick=True,
    ),
    Run(
        "outlives-session",
        "BROKEN_BELIEF_OUTLIVES_SESSION LOSSES=1 EXPIRIES=1",
        TWO,
        "believe on in a new session",
    ),
    Run(
        "deadline-late",
        "BROKEN_DEADLINE_TOO_LATE LOSSES=1 EXPIRIES=1",
        TWO,
        "the server ends the session before the client's own deadline",
    ),
    Run(
        "sync-proves",
        "BROKEN_SYNC_PROVES LAG NC=2 WRITERS=3 EXPIRIES=1 DEPOSALS=1",
        TWO,
        "a sync as proof of life, which a deposed leader answers alone",
        quick=True,
    ),
    Run(
        "sync-looks",
        "BROKEN_SYNC_LOOKS LAG NC=2 WRITERS=3 LOSSES=1 EXPIRIES=1 DEPOSALS=1",
        TWICE,
        "a sync before looking for the own node, of a deposed leader, which has not got it",
        quick=True,
    ),
    Run(
        "check-then-arm",
        "BROKEN_MISSING_DOES_NOT_FIRE",
        STUCK,
        "arming a watch on a node that has left does not fire",
        quick=True,
    ),
    Run(
        "no-rearm",
        "BROKEN_NO_REARM LOSSES=1",
        STUCK,
        "watches are not armed again after a reconnect",
        quick=True,
    ),
    Run(
        "stale-listing",
        "BROKEN_GONE_NOT_FILTERED BROKEN_FIRED_WATCH_COUNTS_AS_ARMED NC=4 WRITERS=15",
        STUCK,
        "a name known to have left is taken from an older listing, and counts as watched",
    ),
    Run(
        "create-retried",
        "BROKEN_CREATE_RETRIED_BLINDLY LOSSES=1",
        STUCK,
        "the create is sent again when its reply was lost",
        quick=True,
    ),
    Run(
        "renumbered",
        "RENUMBERED BROKEN_REPLY_BELIEVED LOSSES=1",
        TWO,
        "requests are numbered from 1 again on each connection",
        quick=True,
    ),
    Run("no-sync", "BROKEN_NO_SYNC LOSSES=1", STUCK, "no sync before looking for the own node"),
    Run(
        "create-forgotten",
        "BROKEN_UNANSWERED_CREATE_FORGOTTEN ABANDONS=1",
        STUCK,
        "giving up before the create was answered leaves its node",
    ),
    Run(
        "delete-once",
        "BROKEN_DELETE_NOT_REPEATED LOSSES=1",
        STUCK,
        "a delete whose reply was lost is not repeated",
    ),
    Run(
        "ask-missed",
        "BROKEN_ASK_BEFORE_WATCH_MISSED ASKS=1",
        STUCK,
        "the own watch is armed without relation to the node's creation",
        quick=True,
    ),
    Run(
        "data-watch",
        "BROKEN_DATA_WATCH_IGNORED ASKS=1",
        STUCK,
        "data watches on blockers, which a request to let go uses up",
    ),
    Run(
        "data-watch-rearmed",
        "BROKEN_DATA_WATCH_REARMED ASKS=1",
        ENDLESS,
        "the same, armed again relative to the own creation",
        cycles=True,
    ),
]

# What one might think to be needed, or true, and is not.
LIMITS = [
    Run(
        "renumbered-checked",
        "RENUMBERED LOSSES=1",
        HOLDS,
        "the same numbers again, but the answer to a create is believed by its GUID only",
        quick=True,
    ),
    Run(
        "unfiltered",
        "BROKEN_GONE_NOT_FILTERED LOSSES=1",
        HOLDS,
        "without taking known departures off a listing: only costs a request",
        quick=True,
    ),
    Run(
        "unfiltered-four",
        "BROKEN_GONE_NOT_FILTERED NC=4 WRITERS=15 ABANDONS=1",
        HOLDS,
        "the same, four writers",
    ),
    Run(
        "own-not-first-confirmed",
        "BROKEN_OWN_NOT_FIRST DESTROYS=1",
        HOLDS,
        "the own node need not be the first in the packet once its watch is confirmed",
    ),
    Run(
        "readers-woken",
        "LIMIT_READERS_WOKEN NC=4 WRITERS=3",
        HERD,
        "with readers, a departure may wake more than two",
    ),
]

_SEMAPHORE, _MULTILOCK, _STICKY = "semaphore.pml", "multilock.pml", "sticky.pml"
# Four candidates, two permits, weights of one or two, one gives up, unless the row says otherwise.
RECIPES = [
    Run("semaphore", "", HOLDS, "whom a waiter watches", quick=True, model=_SEMAPHORE),
    Run(
        "semaphore-three",
        "PERMITS=3 HEAVIEST=3",
        HOLDS,
        "three permits, weights up to three",
        model=_SEMAPHORE,
    ),
    Run(
        "semaphore-herd",
        "HEAVIEST=1 NC=6 ABANDONS=2",
        HOLDS,
        "weights of one: no departure wakes more than one more than there are permits",
        model=_SEMAPHORE,
    ),
    Run("semaphore-lock", "PERMITS=1 HEAVIEST=1", HOLDS, "one permit: a lock", model=_SEMAPHORE),
    Run(
        "semaphore-short",
        "SHORT",
        STUCK,
        "one less is watched",
        quick=True,
        model=_SEMAPHORE,
    ),
    Run(
        "semaphore-blindly",
        "BLINDLY NC=5",
        TOO_MANY,
        "granted when all who are watched have left, whoever else is ahead",
        model=_SEMAPHORE,
    ),
    Run("semaphore-greedy", "GREEDY", TOO_MANY, "one permit too many", model=_SEMAPHORE),
    Run("multilock", "", HOLDS, "all queues entered at once", quick=True, model=_MULTILOCK),
    Run(
        "multilock-one-by-one",
        "ONE_BY_ONE NC=3",
        STUCK,
        "entered one after the other, in the callers' order",
        quick=True,
        model=_MULTILOCK,
    ),
    Run("sticky", "", HOLDS, "a node kept between uses", quick=True, model=_STICKY),
    Run("sticky-idle", "IDLES=2", HOLDS, "the same, let go after a time of no use", model=_STICKY),
    Run(
        "sticky-no-look",
        "NO_LOOK",
        STUCK,
        "who ends a use does not look again whether anybody came meanwhile",
        quick=True,
        model=_STICKY,
    ),
    Run(
        "sticky-unlisted",
        "UNLISTED",
        STUCK,
        "the folder is watched, but not listed with that",
        quick=True,
        model=_STICKY,
    ),
    Run(
        "sticky-anyway",
        "ANYWAY",
        TOO_LATE,
        "uses follow each other whoever waits",
        quick=True,
        model=_STICKY,
    ),
    Run(
        "sticky-untaken",
        "UNTAKEN",
        TOO_MANY,
        "to begin a use is a look and then a step",
        quick=True,
        model=_STICKY,
    ),
]

GROUPS = [
    ("The protocol", GOOD),
    ("Broken on purpose", BROKEN),
    ("Limits", LIMITS),
    ("Semaphores, several locks, kept nodes", RECIPES),
]
ALL = [run for _, runs in GROUPS for run in runs]


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    result: str
    states: int
    depth: int
    seconds: float


def build(run: Run, folder: Path) -> None:
    """Let spin write the checker of this configuration in C, and compile it."""
    defines = [f"-D{define}" for define in run.defines.split()]
    how = _CYCLES if run.cycles else _EXPLORE if run.expected == HOLDS else _SHORTEST
    for command in (
        ["spin", "-a", *defines, str(FOLDER / run.model)],
        ["cc", "-w", *how, f"-DMEMLIM={MEGABYTES}", "-o", "pan", "pan.c"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode or not (folder / "pan.c").exists():
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def explore(run: Run, folder: Path) -> Outcome:
    """Run the checker, to the end or to the first counterexample."""
    command = ["./pan", "-n", f"-m{DEPTH}", *(["-l"] if run.cycles else [])]
    start = time.monotonic()
    text = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    seconds = time.monotonic() - start
    states, depth = (
        int(found[1]) if (found := re.search(pattern, text)) else 0
        for pattern in (r"(\d+) states, stored", r"depth reached (\d+)")
    )
    return Outcome(_result(text), states, depth, seconds)


def _result(text: str) -> str:
    found = re.search(r"^pan:\d+: (.*)", text, re.MULTILINE)
    for sign, result in _SIGNS if found else ():
        if sign in found[1]:
            return result
    complete = "errors: 0" in text and not re.search(r"not completed|max search depth|MEMLIM", text)
    return HOLDS if complete else "not completed"


def check(run: Run) -> Outcome:
    """Build and run one configuration in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        build(run, Path(folder))
        return explore(run, Path(folder))


def show(run: Run) -> None:
    """Print the counterexample of a run, as the model tells it."""
    with tempfile.TemporaryDirectory() as folder:
        build(run, Path(folder))
        print(explore(run, Path(folder)).result)
        told = subprocess.run(
            ["./pan", "-r", f"{run.model}.trail"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    for line in told.splitlines():
        if re.match(r"(server|client \d|somebody|pan):", line):
            print(line)


def table(groups: list[tuple[str, list[Run]]]) -> bool:
    """Check these runs, and print a row for each. Whether all ended as they must."""
    good = True
    for title, runs in groups:
        print(f"{title}\n{'run':24} {'result':19}{'states':>11} {'depth':>6} {'seconds':>8}  what")
        for run in runs:
            outcome = check(run)
            as_expected = outcome.result == run.expected
            good = good and as_expected
            print(
                f"{run.name:24} {outcome.result:19}{outcome.states:11,} {outcome.depth:6} "
                f"{outcome.seconds:8.1f}  {run.about}"
                + ("" if as_expected else f"   <-- expected: {run.expected}"),
                flush=True,
            )
        print()
    print("All as expected." if good else "NOT as expected.")
    return good


def main() -> int:
    """Parse the command line, and run what it names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these runs")
    parser.add_argument("--quick", action="store_true", help="only the smaller runs")
    parser.add_argument("--show", action="store_true", help="print the counterexample")
    options = parser.parse_args()
    for tool in ("spin", "cc"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is not installed (Debian: apt-get install spin gcc)")
    unknown = set(options.names) - {run.name for run in ALL}
    if unknown:
        parser.error(f"no such run: {', '.join(sorted(unknown))}")
    if options.show:
        for name in options.names:
            show(next(run for run in ALL if run.name == name))
        return 0
    chosen = [
        (
            title,
            [
                r
                for r in runs
                if (r.quick or not options.quick) and (not options.names or r.name in options.names)
            ],
        )
        for title, runs in GROUPS
    ]
    return 0 if table([(title, runs) for title, runs in chosen if runs]) else 1


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.chaos run``: the campaign; ``check``, ``report``, ``timeline``: its history."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.chaos import history
from tests.chaos.campaign import Options, run
from tests.chaos.checker import Violation, check
from tests.chaos.subjects import SUBJECTS


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; 0 when no violation was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _add_run(commands.add_parser("run", help="run a campaign, check it and report"))
    checking = commands.add_parser("check", help="check the history of a run again")
    checking.add_argument("folder", type=Path)
    checking.set_defaults(command=_check)
    options = parser.parse_args(arguments)
    return int(options.command(options))


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_run)
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same schedule")
    parser.add_argument("--duration", type=float, default=600.0, help="seconds of faults")
    parser.add_argument("--workers", type=int, default=5, help="processes that take the lock")
    parser.add_argument("--subject", choices=sorted(SUBJECTS), default="zktools", help="whose lock")
    parser.add_argument("--session-timeout", type=float, default=1.0, help="seconds")
    parser.add_argument("--faults", nargs="*", default=[], help="only faults that begin so")
    parser.add_argument("--first-round", type=int, default=0, help="begin with this round")
    parser.add_argument("--rounds", type=int, help="end after this many")
    parser.add_argument("--out", type=Path, help="folder for the histories; a new one unless given")


def _run(options: argparse.Namespace) -> int:
    folder = options.out or Path(tempfile.mkdtemp(prefix="zktools-chaos-"))
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # what breaks is broken on purpose
    chosen = {name: getattr(options, name) for name in Options.__dataclass_fields__}
    run(Options(**chosen), folder)
    print(f"histories: {folder}")
    options.folder = folder
    return _check(options)


def _check(options: argparse.Namespace) -> int:
    ran = json.loads((options.folder / "options.json").read_text())
    events = history.read(options.folder)
    found = check(events, ran["session_timeout"])
    print(Counter(event["event"] for event in events))
    _print_violations(found, events[0]["t"])
    return 1 if found else 0


def _print_violations(found: list[Violation], start: float) -> None:
    for violation in found[:50]:
        print(f"{violation.t - start:8.3f} s  {violation.rule:10} {violation.text}")
    print(f"{len(found)} violations {dict(Counter(v.rule for v in found))}")


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.chaos run``: the campaign; ``check`` and ``report`` work on its histories."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.chaos import history, live_campaign, live_checker, recipes_campaign, recipes_checker
from tests.chaos.campaign import Options, run
from tests.chaos.checker import Case, check
from tests.chaos.crowd import SESSION
from tests.chaos.figures import figures
from tests.chaos.report import as_rst, as_text, broken_rst, live_rows, live_rst
from tests.chaos.subjects import SUBJECTS
from tests.chaos.timeline import draw, interesting


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; 0 when no violation was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _add_run(commands.add_parser("run", help="run a campaign, check it and report"))
    living = commands.add_parser("live", help="a campaign against live nodes and configuration")
    _add_options(living)
    living.add_argument("--subject", choices=("live", "kazoo"), default="live", help="whose views")
    living.set_defaults(command=_live, crowd=0)
    using = commands.add_parser("recipes", help="a campaign against all recipes at once")
    _add_options(using)
    using.add_argument("--subject", default="zktools", help="zktools, kazoo, or defects: a+b")
    using.set_defaults(command=_recipes, crowd=0)
    checking = commands.add_parser("check", help="check the history of a run again")
    checking.add_argument("folder", type=Path)
    checking.set_defaults(command=_check)
    reporting = commands.add_parser("report", help="write the documentation's figures and picture")
    reporting.add_argument("folders", type=Path, nargs="+", help="of runs, the pictured one first")
    reporting.add_argument("--live", type=Path, help="folder of a run against live trees")
    reporting.add_argument("--into", type=Path, default=Path("docs/reliability"))
    reporting.set_defaults(command=_report)
    options = parser.parse_args(arguments)
    return int(options.command(options))


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_run)
    _add_options(parser)
    parser.add_argument("--subject", choices=sorted(SUBJECTS), default="zktools", help="whose lock")
    parser.add_argument("--crowd", type=int, default=1000, help="contenders at the end; 0: none")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same schedule")
    parser.add_argument("--duration", type=float, default=600.0, help="seconds of faults")
    parser.add_argument("--workers", type=int, default=5, help="processes that take the lock")
    parser.add_argument("--session-timeout", type=float, default=1.0, help="seconds")
    parser.add_argument("--faults", nargs="*", default=[], help="only faults that begin so")
    parser.add_argument("--first-round", type=int, default=0, help="begin with this round")
    parser.add_argument("--rounds", type=int, help="end after this many")
    parser.add_argument("--out", type=Path, help="folder for the histories; a new one unless given")


def _live(options: argparse.Namespace) -> int:
    folder = _carry_out(live_campaign.run, options)
    events = history.read(folder)
    found = live_checker.check(events)
    for name, value in live_rows(events):
        print(f"{name:34} {value:>10}")
    for violation in found[:50]:
        print(f"{violation.t - events[0]['t']:8.3f} s  {violation.rule:10} {violation.text}")
    print(f"{len(found)} violations {dict(Counter(v.rule for v in found))}")
    return 1 if found else 0


def _recipes(options: argparse.Namespace) -> int:
    folder = _carry_out(recipes_campaign.run, options)
    events = history.read(folder)
    did = Counter(event["what"] for event in events if event["event"] == "did")
    faults = sum(event["event"] == "fault" for event in events)
    waits = [event["seconds"] for event in events if event["event"] == "well"]
    print(f"{faults} faults; {dict(did)}; all well within {max(waits, default=0.0):.1f} s of each")
    found = recipes_checker.check(events)
    for violation in found[:50]:
        print(f"{violation.t - events[0]['t']:8.3f} s  {violation.rule:10} {violation.text}")
    print(f"{len(found)} violations {dict(Counter(v.rule for v in found))}")
    return 1 if found else 0


def _run(options: argparse.Namespace) -> int:
    options.folder = _carry_out(run, options)
    return _check(options)


def _carry_out(campaign: Callable[[Options, Path], None], options: argparse.Namespace) -> Path:
    folder = options.out or Path(tempfile.mkdtemp(prefix="zktools-chaos-"))
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # what breaks is broken on purpose
    chosen = {name: getattr(options, name) for name in Options.__dataclass_fields__}
    campaign(Options(**chosen), folder)
    print(f"histories: {folder}")
    return folder


def _check(options: argparse.Namespace) -> int:
    run = Run(options.folder)
    print(as_text([run.figures]))
    for violation in run.found[:50]:
        at = violation.t - run.case.events[0]["t"]
        print(f"{at:8.3f} s  {violation.rule:10} {violation.text}")
    print(f"{len(run.found)} violations {dict(Counter(v.rule for v in run.found))}")
    return 1 if run.found else 0


def _report(options: argparse.Namespace) -> int:
    runs = [Run(folder) for folder in options.folders]
    first, counted = runs[0], [run.figures for run in runs]
    title = f"{first.options['subject']}, seed {first.options['seed']}"
    texts = {
        "figures.txt": as_rst(counted),
        "figures.json": json.dumps([one.as_json() for one in counted], indent=1) + "\n",
        "broken.txt": broken_rst(),
        "timeline.svg": draw(first.case, interesting(first.case), title),
    }
    if options.live:
        texts["live.txt"] = live_rst(history.read(options.live))
    options.into.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (options.into / name).write_text(text)
    print(as_text(counted))
    return 0


class Run:
    """The history of a run, checked and counted."""

    def __init__(self, folder: Path) -> None:
        self.options = json.loads((folder / "options.json").read_text())
        timeout = self.options["session_timeout"]
        self.case = Case(history.read(folder), timeout)
        self.found = check(self.case.events, timeout)
        crowd = None
        if (folder / "crowd.json").exists():
            crowd = json.loads((folder / "crowd.json").read_text())
            self.found += check(history.read(folder / "crowd"), SESSION)
        self.figures = figures(self.case, self.found, self.options, crowd)


if __name__ == "__main__":
    sys.exit(main())

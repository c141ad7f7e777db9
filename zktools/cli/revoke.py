"""``zooky revoke``: ask the holders to let go, or destroy them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from zktools._queue import record
from zktools._queue.revocation import Request
from zktools.cli import describing
from zktools.cli.conditional import delete_contenders
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.connection import Connection, connected
from zktools.cli.durations import DURATION, in_words
from zktools.cli.looking import look_until, remaining
from zktools.cli.names import lock_argument
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.problems import Problem
from zktools.cli.queues import Queue, existing_queue, layout_option
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.contenders import Contender

_OUTCOMES = {
    "asked": "was asked to let go",
    "let go": "let go",
    "left before": "had left before it was asked",
    "destroyed": "destroyed",
}


@click.command(
    cls=Command,
    examples=[
        "zooky revoke nightly",
        "zooky revoke nightly --grace 1m30s",
        "zooky revoke nightly --now --yes",
    ],
)
@lock_argument
@click.option(
    "--grace",
    cls=Option,
    type=DURATION,
    help="Wait that long for them to let go, then destroy those that are left.",
)
@click.option("--now", "at_once", cls=Option, is_flag=True, help="Destroy at once, without asking.")
@yes_option
@layout_option
@json_option
@connection_options
def revoke(
    name: str,
    *,
    grace: float | None,
    at_once: bool,
    yes: bool,
    layout: str | None,
    as_json: bool,
) -> None:
    """Ask those who hold lock NAME to let go.

    A program that listens finishes what it is at and releases; `zooky run` stops its command.
    Without --grace it is asked, and not waited for: see `zooky wait NAME --holders`.

    A holder that is destroyed has lost the lock at once, even while it is still at work.
    """
    if at_once and grace is not None:
        raise click.UsageError("--now and --grace exclude each other: --now waits for nobody")
    with connected() as connection:
        queue = existing_queue(connection, name, layout)
        if not (at_once or queue.layout.can_be_asked):
            raise Problem(
                Status.REFUSED,
                f"nobody in a queue of {queue.layout.name}'s listens to requests to let go; "
                "--now destroys those who hold it",
            )
        if queue.holders:
            confirm(
                _announcement(queue, grace, at_once=at_once),
                yes=yes,
                details=tuple(map(describing.in_short, queue.holders)),
            )
        outcomes = _carry_out(connection, queue, grace, at_once=at_once)
        _report(connection, queue, outcomes, as_json=as_json)
        if queue.holders and set(outcomes.values()) == {"left before"}:
            raise Problem(
                Status.REFUSED,
                f"those who held {name} had left before they were asked; "
                f"see `{connection.line(f'show {name}')}`",
            )


def _announcement(queue: Queue, grace: float | None, *, at_once: bool) -> str:
    if at_once:
        return f"This destroys who holds {queue.name}, even while still at work:"
    if grace is None:
        return f"This asks who holds {queue.name} to let go:"
    return (
        f"This asks who holds {queue.name} to let go, and destroys after {in_words(grace)} those "
        "that have not, even while still at work:"
    )


def _carry_out(
    connection: Connection, queue: Queue, grace: float | None, *, at_once: bool
) -> dict[str, str]:
    """What became of each holder, by the name of its node."""
    if not queue.holders:
        return {}
    if at_once:
        delete_contenders(connection, queue, queue.holders)
        return {holder.name: "destroyed" for holder in queue.holders}
    outcomes = _ask(connection, queue)
    if grace is not None:
        asked = [holder for holder in queue.holders if outcomes[holder.name] == "asked"]
        outcomes.update(_escalate(connection, queue, asked, grace))
    return outcomes


def _ask(connection: Connection, queue: Queue) -> dict[str, str]:
    by = record.describe_caller("zooky revoke")
    session = connection.session
    answers = {}
    for holder in queue.holders:
        answers[holder.name] = session.handler.async_result()
        path = f"{queue.folder}/{holder.name}"
        session.engine.post(
            Request(session, queue.layout, path, by, answers[holder.name].set).start
        )
    outcomes = {}
    for name, answer in answers.items():
        was_asked = session.wait(answer, f"asking {queue.name}", changes=True)
        if isinstance(was_asked, Exception):
            raise was_asked
        outcomes[name] = "asked" if was_asked else "left before"
    return outcomes


def _escalate(
    connection: Connection, queue: Queue, asked: list[Contender], grace: float
) -> dict[str, str]:
    """Wait for those who were asked; destroy those that stay."""
    paths = {f"{queue.folder}/{holder.name}": holder for holder in asked}
    look_until(connection, lambda watch: not remaining(connection, list(paths), watch), grace)
    destroyed = {
        path for path, holder in paths.items() if _destroy(connection, queue, path, holder)
    }
    return {
        holder.name: "destroyed" if path in destroyed else "let go"
        for path, holder in paths.items()
    }


def _destroy(connection: Connection, queue: Queue, path: str, holder: Contender) -> bool:
    """Destroy one holder, unless it has left at the last moment."""
    while True:
        stat = remaining(connection, [path], lambda _: None).get(path)
        if stat is None or stat.czxid != holder.token:
            return False
        try:
            # Being asked has changed it.
            delete_contenders(connection, queue, [replace(holder, version=stat.version)])
        except Problem as problem:
            if problem.status != Status.REFUSED:
                raise
            continue  # it left or was asked once more meanwhile
        return True


def _report(
    connection: Connection, queue: Queue, outcomes: dict[str, str], *, as_json: bool
) -> None:
    if as_json:
        holders: list[dict[str, Any]] = [
            {**describing.as_json(holder, queue.folder), "outcome": outcomes[holder.name]}
            for holder in queue.holders
        ]
        print_json({"lock": queue.name, "path": queue.folder, "holders": holders})
    elif not queue.holders:
        say(f"{queue.name} is free: there was nobody to ask.")
    else:
        print_table(
            ("WHO", "NAME", "OUTCOME"),
            [
                (
                    describing.process(holder.who),
                    describing.own_name(holder.who),
                    _OUTCOMES[outcomes[holder.name]],
                )
                for holder in queue.holders
            ],
        )
        if "asked" in outcomes.values():
            wait = connection.line(f"wait {queue.name} --holders")
            say(f"See when they have let go: {wait}")

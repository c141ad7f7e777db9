"""``zooky config watch``: what changes, as it happens."""

from __future__ import annotations

import datetime as dt
import queue
from typing import Any

import click

from zktools.cli.config.opening import KEY, codec_option, opened, path_argument
from zktools.cli.config.plan import as_json as plan_as_json
from zktools.cli.config.plan import lines, plan_of_changes
from zktools.cli.output import json_option, print_json, say
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command, Option
from zktools.configuration import Changes
from zktools.values import Codec

_GLANCE = 1.0  # seconds: a wait without an end would not hear Ctrl-C everywhere


@click.command(cls=Command, examples=["zooky config watch /config/shop db"])
@path_argument
@click.argument("prefix", type=KEY, default="")
@click.option("--once", cls=Option, is_flag=True, help="End after the first change.")
@codec_option
@json_option
@connection_options
def watch(path: str, prefix: str, *, once: bool, codec: Codec[Any], as_json: bool) -> None:
    """Print what changes at PATH, as it happens.

    Only at and below PREFIX, if it is given. Begins with what there is. What one transaction
    changed comes together. Ends with Ctrl-C.
    """
    heard: queue.SimpleQueue[Changes[bytes]] = queue.SimpleQueue()
    with opened(path) as config:
        config.subscribe(prefix, heard.put)
        _print(_next(heard), codec, as_json=as_json)
        while True:
            _print(_next(heard), codec, as_json=as_json)
            if once:
                return


def _next(heard: queue.SimpleQueue[Changes[bytes]]) -> Changes[bytes]:
    while True:
        try:
            return heard.get(timeout=_GLANCE)
        except queue.Empty:
            continue


def _print(changes: Changes[bytes], codec: Codec[Any], *, as_json: bool) -> None:
    plan = plan_of_changes(changes)
    if as_json:
        told = plan_as_json(plan, codec)
        del told["version"]
        print_json(told, one_line=True)
        return
    at = dt.datetime.now().astimezone().strftime("%H:%M:%S")
    for line in lines(plan, codec):
        say(f"{at} {line}")

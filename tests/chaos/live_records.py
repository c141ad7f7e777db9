"""Writers of a configuration with a history: a record and its values, together or not at all.

Each stores what it likes, and now and then goes back to a version that the history has. Who is told
that it was stored has the version that it made; there is a record of that, unless it is older than
what is kept, and every value is that of the newest record that has it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from kazoo.client import KazooClient

from tests.chaos.process import Process
from zktools import Configuration
from zktools._configuration.history.folder import folder_of, names_of
from zktools._configuration.history.record import Record, from_bytes
from zktools.exceptions import MissingNodeError, NotConnectedError

RECORDED = "/live-recorded"
KEYS = [f"key{number}" for number in range(6)]
_KEEP = 200
_SELDOM = 8


def recorder(worker: Process) -> Configuration:
    """What a worker writes with."""
    return Configuration(worker.client, RECORDED, history=_KEEP, author=worker.who)


def record(worker: Process, config: Configuration, number: int) -> None:
    """Store some keys, or remove some, or go back."""
    chance = random.Random(f"{worker.who} {number}")
    keys = chance.sample(KEYS, 2)
    try:
        if number % _SELDOM == 0:
            made = config.rollback(chance.choice(config.history()).version, remove=True)
        elif number % _SELDOM == 1:
            made = config.store({}, remove=keys)
        else:
            made = config.store(dict.fromkeys(keys, number))
    except (MissingNodeError, IndexError, NotConnectedError):  # dropped, none yet, or unknown
        return
    worker.journal.write("recorded", zxid=made)


def found(client: KazooClient) -> dict[str, Any]:
    """What is there in the end: the zxids of the records, and what does not agree with them."""
    folder = folder_of(RECORDED)
    records = []
    for name in names_of(client.get_children(folder)).records:
        data, stat = client.get(f"{folder}/{name.text}")
        records.append((from_bytes(name.number, stat.ctime, data, ()), stat.czxid))
    values = {}
    for key in client.get_children(RECORDED):
        data, stat = client.get(f"{RECORDED}/{key}")
        values[key] = (data, stat.mzxid)
    return {"zxids": [zxid for _, zxid in records], "apart": list(apart(records, values))}


def apart(
    records: Iterable[tuple[Record, int]], values: Mapping[str, tuple[bytes, int]]
) -> Iterable[str]:
    """Where records, oldest first with their zxids, and values with theirs do not agree. Pure."""
    told: dict[str, tuple[Any, int]] = {}
    newest = 0
    for record, zxid in records:
        if record.version <= newest:
            yield f"{record.version} comes after {newest}"
        newest = record.version
        if record.unrecorded or record.lost:
            yield f"{record.version} found what nobody wrote without a record"
        for key, (before, after) in record.changes.items():
            if key in told and told[key][0] != before:
                yield f"{record.version} found {before!r} as {key}, {told[key][0]!r} was stored"
            told[key] = (after, zxid)
    for key, (value, zxid) in told.items():
        there = values.get(key)
        if there != (None if value is None else (value, zxid)):
            yield f"{key} is {there}, and {value!r} was recorded at {zxid}"

"""A configuration as it changes, with the keys that may not be read."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from typing import NamedTuple

from kazoo.client import KazooClient

from zktools._configuration.tree import is_within
from zktools._configuration.view import State
from zktools._engine.clock import now
from zktools._engine.outcome import Outcome
from zktools.cli.config.opening import hides, why
from zktools.cli.config.presenting import Unreadable
from zktools.configuration import Changes, Configuration
from zktools.values import Raw

_GLANCE = 1.0  # seconds: a wait without an end would not hear Ctrl-C everywhere
LOOK_AGAIN = 10.0
"""Seconds between two readings of everything: a server keeps back the news of what an ACL hides."""
_KEYS_A_SECOND = 1000  # that these readings may take


Values = Mapping[str, bytes | Unreadable]


class Sight(NamedTuple):
    """What there is, at one moment."""

    is_there: bool
    """Whether PATH is a node."""
    values: Values
    """By key."""

    def since(self, before: Sight) -> Changes[bytes | Unreadable]:
        """What differs."""
        old, new = before.values, self.values
        both = sorted(old.keys() & new.keys())
        return Changes(
            added={key: new[key] for key in sorted(new.keys() - old.keys())},
            changed={key: (old[key], new[key]) for key in both if old[key] != new[key]},
            removed={key: old[key] for key in sorted(old.keys() - new.keys())},
        )


NOTHING = Sight(is_there=True, values={})
"""Before anything was seen."""


class Following(Configuration[None]):
    """Tells moment by moment what there is at and below `prefix`; values are bytes."""

    def __init__(self, client: KazooClient, path: str, prefix: str) -> None:
        super().__init__(client, path, codec=Raw())
        self._prefix = prefix
        self._heard: queue.SimpleQueue[Sight] = queue.SimpleQueue()
        self._read_at = now()
        self._subscribe(self._heard.put, self._see)

    def next(self) -> Sight:
        """The next moment, once there is one."""
        while True:
            try:
                return self._heard.get(timeout=min(_GLANCE, LOOK_AGAIN))
            except queue.Empty:
                self._look_again()

    def _see(self, _seen: State | None, state: State, _touched: set[str]) -> Sight:
        values: dict[str, bytes | Unreadable] = {
            key: value for key, value in state.values.items() if is_within(key, self._prefix)
        }
        for key, error in state.errors.items():
            if hides(key, error, self._prefix):
                values[key] = Unreadable(why(error))
        return Sight("" in state.entries, values)

    def _look_again(self) -> None:
        keys = self._state.entries.keys()
        if now() - self._read_at < max(LOOK_AGAIN, len(keys) / _KEYS_A_SECOND):
            return
        self._read_at = now()
        paths = [f"{self.path.removesuffix('/')}/{key}" for key in keys if key]
        # Nobody waits for it: what it finds comes as any change does.
        done = Outcome(self._session.handler)
        self._session.engine.post(
            self._live.settle, [self.path, *paths], done, f"reading {self.path}"
        )

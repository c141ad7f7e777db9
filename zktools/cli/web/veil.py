"""What is not shown of a configuration although it may be read. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from zktools._configuration.secrets import Secrets
from zktools.configuration import Hidden, History, Record

T = TypeVar("T")

_SECRET = Hidden("secret")


class Veil:
    """Hides what somebody who stored has marked as secret, and what the command line names."""

    def __init__(self, history: History | None, named: Iterable[str]) -> None:
        marked = history.secret if history is not None else frozenset[str]()
        self._secrets = Secrets({*marked, *named})

    def over(self, key: str, value: T) -> T | Hidden:
        """`value`, unless `key` is secret. What is not there stays so."""
        return _SECRET if value is not None and key in self._secrets else value

    def over_record(self, record: Record) -> Record:
        """The same of what a record tells; those of before a key was marked tell it."""
        changes = {
            key: (self.over(key, old), self.over(key, new))
            for key, (old, new) in record.changes.items()
        }
        return replace(record, changes=changes)

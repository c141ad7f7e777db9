"""What a configuration was told of its history: how much to keep, by whom, and what is secret."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterable
from typing import Literal

from zktools._configuration.history.folder import can_have, folder_of
from zktools._configuration.secrets import Secrets

#: The most records of one history: their names are read with each store.
MAX_KEEP = 1000
#: How many are kept where nobody says.
KEEP = 100
_MAX_AUTHOR = 200  # characters

Keep = int | Literal["auto"] | None
"""What the argument `history` may be."""


class Keeping:
    """The arguments of one configuration."""

    def __init__(self, path: str, history: object, secret: Iterable[str], author: object) -> None:
        self._path = path
        self.keep = None if history in (None, "auto") else check_keep(history)
        """How many records to keep; None for what others keep, if they do."""
        self.records = history is not None
        """Whether stores are recorded at all."""
        if history == "auto":
            self.records = can_have(path)
        self.secrets = Secrets(secret)
        self._author = _check_author(author)
        if self.records:
            folder_of(path)

    @property
    def folder(self) -> str:
        """Where the history is."""
        return folder_of(self._path)

    @property
    def author(self) -> str:
        """Who stores."""
        return whoami() if self._author is None else self._author

    def check_told(self, note: str) -> None:
        """A note is kept with a record, or not at all."""
        if note and not self.records:
            raise ValueError(
                f"note is kept in a history, and the configuration {self._path} was made without: "
                "make it with history="
            )


def whoami() -> str:
    """The user and the machine, as far as they are known."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may have no name for its user
        user = f"uid{os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()}:{os.getpid()}"[:_MAX_AUTHOR]


def check_keep(keep: object) -> int:
    """How many records to keep."""
    if isinstance(keep, bool) or not isinstance(keep, int):
        raise TypeError(
            f"history must be how many records to keep, 'auto', or None, not {type(keep).__name__}"
        )
    if not 1 <= keep <= MAX_KEEP:
        raise ValueError(f"history must be from 1 to {MAX_KEEP} records; got {keep}")
    return keep


def _check_author(author: object) -> str | None:
    if author is None:
        return None
    if not isinstance(author, str):
        raise TypeError(f"author must be a str or None, not {type(author).__name__}")
    if not 1 <= len(author) <= _MAX_AUTHOR:
        raise ValueError(f"author must have 1 to {_MAX_AUTHOR} characters; got {len(author)}")
    return author

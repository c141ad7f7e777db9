"""A file with one moment of a tree of nodes: whole or not at all, and for its owner alone.

The first line has the checksum of the second, which is JSON. It holds values, so passwords too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zktools._live.entry import Entry

_FORMAT = "zktools-cache-1"
_FORBIDDEN = None


class CacheFile:
    """The file at `path`, for the tree of nodes under `root`."""

    def __init__(self, path: Path, root: str) -> None:
        self.path = path
        self.root = root
        self.written = 0.0
        """When it was, in seconds since 1970; known once it was read."""

    def __repr__(self) -> str:
        return f"the cache {self.path}"

    def read(self, make: Callable[[str, Any], Entry]) -> dict[str, Entry]:
        """The nodes by path; ``make(path, found)`` makes each of what :func:`kept` says of it.

        Raises:
            OSError: it is not there, or cannot be read.
            ValueError: it cannot be trusted.
        """
        with self.path.open("rb") as file:
            self._check_owner(os.fstat(file.fileno()))
            self.written = os.fstat(file.fileno()).st_mtime
            head, _, body = file.read().partition(b"\n")
        if head.decode(errors="replace") != _head(body):
            raise ValueError(f"{self} is damaged: its checksum does not fit")
        found = json.loads(body)
        if found["root"] != self.root:
            raise ValueError(f"{self} is of {found['root']}, not of {self.root}")
        return {path: make(path, node) for path, node in found["nodes"].items()}

    def _check_owner(self, status: os.stat_result) -> None:
        if not hasattr(os, "geteuid"):
            return
        if status.st_uid not in (os.geteuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ValueError(f"{self} can be written by others: it is not trusted")

    def write(self, entries: Mapping[str, Entry]) -> None:
        """Replace it, for good when this returns.

        Raises:
            OSError: it cannot be written; what was there is there still.
        """
        nodes = {path: kept(entry) for path, entry in entries.items()}
        body = json.dumps({"root": self.root, "nodes": nodes}).encode()
        number, beside = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(number, "wb") as file:  # mkstemp has made it its owner's alone
                file.write(f"{_head(body)}\n".encode() + body)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(self.path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        _sync_folder(self.path.parent)


def _head(body: bytes) -> str:
    return f"{_FORMAT} {hashlib.sha256(body).hexdigest()}"


def _sync_folder(folder: Path) -> None:
    # The name is in the folder: without this it may be the old file after a power cut.
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def kept(entry: Entry) -> Any:
    """What is kept of a node; None for one that may not be read."""
    if entry.is_forbidden:
        return _FORBIDDEN
    return {
        "data": base64.b64encode(entry.data).decode(),
        "names": None if entry.names is None else sorted(entry.names),
        "czxid": entry.czxid,
        "mzxid": entry.mzxid,
        "since": entry.since,
        "version": entry.version,
        "count": entry.count,
        "modified": entry.modified,
    }


def check_cache(cache: object) -> Path | None:
    """The absolute path of a file that may be written, or None.

    Raises:
        TypeError, ValueError: it is none.
    """
    if cache is None:
        return None
    if not isinstance(cache, (str, os.PathLike)):
        raise TypeError(f"cache must be the path of a file, not {type(cache).__name__}")
    path = Path(cache).absolute()
    if path.is_dir():
        raise ValueError(f"cache must be a file, and {path} is a folder")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ValueError(f"cache must be in a folder that can be written to; {path.parent} cannot")
    return path

"""Writing files that hold a configuration: whole or not at all, and for their owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from zktools.cli.problems import Problem
from zktools.cli.statuses import Status


def save(name: str, text: str) -> None:
    """Put `text` into the file, which keeps the permissions it has; a new one is its owner's alone.

    :raises Problem: with :attr:`Status.FAILED`; what was in the file is in it still.
    """
    path = Path(os.path.realpath(name))
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # a pipe or a device
        else:
            _replace(path, text)
    except OSError as error:
        raise Problem(Status.FAILED, f"{name} cannot be written: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    number, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            Path(beside).chmod(path.stat().st_mode & 0o7777)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise

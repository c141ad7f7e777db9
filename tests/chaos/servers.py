"""The servers of a campaign."""

from __future__ import annotations

from pathlib import Path

from zktools.testing import Ensemble


def servers(parent: Path | None = None) -> Ensemble:
    """Three, not started, whose links to each other can be cut.

    A leader that hears nothing of its followers notices after three seconds: by then the others may
    have elected another, and have ended a session.
    """
    return Ensemble(
        cables=True,
        options={"syncLimit": 15},
        parent=parent,
    )

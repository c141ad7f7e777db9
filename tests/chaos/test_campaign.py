"""Short campaigns: ours passes, and kazoo's lock, the control, does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import history
from tests.chaos.campaign import Options, run
from tests.chaos.checker import Violation, check
from tests.chaos.crowd import SESSION, gather
from zktools.testing import Ensemble

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


def violations(folder: Path, ensemble: Ensemble, **options: object) -> list[Violation]:
    """What a campaign finds."""
    chosen = Options(**options)
    run(chosen, folder, ensemble)
    return check(history.read(folder), chosen.session_timeout)


def test_a_short_campaign_finds_nothing_in_zktools(zk_ensemble: Ensemble, tmp_path: Path):
    """Twenty seconds of everything."""
    assert violations(tmp_path, zk_ensemble, seed=1, duration=20.0) == []


def test_a_short_campaign_of_threads_against_asyncio(zk_ensemble: Ensemble, tmp_path: Path):
    """The same checker: also, no body runs on for 0.1 s after its lease is lost."""
    assert violations(tmp_path, zk_ensemble, subject="faces", seed=2, duration=20.0) == []


def test_a_short_campaign_of_kept_nodes(zk_ensemble: Ensemble, tmp_path: Path):
    """One worker alone, whose node is used again; and two who want it of each other."""
    for workers in (1, 2):
        folder = tmp_path / f"{workers}"
        folder.mkdir()
        found = violations(
            folder, zk_ensemble, subject="sticky", seed=3, duration=10.0, workers=workers
        )

        assert found == []
        if workers == 1:
            assert any(event.get("again") for event in history.read(folder))


def test_the_same_campaign_catches_kazoo(zk_ensemble: Ensemble, tmp_path: Path):
    """The control: two holders at once in a partition, and acquires that ignore their timeout."""
    faults = ("swallow both holder 3T", "disconnect_everybody 2T")
    found = violations(
        tmp_path, zk_ensemble, subject="kazoo", seed=1, faults=faults, rounds=2, duration=60.0
    )

    assert "belief" in {violation.rule for violation in found}


def test_two_hundred_contenders_half_of_them_cancelled(zk_ensemble: Ensemble, tmp_path: Path):
    """First come, first served, one at a time, few watches, and nothing left."""
    crowd = gather(zk_ensemble, tmp_path, "zktools", processes=4, threads=50)

    assert check(history.read(tmp_path), SESSION) == []
    assert crowd.watches <= 2 * crowd.waiting
    assert crowd.drained == 100

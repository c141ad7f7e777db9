"""Locks broken on purpose are caught: by the right rule, within a stated number of rounds.

Each gets a schedule that leads to its defect, so that no luck is needed. The same lock without a
defect, and ours, pass what their broken likes do not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import history
from tests.chaos.broken.defects import DEFECTS
from tests.chaos.broken.schedules import CAUGHT, ROUNDS, Caught
from tests.chaos.campaign import Options, run
from tests.chaos.checker import check
from zktools.testing import Ensemble

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]


def rules(
    folder: Path,
    ensemble: Ensemble,
    subject: str,
    *faults: str,
    first: int = 0,
    rounds: int = 1,
    session: float = 0.8,
) -> set[str]:
    """The rules that a subject breaks when these faults are done to it."""
    options = Options(
        subject=subject,
        workers=4,
        session_timeout=session,
        faults=faults,
        first_round=first,
        rounds=rounds,
    )
    run(options, folder, ensemble)
    return {violation.rule for violation in check(history.read(folder), session)}


@pytest.mark.parametrize("caught", CAUGHT, ids=[caught.subject for caught in CAUGHT])
def test_a_broken_lock_is_caught(zk_ensemble: Ensemble, tmp_path: Path, caught: Caught):
    """By the rule that is there for it, usually in the first round."""
    subject, fault, rule, session = caught
    assert any(
        rule
        in rules(tmp_path / str(number), zk_ensemble, subject, fault, first=number, session=session)
        for number in range(ROUNDS)
    )


def test_every_defect_has_a_schedule():
    """None is broken for nothing."""
    assert [caught.subject for caught in CAUGHT] == list(DEFECTS)


@pytest.mark.parametrize("subject", ["plain", "zktools"])
def test_a_lock_without_the_defects_passes(zk_ensemble: Ensemble, tmp_path: Path, subject: str):
    """The faults alone are no violation. The plain one leaves watchers, and never denied it."""
    found: set[str] = set()
    for session in sorted({caught.session for caught in CAUGHT}):
        faults = sorted({caught.fault for caught in CAUGHT if caught.session == session})
        folder, rounds = tmp_path / str(session), len(faults)
        found |= rules(folder, zk_ensemble, subject, *faults, rounds=rounds, session=session)

    assert found - ({"residue"} if subject == "plain" else set()) == set()

"""Locks broken on purpose are caught: by the right rule, within a stated number of rounds.

Each gets a schedule that leads to its defect, so that no luck is needed. The same lock without a
defect, and ours, pass what their broken likes do not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import history
from tests.chaos.campaign import Options, run
from tests.chaos.checker import check
from zktools.testing import Ensemble

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]

SESSION = 0.8

#: The defect, the fault that leads to it, the rounds it may take, and the rule that catches it.
CAUGHT = [
    ("no-recheck", "reset first waiter", 2, "belief"),
    ("full-name", "hurry", 1, "token"),
    ("lying-flag", "pause holder 3T", 2, "belief"),
    ("ignores-suspended", "swallow both holder 3T", 1, "belief"),
    ("sequence-token", "delete_folder", 1, "token"),
    ("restarted-timeout", "hurry", 1, "deadline"),
    ("forgets-create", "lose_reply CREATE2", 2, "ghost"),
    ("tries-once", "lose_request DELETE", 2, "ghost"),
    ("misses-departures", "late_request EXISTS", 5, "ghost"),
    ("no-fence", "delete_candidate holder", 3, "register"),
]


def rules(folder: Path, ensemble: Ensemble, subject: str, *faults: str, rounds: int) -> set[str]:
    """The rules that a subject breaks when these faults are done to it."""
    options = Options(
        subject=subject, workers=4, session_timeout=SESSION, faults=faults, rounds=rounds
    )
    run(options, folder, ensemble)
    return {violation.rule for violation in check(history.read(folder), SESSION)}


@pytest.mark.parametrize(("subject", "fault", "rounds", "rule"), CAUGHT, ids=[c[0] for c in CAUGHT])
def test_a_broken_lock_is_caught(
    zk_ensemble: Ensemble, tmp_path: Path, subject: str, fault: str, rounds: int, rule: str
):
    """By the rule that is there for it."""
    assert rule in rules(tmp_path, zk_ensemble, subject, fault, rounds=rounds)


@pytest.mark.parametrize("subject", ["plain", "zktools"])
def test_a_lock_without_the_defects_passes(zk_ensemble: Ensemble, tmp_path: Path, subject: str):
    """The faults alone are no violation. The plain one leaves watchers, and never denied it."""
    faults = sorted({fault for _, fault, _, _ in CAUGHT})
    found = rules(tmp_path, zk_ensemble, subject, *faults, rounds=len(faults))

    assert found - ({"residue"} if subject == "plain" else set()) == set()

"""Three clients against a model of the queue, driven by Hypothesis.

``ZKTOOLS_EXAMPLES=300`` makes it longer, and random instead of always the same.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.machine import LockMachine
from tests.chaos.seats import seats
from zktools.testing import Clients, Server

_EXAMPLES = int(os.environ.get("ZKTOOLS_EXAMPLES", "0"))

SETTINGS = settings(
    max_examples=_EXAMPLES or 12,
    stateful_step_count=50 if _EXAMPLES else 25,
    derandomize=not _EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink) if _EXAMPLES else (Phase.generate,),
)


@pytest.mark.slow
@pytest.mark.timeout(max(60, _EXAMPLES * 20))
def test_the_lock_does_what_its_model_does(zk_server: Server, zk_client_factory: Clients):
    """Acquire, try, release, cancel, revoke, expire, destroy, cut, heal, in any order."""
    observer = zk_client_factory()
    with seats(zk_server, zk_client_factory) as found:
        run_state_machine_as_test(
            lambda: LockMachine(zk_server, observer, found), settings=SETTINGS
        )

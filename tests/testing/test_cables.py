"""The network between the members of an ensemble."""

import pytest

from zktools.testing import Ensemble, ServerError, wait_until

pytestmark = pytest.mark.usefixtures("installed_zookeeper")


@pytest.mark.slow
def test_a_leader_that_is_deposed_and_does_not_know():
    """Half-open: the others elect anew, while it goes on leading; healed, it follows."""
    with Ensemble(cables=True, options={"syncLimit": 100}) as ensemble:
        deposed = ensemble.leader()
        others = [member for member in ensemble if member is not deposed]
        deposed.isolate(half_open=True)
        wait_until(lambda: "leader" in [member.mode for member in others], 20)
        assert deposed.mode == "leader"
        ensemble.heal()
        wait_until(lambda: deposed.mode == "follower", 20)


@pytest.mark.slow
def test_without_cables_there_is_nothing_to_pull(zk_ensemble):
    """An ordinary ensemble says what it needs."""
    with pytest.raises(ServerError, match="cables=True"):
        zk_ensemble[0].isolate()

import pytest

from zktools.cli.run.policy import Cause, Order, Policy, Sight

POLICY = Policy(session_timeout=12.0, grace=5.0)  # margin 0.3 s, notice 2 s


def sight(at, *, asked=False, lost=False, proven_until=8.0, stopping_since=None):
    """How things stand at a moment."""
    return Sight(at, asked, lost, proven_until, stopping_since)


def test_command_runs_while_the_lease_is_proven():
    """Nothing is done, and the next look is when notice would have to be given."""
    decision = POLICY.decide(sight(1.0))

    assert decision.order is Order.LET_RUN
    assert decision.look_again == pytest.approx(8.0 - 0.3 - 2.0)


def test_command_is_told_to_stop_before_the_lease_runs_out():
    """TERM comes a notice before KILL, KILL a margin before the lease ends."""
    decision = POLICY.decide(sight(5.8))

    assert (decision.order, decision.cause) == (Order.TERMINATE, Cause.LOST)
    assert decision.look_again == pytest.approx(7.7)


def test_command_is_killed_before_the_lease_runs_out():
    """However long the grace is that it was given."""
    decision = POLICY.decide(sight(7.75, stopping_since=5.8))

    assert (decision.order, decision.cause) == (Order.KILL, Cause.LOST)


def test_command_told_to_stop_is_let_be_when_the_session_is_heard_of_again():
    """The lock is held and proven: however long the command takes, nobody is in danger."""
    safe = POLICY.decide(sight(7.75, stopping_since=5.8, proven_until=15.0))
    long_after = POLICY.decide(sight(12.0, stopping_since=5.8, proven_until=20.0))

    assert (safe.order, safe.cause) == (Order.REPRIEVE, None)
    assert safe.look_again == pytest.approx(15.0 - 0.3 - 2.0)
    assert long_after.order is Order.REPRIEVE


def test_command_told_to_stop_is_not_killed_before_the_danger_is_near():
    """Until then it may still clean up."""
    decision = POLICY.decide(sight(6.5, stopping_since=5.8))

    assert decision.order is Order.LET_RUN
    assert decision.look_again == pytest.approx(7.7)


def test_lost_lock_kills_at_once():
    """Others may hold it already: there is no time to be gentle."""
    decision = POLICY.decide(sight(1.0, lost=True, asked=True))

    assert (decision.order, decision.cause) == (Order.KILL, Cause.LOST)


def test_request_gives_the_whole_grace():
    """The lock is still ours, so there is no hurry."""
    told = POLICY.decide(sight(1.0, asked=True))
    waiting = POLICY.decide(sight(5.9, asked=True, stopping_since=1.0, proven_until=20.0))
    over = POLICY.decide(sight(6.0, asked=True, stopping_since=1.0, proven_until=20.0))

    assert (told.order, told.cause) == (Order.TERMINATE, Cause.ASKED)
    assert waiting.order is Order.LET_RUN
    assert over.order is Order.KILL


def test_short_grace_gives_shorter_notice():
    """A command that needs 1 s to stop is not stopped 2 s ahead."""
    decision = Policy(session_timeout=12.0, grace=1.0).decide(sight(6.0))

    assert decision.order is Order.LET_RUN
    assert decision.look_again == pytest.approx(6.7)


def test_session_that_is_over_kills():
    """A lost session has no proof of life at all."""
    assert POLICY.decide(sight(1.0, proven_until=float("-inf"))).order is Order.KILL

"""Until when a session cannot have ended: what its signs of life are worth, against a model.

The model is that of :mod:`zktools._engine.life`: a follower tells the leader every half tick of the
clients that it heard of, unless it is cut off from it; the leader ends a session one timeout after
it was told of it last. In the worst case the follower is cut off right after the newest answer.
"""

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zktools._engine.life import SAFE, Life

T = 10.0
HALF_TICK = T / 4  # the longest: a session timeout is two ticks or more
SILENCE = T / 3  # of kazoo's, at most

fractions = st.floats(0, 1)
gaps = st.lists(st.floats(0.001, T / 5), min_size=1, max_size=12)


def earliest_end(opened, heard, told, cut):
    """When the leader ends a session, told of it last before `cut`."""
    reports = [at for at in told if at <= cut]
    counted = opened
    if reports:
        known = heard[: bisect_right(heard, reports[-1])]
        if known:
            # It counts from when it is told, but may be told late: from when it was heard.
            counted = max(counted, known[-1])
    return counted + T


def moments(start, step, end):
    """From `start` on, every `step`, until `end`."""
    found = []
    while start <= end:
        found.append(start)
        start += step
    return found


@given(st.floats(0, 2 * T), gaps, fractions, fractions)
def test_it_is_never_believed_in_for_too_long(idle, sent, ping, report):
    """Whatever the rhythm of proofs, kazoo's pings and the follower's reports: the end is later."""
    opened, first = 0.0, idle
    life = Life(1, T, opened)
    proofs = [first + sum(sent[:i]) for i in range(len(sent))]
    pings = moments(opened + ping * SILENCE, SILENCE, proofs[0])
    told = moments(report * HALF_TICK, HALF_TICK, proofs[-1])
    for number, proof in enumerate(proofs):
        life.confirm(proof)
        heard = sorted([*pings, *proofs[: number + 1]])
        assert life.until <= earliest_end(opened, heard, told, proof) + 1e-6
        assert life.until <= proof + SAFE * T + 1e-6


def test_two_thirds_after_the_newest_would_be_too_long():
    """What was believed until now, by itself: a follower cut off at the wrong moment breaks it."""
    heard = [0.1 * T, 0.1 * T + SILENCE, 1.0 * T]  # pings, and a proof
    told = [1.0 * T - HALF_TICK]
    assert earliest_end(0.0, sorted(heard), told, 1.0 * T) < 1.0 * T + SAFE * T


def test_the_usual_rhythm_is_good_for_two_thirds():
    """Asked every sixth, as zktools does, each answer is good for two thirds from the third on."""
    life = Life(1, T, float("-inf"))
    for number in range(9):
        life.confirm(100 + number * T / 6)
        if number == 0:
            assert life.until == pytest.approx(100 + T * 5 / 12)
        elif number >= 2:
            assert life.until == pytest.approx(100 + number * T / 6 + SAFE * T)


def test_a_burst_of_proofs_is_worth_no_more():
    """Locks that come and go prove often: what was sent in between is not kept for it."""
    life = Life(1, T, float("-inf"))
    for number in range(10_000):
        life.confirm(100 + number * 0.001)
    assert life.until == pytest.approx(109.999 + SAFE * T)


def test_a_new_connection_is_believed_in_once_proven():
    """Until then, the one before counts; opening it counts as a sign of life, but is no proof."""
    first = Life(1, T, 0.0)
    first.confirm(1.0)
    second = Life(1, T, 3.0, first)
    assert not second.is_proven
    assert second.until == first.until
    second.confirm(3.5)
    assert second.is_proven
    assert second.until == pytest.approx(3.5 + SAFE * T)


@pytest.mark.parametrize("granted", [2.0, 12.0])
def test_the_least_that_the_session_was_granted_counts(granted):
    """Another server grants less: from its opening on. Or more: others may still go by less."""
    first = Life(1, T, 0.0)
    first.confirm(1.0)
    second = Life(1, granted, 3.0, first)
    assert second.timeout == min(granted, T)
    assert second.until == pytest.approx(min(first.until, 3.0 + second.timeout))
    third = Life(1, 60.0, 4.0, second)
    assert third.timeout == second.timeout


def test_another_session_begins_with_nothing():
    """What was shown of the one before says nothing of it."""
    first = Life(1, T, 0.0)
    first.confirm(1.0)
    second = Life(2, 2 * T, 3.0, first)
    assert second.timeout == 2 * T
    assert second.until == float("-inf")


def test_told_to_be_careful():
    """Who knows that the server grants less is believed, for what was shown before, too."""
    life = Life(1, T, float("-inf"))
    life.confirm(100.0)
    before = life.until
    life.limit(T / 2)
    assert life.until == before - T / 2
    life.limit(2 * T)
    assert life.timeout == T / 2

"""Signals to ``zooky run``, where they must not be forgotten."""

import signal

import pytest

from zktools.cli.run.signals import Signals, Stopped


def test_a_signal_that_something_swallowed_still_ends_the_wait():
    """What a handler raises may be ignored, such as in an object's ``__del__``."""
    with Signals() as signals:
        with pytest.raises(Stopped):  # stands for who ignores it
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Stopped) as stopped:
            signals.collect()

    assert stopped.value.number == signal.SIGTERM


def test_signals_are_kept_for_the_command_once_there_is_one():
    """Nothing is raised any more; each is taken once."""
    with Signals() as signals:
        signals.collect()
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGTERM)
        assert signals.take() == [signal.SIGUSR1, signal.SIGTERM]
        assert signals.take() == []

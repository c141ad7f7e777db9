import pytest

from zktools.testing import wait_until


def test_it_returns_what_was_waited_for():
    """The first true answer is returned, and nobody is asked again."""
    answers = iter([None, 0, "yes", "no"])

    assert wait_until(lambda: next(answers)) == "yes"


def test_it_gives_up():
    """After the timeout the error names what did not happen."""
    with pytest.raises(TimeoutError, match=r"the moon did not come true within 0\.01 s"):
        wait_until(lambda: False, 0.01, what="the moon")


def test_errors_pass():
    """What the predicate raises is not taken for a no."""
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 / 0)

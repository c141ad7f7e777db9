"""What a call does, step by step, written once for callers who block and for callers who await.

The body of each call that has to wait is a generator: it yields an
:class:`~zktools._engine.outcome.Outcome`, and is given what that came to, or its error. Everything
that decides is in the generator, everything about waiting in who drives it: :func:`run` blocks its
thread; a face that awaits is as short. Whoever drives it closes it, also when interrupted: then
what was not sent is withdrawn.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from zktools._engine.outcome import Outcome

T = TypeVar("T")

Steps = Generator[Outcome, Any, T]


def run(steps: Steps[T]) -> T:
    """Take all steps, blocking this thread in between; each ends by itself in time."""
    try:
        outcome = next(steps)
        while True:
            outcome.wait()
            error = outcome.exception
            outcome = steps.send(outcome.get()) if error is None else steps.throw(error)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        steps.close()

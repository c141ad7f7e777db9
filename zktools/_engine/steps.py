"""What takes several requests, written once for every face.

Steps are a generator: it sends something, yields what it waits for, and goes on when that is there
or its time is up. Who waits, and how, is the face's affair: :func:`run` blocks a thread, an event
loop is called back. ::

    def exists(session: Session, path: str) -> Steps[bool]:
        found = session.ask(session.client.exists_async, path)
        return (yield from session.answer(found, f"looking for {path}")) is not None

    run(exists(session, "/a"))

Steps that are given up while they wait, by an interrupt or because the await was cancelled, get
GeneratorExit there: what has to be undone belongs into ``except BaseException`` or ``finally``, and
must not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

from zktools._engine.outcome import Outcome

T = TypeVar("T")


class Awaited(Protocol):
    """A latch, an outcome, or another thing to wait for."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for `timeout` seconds at most; whether it happened."""

    def tell(self, function: Callable[[], object]) -> None:
        """Call `function` when it happens, at once if it has, on any thread."""


#: Yields what it waits for, with the seconds that it waits at most; None for no limit.
Steps = Generator[tuple[Awaited, float | None], None, T]


def known(outcome: Outcome) -> Steps[Any]:
    """Wait for an outcome that comes in time by itself; its value, or its error raised."""
    yield outcome, None
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.get()


def run(steps: Steps[T]) -> T:
    """Go through all steps on this thread."""
    try:
        while True:
            awaited, seconds = next(steps)
            awaited.wait(seconds)
    except StopIteration as end:
        # Nothing is called from here to the caller: no signal takes away what was just granted.
        result: T = end.value
        return result
    except BaseException:
        steps.close()  # now, not when the last traceback that knows of them is gone
        raise

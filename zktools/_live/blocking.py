"""What Node, NodeDict and Configuration have in common for threads that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

from zktools._engine.steps import Steps, run
from zktools._live.object import LiveObject
from zktools._live.subscribers import Render

S = TypeVar("S")
T = TypeVar("T")


class Blocking(LiveObject[S]):
    """A live object whose calls return when they are done."""

    def _begin(self) -> None:
        run(self._opening())

    def _run(self, steps: Steps[T]) -> T:
        self._check_open()
        return run(steps)

    def close(self) -> None:
        """Follow no changes and call no subscriber any more; leave no watch or listener behind.

        The last state stays readable. Closing twice is harmless.
        """
        run(self._closing())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _subscribe(self, function: Callable[[Any], object], render: Render[S]) -> None:
        self._check_open()
        self._subscribers.add(function, render, self._name)

    def unsubscribe(self, function: Callable[[Any], object]) -> bool:
        """Call `function` no more.

        Returns:
            Whether it was subscribed. A call that has begun goes on.
        """
        return self._subscribers.remove(function)

"""What a client knows, without being told, of its own candidates: who held, who has let go.

Threads of one client that hand a lock over know of each other what others have to ask for. Names
are given once, so what is known of one stays true.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress

#: As many as may be deleted while a listing is on its way.
_GONE = 64
#: As many as may be held for a short time each. Of one that is forgotten less is known, no more.
_HELD = 256


class Departures:
    """Of one client. Any thread."""

    def __init__(self) -> None:
        self.held: deque[str] = deque(maxlen=_HELD)
        """To whom a lock was granted, lately, that excludes all others."""
        self.gone: deque[str] = deque(maxlen=_GONE)
        """Who was deleted, lately, the server says."""
        self._going: dict[str, list[Callable[[], object]]] = {}

    def begin(self, name: str) -> None:
        """It is about to be deleted, and what becomes of that will be told by :meth:`end`."""
        self._going.setdefault(name, [])

    def end(self, name: str, *, is_gone: bool) -> None:
        """It was deleted, or nobody knows."""
        if is_gone:
            self.gone.append(name)
        calls = self._going.pop(name, [])
        while calls:
            calls.pop()()

    def await_end(self, name: str, call: Callable[[], object]) -> bool:
        """Call it when that is told; False, and no call, when nothing is about to be."""
        calls = self._going.get(name)
        if calls is None:
            return False
        calls.append(call)  # then look: who tells takes it out first, and looks for calls second
        if name not in self._going:
            with suppress(ValueError):  # it was found
                calls.remove(call)
                return False
        return True

"""What a proxy is to do when a certain frame comes by."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from zktools.testing._frames import Frame
from zktools.testing._waiting import wait_until

Kind = Literal["request", "reply"]
Where = Callable[[Frame], bool]


class Trap:
    """Waits for the n-th frame of some kind. Made by the methods of `Proxy`.

    Attributes:
        frame: the frame it caught; None until then.
    """

    def __init__(self, kind: Kind, ops: tuple[int, ...], nth: int, where: Where | None) -> None:
        if nth < 1:
            raise ValueError(f"nth counts from 1, not {nth}")
        self._kind = kind
        self._ops = ops
        self._left = nth
        self._where = where
        self._lock = threading.Lock()
        self.frame: Frame | None = None

    @property
    def caught(self) -> bool:
        """True once it has caught its frame."""
        return self.frame is not None

    def wait(self, timeout: float = 10.0) -> Frame:
        """Wait until it has caught its frame, and return that.

        Args:
            timeout: seconds.

        Raises:
            TimeoutError: no such frame came by in time.
        """
        return wait_until(lambda: self.frame, timeout, what=f"{self!r}")

    def release(self) -> None:
        """Let everything pass from now on."""
        with self._lock:
            self._left = 0

    @property
    def is_over(self) -> bool:
        """True when it has nothing more to do."""
        return self._left == 0

    def catches(self, frame: Frame) -> bool:
        """Count this frame, and say whether it is the one."""
        if frame.kind != self._kind or (self._ops and frame.op not in self._ops):
            return False
        if self._where is not None and not self._where(frame):
            return False
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            if self._left == 0:
                self.frame = frame
            return self.frame is frame

    def __repr__(self) -> str:
        state = f"caught {self.frame}" if self.caught else f"{self._left} to go"
        return f"<{type(self).__name__} {self._kind} {list(self._ops)}: {state}>"


class Drop(Trap):
    """Takes its frame away and resets the connection. See `Proxy.drop_reply`."""


class Hold(Trap):
    """Keeps its frame, and what comes behind it, until `release`. See `Proxy.hold_reply`."""

    def __init__(
        self,
        kind: Kind,
        ops: tuple[int, ...],
        nth: int,
        where: Where | None,
        wake: Callable[[], None],
    ) -> None:
        super().__init__(kind, ops, nth, where)
        self._wake = wake
        self.released = False

    @property
    def is_over(self) -> bool:
        """True when it has no frame to catch, and none to keep."""
        return super().is_over and (self.released or not self.caught)

    def release(self) -> None:
        """Let the frame, and all behind it, go on; if it has not come yet, let it pass."""
        super().release()
        self.released = True
        self._wake()


class Hook:
    """Calls a function for each frame. See `Proxy.on_request`."""

    def __init__(self, kind: Kind, ops: tuple[int, ...], call: Callable[[Frame], object]) -> None:
        self._kind = kind
        self._ops = ops
        self._call = call
        self._cancelled = False

    def cancel(self) -> None:
        """Call it no more."""
        self._cancelled = True

    def see(self, frame: Frame) -> None:
        """Call the function if the frame is one it asked for."""
        wanted = frame.kind == self._kind and (not self._ops or frame.op in self._ops)
        if wanted and not self._cancelled:
            self._call(frame)

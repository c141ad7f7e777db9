"""Requests and their replies: from a user's thread to the engine, and back to it in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from kazoo.exceptions import NotReadOnlyCallError

from zktools._engine.outcome import Outcome
from zktools._engine.steps import Steps, run
from zktools._engine.wire import Wire
from zktools._engine.worker import Worker
from zktools.exceptions import NotConnectedError, OutcomeUnknownError, translate

#: Seconds between looks at whether there is room for more requests.
_PAUSE = 0.02


class Asking:
    """The part of a :class:`zktools._engine.session.Session` that sends and waits."""

    handler: Any
    wire: Wire
    engine: Worker

    def __init__(self) -> None:
        super().__init__()
        self.forget_asked()

    def forget_asked(self) -> None:
        """Begin with nothing that waits to be sent."""
        self._asked: deque[tuple[Any, ...]] = deque()
        self._asks_later = False

    def wait(
        self, result: Any, doing: str, timeout: float | None = None, *, changes: bool = False
    ) -> Any:
        """Wait on this thread for what :meth:`answer` gives."""
        return run(self.answer(result, doing, timeout, changes=changes))

    def answer(
        self, result: Any, doing: str, timeout: float | None = None, *, changes: bool = False
    ) -> Steps[Any]:
        """The value of an async result; our own error when it fails or does not come in time.

        Without a `timeout` (seconds), one session timeout: by then kazoo has noticed a dead server.
        `changes` says that the request changes something, so that no answer means
        :class:`OutcomeUnknownError`: kazoo may still send it, or its reply was lost.
        """
        yield result, self.wire.session_timeout if timeout is None else timeout
        missing = OutcomeUnknownError if changes else NotConnectedError
        if not result.ready():
            raise missing(f"{doing}: ZooKeeper did not answer in time")
        if result.successful():
            return result.get()
        error: BaseException = result.exception
        translated = translate(error, doing)
        refused = isinstance(error, NotReadOnlyCallError)
        if changes and type(translated) is NotConnectedError and not refused:
            translated = OutcomeUnknownError(*translated.args)
        raise translated from (error if translated is not error else None)

    def ask(self, request: Callable[..., Any], *args: Any) -> Outcome:
        """Have the engine send one of kazoo's requests; its outcome, for the thread that asks.

        Sent and waited for on a user's thread, an interrupt there could be swallowed by kazoo, keep
        its queue one request behind, or leave its result's lock taken.
        """
        outcome = Outcome(self.handler)
        self.engine.post(self._send_in_turn, (outcome, request, *args))
        return outcome

    def _send_in_turn(self, *asked: tuple[Any, ...]) -> None:
        # Where sending might block, what users ask for waits here until there is room.
        self._asked.extend(asked)
        while self._asked and self.wire.has_room:
            self.send(*self._asked.popleft())
        if self._asked and not self._asks_later:
            self._asks_later = True
            self.engine.later(_PAUSE, self._ask_again)

    def _ask_again(self) -> None:
        self._asks_later = False
        self._send_in_turn()

    def send(self, outcome: Outcome, request: Callable[..., Any], *args: Any) -> Any:
        """Send it, for `outcome`; kazoo's own result, None if there is none. On the engine."""

        def answered(result: Any) -> None:
            if result.successful():
                outcome.set(result.get())
            else:
                outcome.set_exception(result.exception)

        try:
            result = request(*args)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            outcome.set_exception(error)
            return None
        result.rawlink(answered)
        return result

    @property
    def sends_directly(self) -> bool:
        """Whether a caller may send a few requests itself without being held up by that."""
        return self.wire.able and self.wire.has_room

    def bring(self, function: Callable[..., None], *args: Any) -> None:
        """Run a step of a lock on the engine; from kazoo's connection thread, there if idle.

        A step sends a few requests at most. Each is a byte into a socket pair that this thread
        itself empties, and that holds a few hundred: with others waiting to be sent, not here.
        """
        if self.wire.never_blocks or self.wire.has_room:
            self.engine.bring(function, *args)
        else:
            self.engine.post(function, *args)

    def bring_last(self, function: Callable[..., None], *args: Any) -> None:
        """As :meth:`bring`, but after all that arrived together with what this tells."""
        self.wire.behind_arrivals(partial(self.bring, function, *args))

    def behind_events(self, function: Callable[..., None], *args: Any) -> None:
        """As :meth:`bring`, but after all events that the server sent until now."""
        self._queue_behind_events(self.bring, function, args)

    def link(self, result: Any, function: Callable[..., None], *args: Any) -> None:
        """Run ``function(result, *args)`` on the engine once an async result of kazoo's is set."""
        result.rawlink(lambda done: self.engine.post(function, done, *args))

    def link_in_order(self, result: Any, function: Callable[..., None], *args: Any) -> None:
        """Like :meth:`link`, but after all events that the server sent ahead of the reply."""
        post = self.engine.post
        result.rawlink(lambda done: self._queue_behind_events(post, function, (done, *args)))

    def _queue_behind_events(
        self, run: Callable[..., None], function: Callable[..., None], args: tuple[Any, ...]
    ) -> None:
        self.wire.behind_events(run, function, *args)

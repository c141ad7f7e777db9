"""One change on its way to the server, and what came of it. Runs on the engine's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from zktools._engine.outcome import Outcome
from zktools._engine.session import Session
from zktools._engine.worker import Timer
from zktools.exceptions import (
    ClientUnusableError,
    NotConnectedError,
    OutcomeUnknownError,
    translate,
)


class Connection(Protocol):
    """Says when a request may be sent."""

    session: Session

    def send(self, request: Change) -> None:
        """Have it sent now, or as soon as the client is connected."""

    def withdraw(self, request: Change) -> None:
        """Do not send it any more. Harmless when it was sent."""


class Change:
    """A change that is sent once, while there is a connection, or not at all.

    kazoo keeps what it is given without a connection, and sends it whenever there is one again:
    long after the caller was told that it had failed. So it is given nothing before.
    """

    def __init__(
        self,
        connection: Connection,
        send: Callable[[], Any],
        doing: str,
        then: Callable[[Any], None] | None = None,
    ) -> None:
        """`send` gives kazoo's result; ``then(result)`` is called as soon as it was sent.

        Without `then` it is a question: it changes nothing, so its outcome does not matter.
        """
        self._connection = connection
        self._session = connection.session
        self._send = send
        self._doing = doing
        self._then = then
        self._sent = False
        self._timer: Timer | None = None
        self.answered = Outcome(self._session.handler)
        """What the server answered, or an error of zktools'."""

    def start(self) -> None:
        """Send it as soon as possible, within a session timeout."""
        timeout = self._session.wire.session_timeout
        self._timer = self._session.engine.later(timeout, self._expire)
        self._connection.send(self)

    def go(self) -> None:
        """There is a connection."""
        self._sent = True
        try:
            result = self._send()
        except Exception as error:  # noqa: BLE001 - it is the caller's
            self._end(error)
            return
        self._session.link(result, self._answer)
        if self._then is not None:
            self._then(result)

    def withdraw(self) -> None:
        """The caller does not wait any more: what was not sent stays so."""
        if not self._sent:
            self._connection.withdraw(self)
            self._end(NotConnectedError(f"{self._doing}: given up before it was sent"))

    def stop(self) -> None:
        """The client was stopped before it could be sent."""
        self._end(ClientUnusableError(f"{self._doing}: the KazooClient was stopped"))

    def _expire(self) -> None:
        if self._sent:
            self._end(self._unanswered(f"{self._doing}: ZooKeeper did not answer in time"))
        else:
            self._connection.withdraw(self)
            self._end(
                NotConnectedError(f"{self._doing}: there was no connection; nothing was sent")
            )

    def _answer(self, result: Any) -> None:
        if result.successful():
            self._end(None, result.get())
            return
        error = translate(result.exception, self._doing)
        if type(error) is NotConnectedError:
            error = self._unanswered(*error.args)
        if error is not result.exception:
            error.__cause__ = result.exception
        self._end(error)

    def _unanswered(self, *args: object) -> NotConnectedError:
        return (NotConnectedError if self._then is None else OutcomeUnknownError)(*args)

    def _end(self, error: BaseException | None, value: Any = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.answered.ready():
            return
        if error is None:
            self.answered.set(value)
        else:
            self.answered.set_exception(error)

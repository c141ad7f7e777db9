"""How many permits a semaphore has: a node in its folder that says so, and who may not agree.

The number changes in transactions that are conditional on the version of the folder, and raise it.
So of two who found a semaphore at once only one succeeds, and there is never more than one such
node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kazoo.client import TransactionRequest
from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError

from zktools._engine.multi import refusal
from zktools._engine.session import Session
from zktools._engine.steps import Steps
from zktools._queue.attempt import TRANSIENT
from zktools._queue.layouts import SEMAPHORE
from zktools._queue.terms import Terms
from zktools.exceptions import AlreadyHeldError, MissingNodeError, SemaphoreSizeError, translate

_FASTER = (BadVersionError, NodeExistsError, NoNodeError)  # somebody else was


def misfit(
    terms: Terms, permits: int | None, *, is_first: bool, is_blocked: bool
) -> BaseException | None:
    """What keeps this claim from ever being granted with so many permits; None for locks.

    Who agreed when it queued takes whatever number comes later.
    """
    if permits is None:
        return None
    if is_first and terms.permits is not None and terms.permits != permits:
        return SemaphoreSizeError(
            f"{terms.folder} has {permits} permits, not {terms.permits}: give that number, or none "
            "to take the one that is there, or change it for all with resize()"
        )
    if terms.weight > permits:
        return SemaphoreSizeError(
            f"weight={terms.weight} can never be granted: {terms.folder} has {permits} permits"
        )
    if is_first and is_blocked and 0 < terms.held > permits - terms.weight:
        return AlreadyHeldError(
            f"this thread has {terms.held} of the {permits} permits of {terms.folder} already, by "
            f"way of another object, and would wait for itself with weight={terms.weight}: release "
            "that first"
        )
    return None


class Founding:
    """Says how many permits there are in a folder that does not. On the engine.

    `done` gets None when the folder may say it now, whoever was first, and an error otherwise.
    """

    def __init__(
        self, session: Session, terms: Terms, done: Callable[[BaseException | None], None]
    ) -> None:
        self._session = session
        self._terms = terms
        self._done = done

    def start(self) -> None:
        """Send it."""
        folder = self._terms.folder
        if self._terms.permits is None:
            self._done(
                MissingNodeError(f"there is no semaphore {folder}: say how many permits it has")
            )
            return
        # In this order: whoever says it after the listing has raised the version that was read.
        read = self._session.client.get_async(folder)
        listed = self._session.client.get_children_async(folder)
        self._session.link(listed, self._listed, read)

    def _listed(self, listed: Any, read: Any) -> None:
        error = read.exception or listed.exception
        if error is not None:
            self._answered(error)
        elif SEMAPHORE.size(listed.value) is not None:
            self._done(None)
        else:
            self._write(*read.value)

    def _write(self, data: bytes, stat: Any) -> None:
        change = self._session.client.transaction()
        change.set_data(self._terms.folder, data, version=stat.version)
        _say(change, self._terms.folder, self._terms.permits, self._terms.acl)
        self._session.link(change.commit_async(), self._written)

    def _written(self, result: Any) -> None:
        if result.successful():
            refused = refusal(result.value)
            self._answered(None if refused is None else refused[1])
        else:
            self._answered(result.exception)

    def _answered(self, error: BaseException | None) -> None:
        if error is None or isinstance(error, (*_FASTER, *TRANSIENT)):
            self._done(None)
        else:
            self._done(translate(error, f"making the semaphore {self._terms.folder}"))


def resize(session: Session, folder: str, permits: int, acl: list[Any] | None) -> Steps[None]:
    """Change the number of permits, whatever it is."""
    made = session.ask(session.client.ensure_path_async, folder, acl)
    yield from session.answer(made, f"creating {folder}", changes=True)
    while True:
        read = session.ask(session.client.get_async, folder)
        listed = session.ask(session.client.get_children_async, folder)
        data, stat = yield from session.answer(read, f"reading {folder}")
        names = yield from session.answer(listed, f"listing {folder}")
        change = session.client.transaction()
        change.set_data(folder, data, version=stat.version)
        size = SEMAPHORE.size(names)
        if size is not None and size.permits == permits:
            return
        if size is not None:
            change.delete(f"{folder}/{size.name}")
        _say(change, folder, permits, acl)
        sent = session.ask(change.commit_async)
        refused = refusal((yield from session.answer(sent, f"resizing {folder}", changes=True)))
        if refused is None:
            return
        if not isinstance(refused[1], _FASTER):
            raise translate(refused[1], f"resizing {folder}") from refused[1]


def _say(change: TransactionRequest, folder: str, permits: int | None, acl: Any) -> None:
    assert permits is not None
    change.create(f"{folder}/{SEMAPHORE.size_name(permits)}", acl=acl)

"""Every error zktools raises for a reason outside the caller's own arguments.

::

    ZkToolsError
    ├── ClientUnusableError    the client is not started, stopped, or from before a fork
    ├── NotConnectedError      no answer from ZooKeeper in the time allowed (ConnectionError)
    │   └── OutcomeUnknownError    ... and the change may or may not have been made
    ├── AccessDeniedError      an ACL or the login refused it (PermissionError)
    ├── ValueTooLargeError     more bytes than the server takes in one request (ValueError)
    ├── MissingNodeError       the node is not there (LookupError)
    ├── ConflictError          somebody else was faster
    ├── InvalidValueError      what is or would be stored is not as declared (ValueError)
    ├── ServerError            any other refusal by ZooKeeper
    └── LockError
        ├── LockTimeout        the time ran out (kazoo's LockTimeout, TimeoutError)
        ├── LockLost           it was held and is not any more
        ├── LockCancelled      another thread cancelled the attempt (kazoo's CancelledError)
        ├── AlreadyHeldError   this thread holds it, and would wait for itself (RuntimeError)
        └── SemaphoreSizeError     the semaphore has another number of permits (ValueError)

A wrong argument is a :class:`TypeError` or :class:`ValueError` at the call, before anything is
sent.

``translate()`` is the only place that turns kazoo's errors into these.
"""

from __future__ import annotations

from collections.abc import Mapping

from kazoo import exceptions as kazoo_exceptions


class ZkToolsError(Exception):
    """The root of everything zktools raises by itself."""


class ClientUnusableError(ZkToolsError, RuntimeError):
    """The client cannot be used: it was not started, was stopped, or crossed a ``fork()``."""


class NotConnectedError(ZkToolsError, ConnectionError):
    """ZooKeeper gave no answer in the time allowed; nothing was changed by this call."""


class OutcomeUnknownError(NotConnectedError):
    """The connection went away under a change: it may or may not have been made."""


class AccessDeniedError(ZkToolsError, PermissionError, kazoo_exceptions.NoAuthError):  # type: ignore[misc]
    """An ACL, or the login itself, refused the request."""


class ValueTooLargeError(ZkToolsError, ValueError):
    """A value over the server's limit for one request (``jute.maxbuffer``, 1 MB by default)."""


class MissingNodeError(ZkToolsError, LookupError):
    """The node the call is about is not there."""


class ConflictError(ZkToolsError):
    """Somebody else changed it since it was read; read again and decide again."""

    keys: tuple[str, ...] = ()
    """The keys concerned, where there are several to tell apart."""


class InvalidValueError(ZkToolsError, ValueError):
    """A stored value, or one to be stored, does not fit what was declared for it."""

    keys: tuple[str, ...] = ()
    """The keys concerned, where there are several to tell apart."""
    words: Mapping[str, str] = {}
    """By key what validators of the user's said. It may hold what was found, such as a password, so
    it is not in the message, which gets into logs."""


class ServerError(ZkToolsError):
    """ZooKeeper refused the request for a reason that has no class of its own here."""


class LockError(ZkToolsError):
    """The root of what can go wrong with a lock."""


class LockTimeout(LockError, kazoo_exceptions.LockTimeout, TimeoutError):  # type: ignore[misc]
    """The lock was not acquired within the time given."""


class LockLost(LockError):
    """The lock was held and is not any more: it was destroyed, or the session cannot be proven."""


class LockCancelled(LockError, kazoo_exceptions.CancelledError):  # type: ignore[misc]
    """A pending acquire was cancelled by another thread."""


class AlreadyHeldError(LockError, RuntimeError):
    """This thread holds the lock already, and would wait for itself.

    By the same object, which was not made with ``reentrant=True``; or by another one of the same
    name, as a reader that wants to write, say.
    """


class SemaphoreSizeError(LockError, ValueError):
    """The semaphore has another number of permits than its caller says, or fewer than it wants."""


# Most specific first: kazoo derives some of these from each other.
_TRANSLATIONS: tuple[tuple[type[Exception], type[ZkToolsError], str], ...] = (
    (kazoo_exceptions.ConnectionClosedError, ClientUnusableError, "the client was stopped"),
    (kazoo_exceptions.AuthFailedError, AccessDeniedError, "the login was refused"),
    (kazoo_exceptions.NoAuthError, AccessDeniedError, "an ACL refuses it"),
    (kazoo_exceptions.SessionExpiredError, NotConnectedError, "the session ended"),
    (kazoo_exceptions.ConnectionLoss, NotConnectedError, "the connection was lost"),
    (kazoo_exceptions.OperationTimeoutError, NotConnectedError, "the server timed out"),
    (kazoo_exceptions.NotReadOnlyCallError, NotConnectedError, "the server has lost its quorum"),
    (kazoo_exceptions.UnimplementedError, ServerError, "it takes ZooKeeper 3.6 or later"),
    (kazoo_exceptions.NoNodeError, MissingNodeError, "the node is not there"),
    (kazoo_exceptions.BadVersionError, ConflictError, "it was changed by somebody else"),
    (kazoo_exceptions.NotEmptyError, ConflictError, "there are children under it"),
    (kazoo_exceptions.NodeExistsError, ConflictError, "it was created by somebody else"),
)


def translate(error: BaseException, doing: str) -> BaseException:
    """What to raise for `error`, which kazoo reported while zktools was `doing` something.

    Errors that are not kazoo's come back as they are. Use as ``raise translate(e, "...") from e``.
    """
    if isinstance(error, ZkToolsError) or not isinstance(error, kazoo_exceptions.KazooException):
        return error
    for theirs, ours, reason in _TRANSLATIONS:
        if isinstance(error, theirs):
            return ours(f"{doing}: {reason}")
    return ServerError(f"{doing}: {type(error).__name__} {error}".rstrip())

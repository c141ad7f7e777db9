"""Clients for a test, in a place of their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError
from kazoo.handlers.threading import SequentialThreadingHandler

from zktools.testing._configuration import ADMINISTRATOR

_START_TIMEOUT = 15.0  # seconds
_BATCH = 500  # requests sent before waiting for the first answer


class Clients:
    """A factory of started clients that share a chroot nobody else uses.

    ::

        with Clients(server.hosts) as new_client:
            one, other = new_client(), new_client(timeout=1.0)

    At the end of the ``with`` block all clients are stopped and the chroot is deleted with all that
    is below it.

    Args:
        hosts: connection string of the server or ensemble, without a chroot.
        handler: makes the kazoo handler of each client; threading unless given. See
            `handler_factory`.
        name: a part of the chroot's name, so that a person looking at the server can tell whose
            it is.

    Attributes:
        chroot: the path they share, such as ``"/test-6f0c…"``.

    Raises:
        ValueError: `hosts` has a chroot.
    """

    def __init__(
        self,
        hosts: str,
        *,
        handler: Callable[[], Any] = SequentialThreadingHandler,
        name: str = "test",
    ) -> None:
        if "/" in hosts:
            raise ValueError(f"hosts must not have a chroot: {hosts!r}; the clients get their own")
        self._hosts = hosts
        self._handler = handler
        self.chroot = f"/{name}-{uuid.uuid4().hex[:12]}"
        self._clients: list[KazooClient] = []

    def __call__(
        self,
        hosts: str | None = None,
        *,
        timeout: float = 10.0,
        handler: Callable[[], Any] | None = None,
        start: bool = True,
        **options: object,
    ) -> KazooClient:
        """Make a client and start it.

        Args:
            hosts: another way to the same ensemble, such as a proxy's; without a chroot.
            timeout: the session timeout to ask for, in seconds.
            handler: makes its kazoo handler; the factory's own unless given.
            start: False leaves the client for the test to start; it is stopped all the same.
            options: more arguments for `kazoo.client.KazooClient`. A lost connection is retried
                quickly and for ever unless ``connection_retry`` says otherwise.

        Raises:
            TimeoutError: no server was reached (kazoo's, of the handler in use).
        """
        made = (handler or self._handler)()
        retry = {"max_tries": -1, "delay": 0.02, "max_delay": 0.3, "sleep_func": made.sleep_func}
        options.setdefault("connection_retry", retry)
        client = KazooClient((hosts or self._hosts) + self.chroot, timeout, handler=made, **options)
        self._clients.append(client)
        if start:
            client.start(_START_TIMEOUT)
        return client

    def open(self) -> Clients:
        """Create the chroot. The ``with`` statement does this."""
        with _administrator(self._hosts) as client:
            client.ensure_path(self.chroot)
        return self

    def close(self) -> None:
        """Stop all clients and delete the chroot. The ``with`` statement does this."""
        with ExitStack() as stack:
            stack.callback(self._clean)
            for client in self._clients:
                stack.callback(_stop, client)

    def _clean(self) -> None:
        with _administrator(self._hosts) as client:
            delete_tree(client, self.chroot)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def delete_tree(client: KazooClient, path: str) -> None:
    """Delete a node and all below it, with many requests under way at a time.

    Nodes that others delete meanwhile are no error. (kazoo's recursive delete waits for each
    answer, which takes long for thousands of nodes.)
    """
    levels = [[path]]
    while levels[-1]:
        levels.append(_children(client, levels[-1]))
    for level in reversed(levels):
        for batch in _batches(level):
            for result in [client.delete_async(node) for node in batch]:
                _ignore_missing(result.get)


def _children(client: KazooClient, nodes: list[str]) -> list[str]:
    found: list[str] = []
    for batch in _batches(nodes):
        asked = [(node, client.get_children_async(node)) for node in batch]
        for node, result in asked:
            names = _ignore_missing(result.get)
            found.extend(f"{node.rstrip('/')}/{name}" for name in names)
    return found


def _ignore_missing(get: Callable[[], list[str]]) -> list[str]:
    try:
        return get()
    except NoNodeError:
        return []


def _batches(nodes: list[str]) -> Iterator[list[str]]:
    return (nodes[start : start + _BATCH] for start in range(0, len(nodes), _BATCH))


@contextmanager
def _administrator(hosts: str) -> Iterator[KazooClient]:
    """Give a client of our own, so that no fault on the tests' clients keeps us from cleaning."""
    client = KazooClient(hosts, auth_data=[ADMINISTRATOR])
    client.start(_START_TIMEOUT)
    try:
        yield client
    finally:
        _stop(client)


def _stop(client: KazooClient) -> None:
    client.stop()
    client.close()

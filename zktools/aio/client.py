"""A client for the time of an ``async with`` block: :func:`client`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kazoo.client import KazooClient

from zktools._engine.arguments import check_seconds
from zktools._engine.latch import Latch
from zktools._engine.session import session_of
from zktools.aio._bridge import check_handler, happening
from zktools.exceptions import NotConnectedError
from zktools.handlers import ThreadingHandler


@asynccontextmanager
async def client(
    hosts: str, *, timeout: float = 10.0, start_timeout: float = 15.0, **options: Any
) -> AsyncIterator[KazooClient]:
    """A started :class:`kazoo.client.KazooClient`, which is stopped at the end.

    ::

        async with client("127.0.0.1:2181") as zk:
            ...

    Neither starting nor stopping holds up the loop. One client serves a whole program. A client of
    your own will do as well: start it before the loop, or in a thread.

    :param hosts: the servers, as kazoo's connection string: ``"host:port,host:port/chroot"``.
    :param timeout: the session timeout to ask for, in seconds: how soon locks of a process that
        died are free, and how long one that is cut off may go on.
    :param start_timeout: seconds to wait for the first connection.
    :param options: any others of ``KazooClient``.
    :raises NotConnectedError: no server was reached within `start_timeout`.
    :raises AccessDeniedError: the login was refused.
    """
    seconds = check_seconds(start_timeout, "start_timeout")
    options.setdefault("handler", ThreadingHandler())
    made = KazooClient(hosts, timeout=timeout, **options)
    try:
        await _start(made, seconds)
        if not made.connected:
            raise NotConnectedError(f"no server of {hosts} was reached within {seconds} s")
        yield made
    finally:
        # It goes on when this is cancelled: whoever ends the program waits for such threads.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, _stop, made))


async def _start(made: KazooClient, seconds: float | None) -> None:
    check_handler(made.handler)
    changed = Latch(made.handler)

    def listener(_state: str) -> None:
        changed.open()

    made.add_listener(listener)
    made.start_async()
    await happening(changed, seconds)
    made.remove_listener(listener)
    session_of(made).check_usable()


def _stop(made: KazooClient) -> None:
    made.stop()
    made.close()

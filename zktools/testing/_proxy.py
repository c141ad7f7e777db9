"""A network between client and server that fails as told."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Literal, Self

from zktools.testing._frames import Frame
from zktools.testing._inspector import Inspector
from zktools.testing._link import Link, Side, Way
from zktools.testing._listener import Listener
from zktools.testing._ports import LOOPBACK, Port, claim_port
from zktools.testing._probe import parse_address
from zktools.testing._traps import Drop, Hold, Hook, Trap, Where

_CONNECT_TIMEOUT = 5.0  # seconds

Direction = Literal["to_server", "to_client", "both"]


class Proxy:
    """Stands between clients and servers on loopback, and does to the traffic what it is told.

    It knows ZooKeeper's protocol: it counts requests by kind, and can lose, hold or report a chosen
    one. Connect clients to `hosts`. What is said on a connection passes through unchanged; TLS and
    four-letter words do so too, but requests inside TLS cannot be told apart.

    A client's link to all of an ensemble is one proxy for ``ensemble.hosts``; to treat the members
    differently, make one for each and join their `hosts` with commas.

    Args:
        hosts: the servers behind it, as a connection string without a chroot. It has one port for
            each.

    What a function given to `on_request` or `on_reply` raised is raised at the end of the ``with``
    block.

    Raises:
        ValueError: `hosts` has a chroot.
    """

    def __init__(self, hosts: str) -> None:
        if "/" in hosts:
            raise ValueError(f"hosts must not have a chroot: {hosts!r}; give it to the client")
        self._inspector = Inspector()
        self._lock = threading.Lock()
        self._to_server, self._to_client = Way(), Way()
        self._links: dict[Link, None] = {}
        self._connected = 0
        self._listeners: list[Listener] = []
        self._routes: list[tuple[Port, str]] = [(claim_port(), host) for host in hosts.split(",")]
        self._listen()

    # -- what it sees

    @property
    def hosts(self) -> str:
        """The connection string for clients."""
        return ",".join(f"{LOOPBACK}:{port.number}" for port, _ in self._routes)

    @property
    def requests(self) -> Counter[int]:
        """How many requests came by until now, by `Op`, pings left out.

        A copy: take one before and one after, and subtract.
        """
        return self._inspector.requests

    @property
    def pings(self) -> int:
        """How many pings clients sent until now."""
        return self._inspector.pings

    @property
    def events(self) -> int:
        """How many watch events servers sent until now."""
        return self._inspector.events

    @property
    def errors(self) -> list[Exception]:
        """What functions given to `on_request` and `on_reply` raised until now."""
        return self._inspector.errors

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._links)

    # -- what it does to all traffic

    def delay(
        self,
        seconds: float | None = None,
        *,
        to_server: float | None = None,
        to_client: float | None = None,
    ) -> None:
        """Make everything take longer from now on: latency, with any number of requests under way.

        Args:
            seconds: each way; a round trip takes twice that.
            to_server: one way only, in seconds.
            to_client: one way only, in seconds.

        Raises:
            ValueError: a delay is negative.
        """
        for way, own in ((self._to_server, to_server), (self._to_client, to_client)):
            value = seconds if own is None else own
            if value is not None and not value >= 0:
                raise ValueError(f"a delay must not be negative: {value}")
            if value is not None:
                way.delay = value

    def swallow(self, direction: Direction = "both") -> None:
        """Let nothing arrive any more, while connections stay open and new ones open.

        Nobody is told, not even that the other end has closed: a cable is pulled. What is sent
        meanwhile arrives after `heal`, as TCP sends again what was lost, if its connection still
        stands then; `cut` before `heal` makes it lost for good.

        Args:
            direction: ``"to_server"``, ``"to_client"`` or ``"both"``.
        """
        for way in self._ways(direction):
            way.blocked = True

    def cut(self, side: Side | None = None) -> int:
        """Reset all connections, and return how many there were. Clients may connect again.

        Args:
            side: ``"client"`` or ``"server"`` resets only that end. The other end stays open and
                hears nothing more, as when the peer's machine has lost power.
        """
        links = self._open_links()
        for link in links:
            if side is None:
                link.reset()
            else:
                link.reset_one(side)
        return len(links)

    def refuse(self) -> None:
        """Refuse new connections; those that are open stay."""
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()

    def heal(self) -> None:
        """Make it a good network again.

        No delay, nothing swallowed, held or waiting to be dropped, new connections accepted. Open
        connections go on, except those of which `cut` left one end. Functions given to `on_request`
        and `on_reply` stay.
        """
        self._inspector.clear()
        for link in self._open_links():
            if link.half_open:
                link.reset()
        for way in (self._to_server, self._to_client):
            way.delay, way.blocked = 0.0, False
        self._wake()
        if not self._listeners:
            self._listen()

    # -- what it does to chosen requests

    def drop_reply(self, *ops: int, nth: int = 1, where: Where | None = None) -> Trap:
        """Lose one reply: the server has done what was asked, and the client is not told.

        The connection is reset in its place, so the client learns that it does not know.

        Args:
            ops: which kinds of request count, by `Op`; any if none is given. kazoo's ``create`` is
                ``Op.CREATE``, or ``Op.CREATE2`` with ``include_data``.
            nth: which one, counted from now.
            where: counts only replies for which it is true. Called in the proxy's threads.

        Returns:
            the trap, to `~Trap.wait` for and to look at.
        """
        return self._inspector.add_trap(Drop("reply", ops, nth, where))

    def drop_request(self, *ops: int, nth: int = 1, where: Where | None = None) -> Trap:
        """Lose one request, before the server has it, and reset the connection.

        For the client it looks as after `drop_reply`. The arguments are the same.
        """
        return self._inspector.add_trap(Drop("request", ops, nth, where))

    def hold_reply(self, *ops: int, nth: int = 1, where: Where | None = None) -> Hold:
        """Keep one reply back, and all behind it to the same client, until it is released.

        The arguments are those of `drop_reply`.

        Returns:
            the trap, to `~Trap.wait` for and to `~Hold.release`.
        """
        return self._inspector.add_trap(Hold("reply", ops, nth, where, self._wake))

    def hold_request(self, *ops: int, nth: int = 1, where: Where | None = None) -> Hold:
        """Keep one request back, and all behind it from the same client, until it is released.

        The arguments are those of `drop_reply`.
        """
        return self._inspector.add_trap(Hold("request", ops, nth, where, self._wake))

    def on_request(self, call: Callable[[Frame], object], *ops: int) -> Hook:
        """Call a function with each request, before it goes on to the server.

        It is called in a thread of the proxy's, and may take its time: only what the same
        connection says in the same direction waits for it. So it can end a session, kill a server
        or use another client at exactly this moment.

        Args:
            call: takes the `Frame`. What it raises is kept in `errors` and logged.
            ops: the kinds of request to call it for, by `Op`; all, pings too, if none is given.

        Returns:
            the hook, to `~Hook.cancel`.
        """
        return self._inspector.add_hook(Hook("request", ops, call))

    def on_reply(self, call: Callable[[Frame], object], *ops: int) -> Hook:
        """Call a function with each reply, and each watch event, before it goes on to the client.

        See `on_request`.
        """
        return self._inspector.add_hook(Hook("reply", ops, call))

    def close(self) -> None:
        """Reset all connections, refuse new ones, and give up the ports. May be called again."""
        self.refuse()
        self.cut()
        self._inspector.clear()
        for port, _ in self._routes:
            port.release()

    # -- inside

    def _listen(self) -> None:
        for port, host in self._routes:
            self._listeners.append(Listener(port.number, partial(self._connect, host)))

    def _connect(self, host: str, client: socket.socket) -> None:
        try:
            server = socket.create_connection(parse_address(host), _CONNECT_TIMEOUT)
        except OSError:  # it is down; a client cannot tell this from a server that ends at once
            client.close()
            return
        server.settimeout(None)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._connected += 1
            ways = (self._to_server, self._to_client)
            link = Link(
                self._connected, client, server, ways, self._inspector.inspect, self._forget
            )
            self._links[link] = None
        link.start()

    def _forget(self, link: Link) -> None:
        with self._lock:
            del self._links[link]

    def _open_links(self) -> list[Link]:
        with self._lock:
            return list(self._links)

    def _ways(self, direction: Direction) -> list[Way]:
        ways = {
            "to_server": [self._to_server],
            "to_client": [self._to_client],
            "both": [self._to_server, self._to_client],
        }
        if direction not in ways:
            raise ValueError(f"direction must be one of {', '.join(ways)}, not {direction!r}")
        return ways[direction]

    def _wake(self) -> None:
        for link in self._open_links():
            link.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, *__: object
    ) -> None:
        self.close()
        if self.errors and error is None:
            raise self.errors[0]

    def __repr__(self) -> str:
        ways = {"to_server": self._to_server, "to_client": self._to_client}
        state = [f"{name} {way}" for name, way in ways.items() if way != Way()]
        state += [] if self._listeners else ["refuses"]
        return f"<Proxy {self.hosts} {self.connections} connections {' '.join(state)}>"

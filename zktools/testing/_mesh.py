"""The network between the members of an ensemble, which fails as told.

Every member reaches each of the others through a `Cable` of its own. What goes through is not
looked at, but for one thing: a member that opens a connection for elections says where it can be
called back, and that has to be a cable's end, too.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import permutations
from typing import Literal, NamedTuple

from zktools.testing._link import Link, Way
from zktools.testing._listener import Listener
from zktools.testing._ports import LOOPBACK, claim_port
from zktools.testing._waiting import wait_until

_TIMEOUT = 5.0  # seconds
_PATIENCE = 2.0  # seconds for a member that does not listen yet
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: close() sends RST, not FIN

Fault = Literal["silent", "reset"]


class Ports(NamedTuple):
    """Where a member listens for the others: to be followed, and to be elected."""

    quorum: int
    election: int


class Cable:
    """The connections that one member makes to one other, who listens at `target`."""

    def __init__(self, target: Ports) -> None:
        self.target = target
        self.back: Cable | None = None
        self._claims = (claim_port(), claim_port())
        self._ways = (Way(), Way())
        self._links: dict[Link, None] = {}
        self._limbo: list[socket.socket] = []
        self._fault: Fault | None = None
        self._closing = False
        self._lock = threading.Lock()
        self._listeners = (
            Listener(self.ports.quorum, partial(self._connect, target.quorum)),
            Listener(self.ports.election, self._introduce),
        )

    @property
    def ports(self) -> Ports:
        """Its near end."""
        return Ports(*(claim.number for claim in self._claims))

    def silence(self) -> None:
        """Let nothing arrive any more, of connections that are open or will be."""
        self._fault = "silent"
        for way in self._ways:
            way.blocked = True

    def cut(self, side: Literal["client", "server"]) -> None:
        """Reset that end of all connections; the other hears nothing more, nor of new ones."""
        self._fault = "reset" if side == "client" else "silent"
        for link in self._open_links():
            link.reset_one(side)

    def heal(self) -> None:
        """Make it a good one again. Connections of which one end is gone are reset."""
        self._fault = None
        for way in self._ways:
            way.blocked = False
        limbo, self._limbo = self._limbo, []
        for waiting in limbo:
            waiting.close()
        for link in self._open_links():
            if link.half_open:
                link.reset()
            else:
                link.wake()

    def close(self) -> None:
        """Reset all connections and give up the ports."""
        self._closing = True
        for listener in self._listeners:
            listener.close()
        self.heal()
        for link in self._open_links():
            link.reset()
        for claim in self._claims:
            claim.release()

    def _introduce(self, client: socket.socket) -> None:
        """Pass on the first words of a member that wants to elect."""
        assert self.back is not None
        if self._fault is not None:
            self._strand(client)
            return
        client.settimeout(_TIMEOUT)
        try:
            words = client.recv(4096)
        except OSError:
            words = b""
        client.settimeout(None)
        own, there = self.back.target.election, self.back.ports.election
        # Ports of ours have five digits, all of them, so that no length in the message changes.
        self._connect(self.target.election, client, words.replace(b":%d" % own, b":%d" % there))

    def _connect(self, port: int, client: socket.socket, words: bytes = b"") -> None:
        if self._fault is not None:
            self._strand(client)
            return
        try:
            server = self._reach(port)
            server.sendall(words)
        except (OSError, TimeoutError):  # it is down
            client.close()
            return
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(port, client, server, self._ways, None, self._forget)
        with self._lock:
            self._links[link] = None
        link.start()

    def _reach(self, port: int) -> socket.socket:
        # Who is refused asks again; who is let in and then dropped takes it for the end of a
        # leader that is only about to listen.
        def attempt() -> socket.socket | None:
            with suppress(ConnectionRefusedError):
                return socket.create_connection((LOOPBACK, port))
            return None

        return wait_until(attempt, 0.0 if self._closing else _PATIENCE)

    def _strand(self, client: socket.socket) -> None:
        if self._fault == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.close()
        else:
            self._limbo.append(client)

    def _forget(self, link: Link) -> None:
        with self._lock:
            del self._links[link]

    def _open_links(self) -> list[Link]:
        with self._lock:
            return list(self._links)


class Mesh:
    """A cable from each member to each other.

    Args:
        members: where they listen, by their ids.
    """

    def __init__(self, members: Mapping[int, Ports]) -> None:
        self._cables = {pair: Cable(members[pair[1]]) for pair in permutations(members, 2)}
        for (near, far), cable in self._cables.items():
            cable.back = self._cables[far, near]
        self.disturbed = False

    def ports(self, near: int, far: int) -> Ports:
        """Where one member finds another."""
        return self._cables[near, far].ports

    def isolate(self, member: int, *, half_open: bool) -> None:
        """Part one from all others, without telling it; the others are told if `half_open`."""
        self.disturbed = True
        for is_near, cable in self._of(member):
            if half_open:
                cable.cut("server" if is_near else "client")
            else:
                cable.silence()

    def heal(self) -> None:
        """Make it a good network again."""
        for cable in self._cables.values():
            cable.heal()
        self.disturbed = False

    def close(self) -> None:
        """Leave no connection and no port."""
        for cable in self._cables.values():
            cable.close()

    def _of(self, member: int) -> Iterator[tuple[bool, Cable]]:
        for (near, far), cable in self._cables.items():
            if member in (near, far):
                yield near == member, cable

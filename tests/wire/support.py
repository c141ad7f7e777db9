"""What the tests of connections share: sessions that move, with or without writes in flight."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from kazoo.client import KazooClient

from zktools.testing import Ensemble, Member, Proxy, wait_until

CONNECT = struct.Struct("!iqiqi16s?")


def reconnect(client: KazooClient, proxy: Proxy, hosts: str) -> None:
    """Break the client's connection and let it go on at `hosts`, in the same session."""
    broken = client.handler.event_object()
    client.add_listener(lambda _: broken.set() or True)
    client.set_hosts(hosts)
    proxy.cut()
    broken.wait(10)
    wait_until(lambda: client.connected, what="the client to be connected again")


class Mover:
    """A client of five servers whose session moves to another while its writes are in flight.

    It is on the leader, behind a proxy. While three of the others stand still the leader can
    commit nothing; the fourth takes the session over.
    """

    def __init__(self, ensemble: Ensemble, client: KazooClient, proxy: Proxy) -> None:
        self.client = client
        self.leader = ensemble.leader()
        self._proxy = proxy
        self._follower, *self._others = ensemble.followers()

    def begin(self) -> None:
        """A new connection to the leader; kazoo numbers from 1 on it."""
        reconnect(self.client, self._proxy, self._proxy.hosts + self.client.chroot)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Nothing is committed in here."""
        for member in self._others:
            member.pause()
        try:
            yield
        finally:
            for member in self._others:
                member.resume()

    @contextmanager
    def in_flight(self, count: int) -> Iterator[None]:
        """So many changes are sent in here; on leaving, the leader has them."""
        before = self._proposed()
        yield
        wait_until(lambda: self._proposed() == before + count, what="the changes to be proposed")

    def move(self) -> None:
        """Go on, in the same session, at the follower that does not stand still."""
        reconnect(self.client, self._proxy, self._follower.hosts + self.client.chroot)

    def _proposed(self) -> object:
        return self.leader.mntr()["zk_proposal_count"]


def claim_session(client: KazooClient, member: Member) -> None:
    """Do late what a paused server does with a connect request of a client that has left long ago.

    The leader then thinks that the session moved to that member.
    """
    session_id, password = client.client_id
    request = CONNECT.pack(0, 0, 10_000, session_id, 16, password, False)
    host, port = member.hosts.split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(struct.pack("!i", len(request)) + request)
        assert connection.recv(1000)

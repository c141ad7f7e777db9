"""The servers that the peers need, each behind a link of a chosen length."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from zktools.testing import Op, Proxy, Server, claim_port, wait_until
from zktools.testing._process import Process

ZOOKEEPER, REDIS, ETCD = "zookeeper", "redis", "etcd"

_LOOPBACK = "127.0.0.1"
_MEMORY = Path("/dev/shm")  # noqa: S108 - etcd cannot be told not to wait for a disk


class Backend:
    """A running server, on loopback and behind a proxy.

    Args:
        hosts: where it listens.
        pid: of its process.
        watches: counts the watches that the server keeps, where it has such.
        packets: counts the requests that the server got, where it says so.
    """

    def __init__(
        self,
        hosts: str,
        pid: int,
        watches: Callable[[], int] | None = None,
        packets: Callable[[], int] | None = None,
    ) -> None:
        self.pid = pid
        self.watches = watches
        self.packets = packets
        self._hosts = hosts
        # The proxy hands on what is not ZooKeeper's protocol as it comes: Redis and HTTP too.
        self.proxy = Proxy(hosts)

    def link(self, round_trip: float) -> str:
        """Where to connect for a link of `round_trip` seconds; 0 is loopback without a proxy."""
        self.proxy.delay(round_trip / 2)
        return self.proxy.hosts if round_trip else self._hosts

    def requests(self) -> Counter[str]:
        """How many requests came through the proxy until now, by name."""
        return Counter({_name(op): count for op, count in self.proxy.requests.items()})

    def cpu(self) -> float | None:
        """Seconds of processor time that the server used; None where the system does not tell."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def start(kinds: set[str]) -> Iterator[dict[str, Backend]]:
    """Start the servers of these kinds; they end with the block, or with this process."""
    with ExitStack() as stack:
        backends = {kind: stack.enter_context(_STARTERS[kind]()) for kind in sorted(kinds)}
        for backend in backends.values():
            stack.callback(backend.proxy.close)
        yield backends


@contextmanager
def _zookeeper() -> Iterator[Backend]:
    with Server(tick=2.0) as server:
        assert server.pid is not None
        yield Backend(
            server.hosts,
            server.pid,
            watches=lambda: int(server.mntr()["zk_watch_count"]),
            packets=lambda: int(server.mntr()["zk_packets_received"]),
        )


@contextmanager
def _redis() -> Iterator[Backend]:
    with _server(
        lambda folder, port: [
            *("redis-server", "--bind", _LOOPBACK, "--port", str(port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no"),
        ]
    ) as backend:
        yield backend


@contextmanager
def _etcd() -> Iterator[Backend]:
    peer = claim_port()
    url = f"http://{_LOOPBACK}:{peer.number}"
    with _server(
        lambda folder, port: [
            *("etcd", "--data-dir", str(folder / "data"), "--log-level", "error"),
            *("--listen-client-urls", f"http://{_LOOPBACK}:{port}"),
            *("--advertise-client-urls", f"http://{_LOOPBACK}:{port}"),
            *("--listen-peer-urls", url, "--initial-advertise-peer-urls", url),
            *("--initial-cluster", f"default={url}"),
        ]
    ) as backend:
        yield backend
    peer.release()


@contextmanager
def _server(command: Callable[[Path, int], list[str]]) -> Iterator[Backend]:
    port = claim_port()
    folder = Path(
        tempfile.mkdtemp(prefix="zktools-benchmarks-", dir=_MEMORY if _MEMORY.is_dir() else None)
    )
    process = Process(command(folder, port.number), folder, folder / "server.log")
    try:
        wait_until(lambda: _listens(port.number), 15.0)
        yield Backend(f"{_LOOPBACK}:{port.number}", process.pid)
    finally:
        process.kill()
        port.release()
        shutil.rmtree(folder, ignore_errors=True)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((_LOOPBACK, port), 1.0).close()
    except OSError:
        return False
    return True


def _name(op: int) -> str:
    try:
        return Op(op).name.lower()
    except ValueError:
        return str(op)


_STARTERS = {ZOOKEEPER: _zookeeper, REDIS: _redis, ETCD: _etcd}

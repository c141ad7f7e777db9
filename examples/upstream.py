"""What kazoo and ZooKeeper do together when a session moves, on five servers of your own.

::

    python -m examples.upstream numbers      a refused write that is reported as done
    python -m examples.upstream turn         a client that dies of a reply that was left out
    python -m examples.upstream auth         a client that dies of add_auth()

kazoo alone is used, by its public calls, and nothing of zktools but its test kit: that starts the
servers, stands them still with SIGSTOP, and cuts connections by a proxy. Tries several times, says
how often it happened, and exits with 1 if it did. The documentation's page on what was found
upstream tells why.
"""

from __future__ import annotations

import logging
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, KazooException

from zktools.testing import Ensemble, Member, Proxy, wait_until

CONNECT = struct.Struct("!iqiqi16s?")
TRIES = 5
REFUSED = "is refused, as it should be"


def numbers() -> bool:
    """Whether a write is answered with the outcome of one that the connection before left behind.

    The leader, which our client is connected to, can commit nothing for a moment: three of its four
    followers stand still. A write is in flight. The connection breaks; the session goes on at the
    fourth follower, where the next write is request number 1 again, as the lost one was.
    """
    with Ensemble(5, tick=1.0) as ensemble:
        answers = Counter(_answer_by_number(ensemble) for _ in range(TRIES))
    print("set('/b', version=0), where '/b' has version 1,")
    for answer, times in answers.most_common():
        print(f"{times} of {TRIES} times {answer}")
    return set(answers) != {REFUSED}


def _answer_by_number(ensemble: Ensemble) -> str:
    ensemble.heal()
    leader, (alive, *others) = ensemble.leader(), ensemble.followers()
    with Proxy(leader.hosts) as proxy:
        client = KazooClient(proxy.hosts)
        client.start()
        for path in client.get_children("/"):
            if path != "zookeeper":
                client.delete(path)
        client.create("/a")
        client.create("/b", b"of somebody else")
        client.set("/b", b"newer")
        _move(client, proxy, proxy.hosts)
        for member in others:
            member.pause()
        _propose(leader, partial(client.set_async, "/a", b"x"))
        _move(client, proxy, alive.hosts)
        refused = _propose(leader, partial(client.set_async, "/b", b"mine", version=0))
        for member in others:
            member.resume()
        try:
            refused.get(timeout=10)
        except BadVersionError:
            return REFUSED
        except Exception as error:  # noqa: BLE001 - what it is, is what we look for
            return f"fails with {error!r}"
        else:
            return "is reported as done"
        finally:
            client.stop()
            client.close()


def _propose(leader: Member, send: Callable[[], Any]) -> Any:
    """Send a write, and wait until the leader has it, which cannot commit it."""
    before = leader.mntr()["zk_proposal_count"]
    result = send()
    wait_until(lambda: leader.mntr()["zk_proposal_count"] != before)
    return result


def turn() -> bool:
    """Whether a client dies when its session was claimed elsewhere.

    A server that stood still wakes, and carries out a connect request of a client that has long
    gone to another. The leader then thinks that the session moved. The client's next write is
    answered by closing the connection; but the listing that was sent behind it is still answered.
    """
    died = 0
    with Ensemble(3, tick=0.5) as ensemble:
        elsewhere, mine = ensemble.followers()
        for _ in range(4 * TRIES):
            client = KazooClient(mine.hosts)
            client.start()
            client.ensure_path("/q")
            _claim(client, elsewhere)
            created = client.create_async("/q/n-", ephemeral=True, sequence=True)
            listed = [client.get_children_async("/q") for _ in range(10)]
            created.wait(5)
            listed[-1].wait(5)
            died += _is_dead(client)
            client.stop()
    print(f"{died} of {4 * TRIES} clients have died")
    return bool(died)


def auth() -> bool:
    """Whether a client dies of credentials that are sent behind a write.

    The server answers them at once; kazoo gives the answer to the write.
    """
    with Ensemble(3, tick=0.5) as ensemble:
        client = KazooClient(ensemble.followers()[0].hosts)
        client.start()
        client.ensure_path("/q")
        leader = ensemble.leader()
        leader.pause()
        created = client.create_async("/q/n-", ephemeral=True, sequence=True)
        accepted = client.add_auth_async("digest", "somebody:secret")
        created.wait(2)
        leader.resume()
        accepted.wait(10)
        died = _is_dead(client)
        outcome = repr(created.exception) if created.exception else created.value
        print("the create answers", outcome, "and the client is", client.client_state)
        client.stop()
        return died or not isinstance(outcome, str)


def _move(client: KazooClient, proxy: Proxy, hosts: str) -> None:
    broken = threading.Event()

    def listen(_: str) -> bool:
        broken.set()
        return True  # once

    client.add_listener(listen)
    client.set_hosts(hosts)
    proxy.cut()
    broken.wait(10)
    wait_until(lambda: client.connected)


def _claim(client: KazooClient, member: Member) -> None:
    session_id, password = client.client_id
    request = CONNECT.pack(0, 0, 10_000, session_id, 16, password, False)
    host, port = member.hosts.split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(struct.pack("!i", len(request)) + request)
        connection.recv(1000)


def _is_dead(client: KazooClient) -> bool:
    """Whether it is closed, though nobody stopped it. If not, it answers once it is connected."""
    while client.client_state != "CLOSED":
        with suppress(KazooException):
            client.get_children("/")
            return False
    return True


CASES: dict[str, Callable[[], bool]] = {"numbers": numbers, "turn": turn, "auth": auth}


def main(case: str) -> bool:
    """Run one case; whether it happened."""
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    threading.excepthook = lambda _: None  # kazoo's thread dies by an exception
    return CASES[case]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

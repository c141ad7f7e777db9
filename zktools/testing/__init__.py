"""A real ZooKeeper for tests, and faults for it. Needs kazoo only; zktools' locks not at all.

Servers, real Java processes on free loopback ports, gone without trace afterwards, even when the
test run is killed::

    with Server() as server:                    # or Ensemble() for three
        server.hosts                            # "127.0.0.1:23456"
        server.kill(); server.restart()         # crash it; its data survive
        server.pause(); server.resume()         # SIGSTOP, SIGCONT
        server.mntr()["zk_watch_count"]; server.watches()

    with Ensemble() as ensemble:
        ensemble.leader().kill(); ensemble.heal()
        ensemble[0].pause()

Clients in a chroot of their own::

    with Clients(server.hosts) as new_client:
        zk, other = new_client(), new_client(timeout=1.0)

Faults::

    expire_session(zk)                          # a real end of the session

    with Proxy(server.hosts) as proxy:          # a network between client and server
        zk = new_client(proxy.hosts)
        proxy.delay(0.01)                       # each way: a link with 20 ms round trip
        proxy.cut(); proxy.refuse()             # reset connections; accept no new ones
        proxy.cut("client")                     # one end only: half-open connections
        proxy.swallow("to_client")              # "to_server", "both": nothing arrives
        proxy.heal()
        lost = proxy.drop_reply(Op.CREATE)      # done by the server, but nobody is told
        held = proxy.hold_reply(Op.DELETE)      # held.wait(); held.release()
        proxy.on_request(callback, Op.SYNC)     # act at an exact moment
        before = proxy.requests                 # Counter by Op
        proxy.requests - before

    wait_until(lambda: not server.watches(), timeout=5)

In pytest the fixtures `zk`, `zk_client_factory`, `zk_server`, `zk_ensemble`, `zk_hosts`,
`zk_proxy` and `zk_handler` are there by themselves; see `zktools.testing.plugin`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zktools.testing._clients import Clients as Clients
    from zktools.testing._clients import delete_tree as delete_tree
    from zktools.testing._ensemble import Ensemble as Ensemble
    from zktools.testing._ensemble import Member as Member
    from zktools.testing._frames import Frame as Frame
    from zktools.testing._frames import Op as Op
    from zktools.testing._handlers import handler_factory as handler_factory
    from zktools.testing._install import Installation as Installation
    from zktools.testing._install import ZooKeeperNotFoundError as ZooKeeperNotFoundError
    from zktools.testing._install import find_zookeeper as find_zookeeper
    from zktools.testing._ports import Port as Port
    from zktools.testing._ports import claim_port as claim_port
    from zktools.testing._probe import four_letter as four_letter
    from zktools.testing._proxy import Proxy as Proxy
    from zktools.testing._server import Server as Server
    from zktools.testing._server import ServerError as ServerError
    from zktools.testing._traps import Hold as Hold
    from zktools.testing._traps import Hook as Hook
    from zktools.testing._traps import Trap as Trap
    from zktools.testing._waiting import wait_until as wait_until
    from zktools.testing.expiry import expire_session as expire_session

# Imported when first used: the pytest plugin lives in this package, and pytest loads it in every
# run of projects that may not touch ZooKeeper at all.
_HOMES = {
    "Clients": "_clients",
    "Ensemble": "_ensemble",
    "Frame": "_frames",
    "Hold": "_traps",
    "Hook": "_traps",
    "Installation": "_install",
    "Member": "_ensemble",
    "Op": "_frames",
    "Port": "_ports",
    "Proxy": "_proxy",
    "Server": "_server",
    "ServerError": "_server",
    "Trap": "_traps",
    "ZooKeeperNotFoundError": "_install",
    "claim_port": "_ports",
    "delete_tree": "_clients",
    "expire_session": "expiry",
    "find_zookeeper": "_install",
    "four_letter": "_probe",
    "handler_factory": "_handlers",
    "wait_until": "_waiting",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - one list of names is enough


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]

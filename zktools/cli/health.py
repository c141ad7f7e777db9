"""How the servers of the ensemble are, by what each says of itself.

Each is asked on its client port with the four-letter words ``srvr``, which servers answer unless
told otherwise, and ``wchs``, which they answer only when told to (``4lw.commands.whitelist``).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from kazoo.hosts import collect_hosts

from zktools.cli.settings import Settings

_PATIENCE = 1.0  # seconds
_COUNTER = 0xFFFFFFFF  # the part of a zxid below the epoch


@dataclass(frozen=True)
class Health:
    """One server."""

    address: str
    mode: str
    """``leader``, ``follower``, ``observer``, ``standalone``, or why that is not known."""
    zxid: int | None = None
    """Of the newest change it knows."""
    latency: float | None = None
    """Milliseconds it took for a request, on average since it started."""
    watches: int | None = None
    behind: int | None = None
    """Changes that the leader knows and it does not."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def health(settings: Settings) -> list[Health]:
    """Ask all servers at once; the leader comes first."""
    if settings.tls:  # what it says is for the plain port
        return []
    addresses, _ = collect_hosts(settings.hosts)
    with ThreadPoolExecutor(len(addresses)) as pool:
        servers = list(pool.map(lambda address: _ask_server(*address), addresses))
    return compared(servers)


def _ask_server(host: str, port: int) -> Health:
    address = f"{host}:{port}"
    try:
        said = _ask(host, port, b"srvr")
        watches = re.search(r"Total watches:(\d+)", _ask(host, port, b"wchs"))
    except OSError:
        return Health(address, "does not answer")
    return parsed(address, said, int(watches[1]) if watches else None)


def parsed(address: str, said: str, watches: int | None) -> Health:
    """What an answer to ``srvr`` says."""
    facts = dict(re.findall(r"^([^:\n]+): *(.*)$", said, re.MULTILINE))
    if "Mode" not in facts:
        serving = "does not serve" if "not currently serving" in said else "does not say"
        return Health(address, serving)
    average = facts.get("Latency min/avg/max", "").split("/")[1:2]
    return Health(
        address,
        facts["Mode"],
        zxid=int(facts.get("Zxid", "0"), 16),
        latency=float(average[0]) if average else None,
        watches=watches,
    )


def compared(servers: Sequence[Health]) -> list[Health]:
    """The same, leader first, with how far each is behind it."""
    leader = next((s for s in servers if s.mode == "leader"), None)
    ordered = sorted(servers, key=lambda server: (server.mode != "leader", server.address))
    return [Health(**{**asdict(server), "behind": _behind(server, leader)}) for server in ordered]


def _behind(server: Health, leader: Health | None) -> int | None:
    if leader is None or leader.zxid is None or server.zxid is None:
        return None
    if server.zxid >> 32 != leader.zxid >> 32:  # another epoch: that many at least
        return leader.zxid & _COUNTER
    return max(leader.zxid - server.zxid, 0)  # they were not asked at one moment


def _ask(host: str, port: int, word: bytes) -> str:
    with socket.create_connection((host, port), _PATIENCE) as connection:
        connection.sendall(word)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return answer.decode(errors="replace")

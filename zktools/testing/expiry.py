"""End a session for real, as the ensemble would."""

from __future__ import annotations

from contextlib import suppress

from kazoo.client import KazooClient

from zktools.testing._probe import NoSessionError, end_session

#: How often a session is taken over: its client, which is connecting again, may take it back
#: before it is closed.
TRIES = 5


def expire_session(
    client: KazooClient,
    *,
    hosts: str | None = None,
    client_id: tuple[int, bytes] | None = None,
    timeout: float = 5.0,
) -> None:
    """End the session of a client: take it over from another connection, and close it there.

    When this returns, the end of the session is committed: its ephemeral nodes are gone, for
    everybody, and their watchers are about to hear of it. The client learns of it from the server a
    moment later, as it would after a timeout. A session that has ended before is no error.

    Args:
        client: whose session to end.
        hosts: how to reach the ensemble; the client's own way unless given. Needed when that leads
            through a proxy which lets nothing pass, or to a TLS port.
        client_id: the session, as `client` named it in ``client.client_id`` while it was connected.
            Needed when it no longer is.
        timeout: seconds to wait for each answer of a server.

    Raises:
        ValueError: the client is not connected, and no `client_id` was given.
        OSError: none of the servers answered.
    """
    session = client_id or client.client_id
    if session is None:
        raise ValueError(
            "the client is not connected and so does not say which session it has: "
            "pass client_id=, taken from client.client_id before"
        )
    session_id, password = session
    failure: OSError = ConnectionError("the client has no hosts")
    for address in _addresses(client, hosts):
        try:
            with suppress(NoSessionError):
                _end(address, session_id, password, timeout)
        except OSError as error:
            failure = error
        else:
            return
    raise failure


def _end(address: str, session_id: int, password: bytes, timeout: float) -> None:
    for _ in range(TRIES - 1):
        with suppress(ConnectionResetError):
            end_session(address, session_id, password, timeout=timeout)
            return
    end_session(address, session_id, password, timeout=timeout)


def _addresses(client: KazooClient, hosts: str | None) -> list[str]:
    if hosts is None:
        return [f"{host}:{port}" for host, port in client.hosts]
    return hosts.partition("/")[0].split(",")

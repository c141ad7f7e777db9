"""Locks and nodes over TLS, as set up in docs/security.rst."""

import pytest
from kazoo.client import KazooClient

from tests.security import page
from zktools.cli.statuses import Status
from zktools.handlers import ThreadingHandler

READERS_SERVER = "127.0.0.1:2281"


def files(folder, *names):
    """The names of client files as the page has them, and where they are here."""
    return {f'"{name}"': repr(str(folder / name)) for name in names}


@pytest.mark.slow
def test_a_lock_a_node_and_a_transaction_work(etc, tls_server, client):
    """The page's program runs over TLS with a client certificate and a checked host name."""
    replaced = files(etc, "ca.pem", "client.crt", "client.key")

    names = page.run_program("tls", **{READERS_SERVER: tls_server}, **replaced)

    zk = client(names["zk"])
    assert names["lease"].token > 0
    assert zk.get("/status")[0] == b"done"


@pytest.mark.slow
def test_nobody_connects_without_a_certificate(etc, tls_server):
    """``clientAuth=need``: knowing the authority is not enough."""
    command = f"zooky --host {tls_server} --tls --ca ca.pem --connect-timeout 2s list"

    assert page.run_zooky(command, etc).returncode == Status.UNREACHABLE


@pytest.mark.slow
def test_a_server_of_another_authority_is_refused(etc, tls_server):
    """A client that is told to trust others does not talk to this server."""
    certificate = "--ca client.crt --cert client.crt --key client.key"
    command = f"zooky --host {tls_server} --tls {certificate} --connect-timeout 2s list"

    done = page.run_zooky(command, etc)

    assert done.returncode == Status.UNREACHABLE
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr.upper()


@pytest.mark.slow
def test_zooky_works_over_tls(etc, tls_server):
    """The page's command line lists the locks."""
    command = page.block("zooky-tls").removeprefix("$ ").replace(READERS_SERVER, tls_server)

    done = page.run_zooky(command, etc)

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_replies_are_all_read_under_our_handler(etc, tls_server, client):
    """What TLS has decrypted counts as there: nothing waits for the ping in twenty seconds."""
    zk = client(
        KazooClient(
            tls_server,
            timeout=60,
            handler=ThreadingHandler(),
            use_ssl=True,
            ca=str(etc / "ca.pem"),
            certfile=str(etc / "client.crt"),
            keyfile=str(etc / "client.key"),
        )
    )
    zk.start()
    zk.ensure_path("/many")

    for _ in range(20):
        asked = [zk.get_async("/many") for _ in range(100)]
        assert all(result.get(timeout=10) for result in asked)
    zk.set("/many", b"x" * 900_000)
    assert len(zk.get("/many")[0]) == 900_000

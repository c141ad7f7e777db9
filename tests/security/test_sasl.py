"""Locks and nodes for users that the server knows, as set up in docs/security.rst."""

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

from tests.security import page
from zktools.cli.statuses import Status

READERS_SERVER = "127.0.0.1:2181"


@pytest.mark.slow
def test_a_lock_and_a_node_work(sasl_server, client):
    """The page's program runs; what it made belongs to its user alone."""
    names = page.run_program("sasl", **{READERS_SERVER: sasl_server.hosts})

    zk = client(names["zk"])
    assert zk.get("/status")[0] == b"running"
    acls, _ = zk.get_acls("/ZktoolsLocks/nightly")
    assert [(acl.id.scheme, acl.id.id) for acl in acls] == [("sasl", "reporter")]


@pytest.mark.slow
def test_who_does_not_log_in_is_not_served(sasl_server, client):
    """``sessionRequireClientSASLAuth``: without a login the server answers nothing."""
    stranger = client(KazooClient(sasl_server.hosts))
    stranger.start()

    with pytest.raises(KazooException):
        stranger.get_children("/")


def test_a_wrong_password_gets_no_answer(sasl_server, tmp_path):
    """The server hangs up and kazoo's connection ends there: for zktools nobody answers."""
    options = f"--host {sasl_server.hosts} --sasl-mechanism DIGEST-MD5 --sasl-username reporter"

    done = page.run_zooky(f"zooky {options} list", tmp_path, ZOOKY_SASL_PASSWORD="wrong")

    assert done.returncode == Status.UNREACHABLE

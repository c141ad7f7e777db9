"""A change that could not be sent is not made later either."""

import pytest

from tests.live.support import contents, errors_of, eventually
from zktools.exceptions import NotConnectedError, OutcomeUnknownError
from zktools.node import Node, NodeDict
from zktools.testing import wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]


@pytest.mark.slow
def test_without_a_connection_nothing_is_sent(zk, zk_client_factory, zk_proxy):
    """Each way to write says so within the session timeout; nothing is made after a reconnect."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    node, rates = Node(far, "/node", 1), NodeDict(far, "/rates")
    rates["eur"] = 1
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    errors = errors_of(
        far,
        [
            lambda: setattr(node, "value", 2),
            lambda: node.update(lambda value: value + 1),
            lambda: rates.update(usd=1),
            lambda: rates.__setitem__("chf", 1),
            lambda: rates.__delitem__("eur"),
            lambda: rates.pop("eur"),
            rates.clear,
        ],
    )
    assert {type(error) for error in errors} == {NotConnectedError}
    zk_proxy.heal()
    wait_until(lambda: far.connected)
    rates["last"] = 9  # sent behind all that there is to send

    assert contents(zk, "/rates") == {"eur": b"1", "last": b"9"}
    assert zk.get("/node")[0] == b"1"


def test_a_change_waits_for_the_connection(zk, far, zk_proxy):
    """One that comes back in time carries it out."""
    node = Node(far, "/node", 1)
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    task = far.handler.spawn(setattr, node, "value", 2)
    wait_until(lambda: node._hub._unsent)
    zk_proxy.heal()
    task.join()

    assert zk.get("/node")[0] == b"2"


def test_what_was_sent_is_unknown(zk, zk_client_factory, zk_proxy):
    """Into a network that swallows it, kazoo has sent it: it may arrive."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    node = Node(far, "/node", 1)
    zk_proxy.swallow()
    (error,) = errors_of(far, [lambda: setattr(node, "value", 2)])
    zk_proxy.heal()

    assert type(error) is OutcomeUnknownError
    eventually(lambda: node.value == int(zk.get("/node")[0]), True)  # it may arrive late


def test_an_interrupted_change_is_withdrawn(zk, far, zk_proxy):
    """Who gives up while there is no connection has changed nothing."""
    node = Node(far, "/node", 1)
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    steps = node._storing_value(2)
    next(steps)
    wait_until(lambda: node._hub._unsent)
    steps.close()
    wait_until(lambda: not node._hub._unsent)
    zk_proxy.heal()
    wait_until(lambda: far.connected)
    node.update(lambda value: value + 10)

    assert zk.get("/node")[0] == b"11"

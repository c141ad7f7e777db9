"""Who queues while the lock is let go by the same client: the two cross on the way."""

import pytest

from tests.locks.support import NAME, Task, grab, queue
from zktools._engine.departures import Departures
from zktools._engine.session import session_of
from zktools.locks import ZkLock
from zktools.testing import Op, wait_until


class Crossing:
    """One lets go, and the listing of one behind it is older than that."""

    def __init__(self, client, other, proxy):
        self.proxy = proxy
        self.watched = []
        self.lease = Task(client, grab, ZkLock(client, NAME)).result()
        wait_until(lambda: Op.SET_WATCHES in proxy.requests)  # on its own node
        proxy.on_request(lambda frame: self.watched.append(frame.payload), Op.SET_WATCHES)
        self._listing = proxy.hold_reply(Op.GET_CHILDREN)
        self.deletion = proxy.hold_reply(Op.DELETE)
        self.second = Task(client, grab, ZkLock(client, NAME))
        self._listing.wait(10)
        self._client, self._other = client, other

    def let_go(self):
        """The listing is there then, and the answer to the deletion not."""
        self.release = Task(self._client, self.lease.release)
        wait_until(lambda: len(queue(self._other)) == 1)
        wait_until(lambda: self.proxy.requests[Op.DELETE] > 1)
        self._listing.release()
        self.deletion.wait(10)
        name = self.lease.path.rpartition("/")[2]
        going = session_of(self._client).departures._going
        wait_until(lambda: going.get(name), what="the second to wait for that")


@pytest.fixture
def crossing(zk, zk_client_factory, zk_proxy):
    """Both by a client behind the proxy, with a session in which zktools seldom asks by itself."""
    client = zk_client_factory(zk_proxy.hosts, timeout=20.0)
    with ZkLock(client, NAME):
        pass
    return Crossing(client, zk, zk_proxy)


def test_it_is_not_watched(crossing):
    """Its client hears of it sooner from the deletion than from a watch."""
    crossing.let_go()
    assert not crossing.second.is_over
    crossing.deletion.release()

    assert crossing.second.result().is_held
    assert crossing.release.result()
    assert not [each for each in crossing.watched if crossing.lease.path.encode() in each]


def test_the_connection_breaks(crossing):
    """Whether it let go nobody knows; the queue is listed again, and goes on."""
    crossing.let_go()
    crossing.proxy.cut()

    assert crossing.second.result(20).is_held


def test_it_could_not_let_go(crossing, zk):
    """Somebody destroyed it before. The queue is listed again, and goes on."""
    zk.delete(crossing.lease.path)
    crossing.let_go()
    crossing.deletion.release()

    assert crossing.second.result().is_held
    assert not crossing.release.result()


def test_an_end_that_nobody_tells_of(zk):
    """Not every name ends: who asks for one that does not is told so at once."""
    departures, told = Departures(), []
    assert not departures.await_end("a", lambda: told.append("a"))
    departures.begin("b")
    assert departures.await_end("b", lambda: told.append("b"))
    departures.begin("b")  # twice released
    assert told == []
    departures.end("b", is_gone=True)
    assert told == ["b"]
    assert list(departures.gone) == ["b"]
    departures.end("c", is_gone=False)
    assert list(departures.gone) == ["b"]

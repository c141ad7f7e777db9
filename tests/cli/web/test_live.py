"""Pages that keep themselves up to date, and what that costs ZooKeeper."""

import threading
from collections import Counter
from contextlib import ExitStack

from tests.cli.web.support import until
from zktools import Configuration, ZkWriteLock
from zktools.cli.web import looks, opened
from zktools.testing import Op, wait_until

READS = {
    Op.EXISTS,
    Op.GET_DATA,
    Op.GET_CHILDREN,
    Op.GET_CHILDREN2,
    Op.GET_ACL,
    Op.SYNC,
    Op.PING,
    Op.MULTI_READ,
    Op.SET_WATCHES,
    Op.REMOVE_WATCHES,
    Op.CREATE_SESSION,
    Op.CLOSE_SESSION,
}
PAGES = [
    ("/", {}),
    ("/locks", {}),
    ("/locks/queue", {"name": "busy"}),
    ("/semaphores", {}),
    ("/elections", {}),
    ("/groups", {}),
    ("/groups", {"path": "/nix"}),
    ("/partitions", {"path": "/nix"}),
    ("/configuration", {}),
    ("/configuration", {"path": "/config/shop"}),
    ("/configuration/history", {"path": "/config/shop"}),
    ("/configuration/differences", {"path": "/config/shop", "a": "1"}),
    ("/configuration/at", {"path": "/config/shop", "version": "1"}),
]


def test_news_are_pushed(site, hold, queue_up):
    """A grant, a queue and its end reach the page without a request of its own."""
    with site.live("/locks") as events:
        until(events, "There are no locks")
        lease = hold("busy", identifier="the holder")
        until(events, "(the holder)")
        waiting = queue_up("busy", identifier="the next")
        until(events, "(the next)")
        waiting.cancel()
        lease.release()
        until(events, "0 of 1 held")


def test_a_page_in_which_nothing_happens_is_not_sent_again(site, hold):
    """Ages grow: they are sent alone, in the order of the places that show them."""
    hold("one")
    hold("two")
    with site.live("/locks") as events:
        assert next(events)[0] == "fragment"
        name, ages = next(events)

    assert name == "ages"
    assert len(ages) == 2
    assert all(age.endswith("s") for age in ages)


def test_a_configuration_is_live(serve, zk, zk_client_factory, zk_proxy, monkeypatch):
    """By its watches: a change is shown, and while nothing changes nothing is asked."""
    monkeypatch.setattr(opened, "_ANYWAY", 1000.0)
    config = Configuration(zk, "/config/shop")
    config["pool"] = 10
    site = serve(zk_client_factory(zk_proxy.hosts))
    with site.live("/configuration", path="/config/shop") as events:
        until(events, "<pre>10</pre>")
        assert _is_quiet(lambda: zk_proxy.requests - Counter({Op.PING: zk_proxy.pings}))
        config["pool"] = 20
        until(events, "<pre>20</pre>")


def test_what_was_missing_is_shown_once_it_is_there(site, hold):
    """And what is gone is said to be."""
    with site.live("/locks/queue", name="late") as events:
        until(events, "there is no lock late")
        hold("late", identifier="the holder")
        until(events, "(the holder)")


def test_many_readers_cost_what_one_costs(serve, zk_client_factory, zk_proxy, hold):
    """Twenty open pages of the same make no request more than one; when they are left, none."""
    for name in ("a", "b", "c"):
        hold(name)
    client = zk_client_factory(zk_proxy.hosts)
    site = serve(client)

    def rounds():
        """Listings of the root: one for each look."""
        return zk_proxy.requests[Op.GET_CHILDREN]

    with ExitStack() as stack:
        streams = [stack.enter_context(site.live("/locks")) for _ in range(20)]
        for events in streams:
            assert next(events)[0] == "fragment"
        first = rounds()
        for events in streams:
            next(events)  # the ages, of a second later
        looks = rounds() - first
    # Four listings a look, ten looks a second at the most; it is let go soon after.
    assert 0 < looks <= 4 * 30
    wait_until(lambda: _is_quiet(rounds), timeout=20)


def _is_quiet(count):
    """Whether nothing is asked for as long as five looks take."""
    before = count()
    threading.Event().wait(0.5)
    return count() == before


def test_nothing_is_written(serve, zk, zk_client_factory, zk_proxy, hold):
    """All pages together send requests that read, and no others; the tree is as it was.

    A transaction that consists of a check is how a history is read as a majority knows it.
    """
    with Configuration(zk, "/config/shop", history=5) as config:
        config["pool"] = 10
    hold("busy")
    client = zk_client_factory(zk_proxy.hosts)
    before, tree = zk_proxy.requests, nodes(zk)
    site = serve(client)
    for path, query in PAGES:
        assert site.get(path, **query).status == 200, path
        with site.live(path, **query) as events:
            assert next(events)[0] == "fragment"

    sent = {op for op, count in (zk_proxy.requests - before).items() if count}
    assert sent
    assert sent <= READS | {Op.MULTI}
    assert nodes(zk) == tree


def nodes(client, path="/"):
    """Every node, with what tells of any change of it."""
    stat = client.get(path)[1]
    found = {path: (stat.mzxid, stat.pzxid, stat.version, stat.aversion)}
    for name in client.get_children(path):
        found |= nodes(client, f"{path.rstrip('/')}/{name}")
    return found


def test_an_outage(serve, zk_client_factory, zk_proxy, hold):
    """What was seen last stays, with its age, and goes on when ZooKeeper is back."""
    hold("busy", identifier="the holder")
    site = serve(zk_client_factory(zk_proxy.hosts))
    with site.live("/locks") as events:
        until(events, "(the holder)")
        zk_proxy.refuse()
        zk_proxy.cut()
        during = until(events, "ZooKeeper does not answer. This is how it was")[-1]
        assert "(the holder)" in during
        zk_proxy.heal()
        again = until(events, "1 of 1 held")[-1]
    assert "does not answer" not in again


def test_too_much_at_once(site, monkeypatch):
    """What is looked at is limited; who was there first goes on."""
    monkeypatch.setattr(looks, "_MOST", 2)
    with ExitStack() as stack:
        for path in ("/a", "/b"):
            next(stack.enter_context(site.live("/groups", path=path)))
        refused = site.get("/groups", path="/c")
        assert site.get("/groups", path="/a").status == 200

    assert refused.status == 503
    assert "close one" in refused.text
    wait_until(lambda: site.get("/groups", path="/c").status == 200)


def test_a_holder_that_was_seen_waiting(site, hold, zk):
    """For how long it has held the lock is known to a look, not to its time in the queue."""
    lease = hold("busy")
    lock = ZkWriteLock(zk, "busy", identifier="the next")
    waiting = threading.Thread(target=lock.acquire)
    with site.live("/locks/queue", name="busy") as events:
        waiting.start()
        until(events, "1 waiting")
        lease.release()
        until(events, "0 waiting")
        known = next(data for name, data in events if name == "ages" and "<" not in data[0])
        waiting.join(20)

    assert known

"""What the pages show, and what they do not."""

import threading
from contextlib import suppress

import pytest
from kazoo.security import make_digest_acl

from zktools import Configuration, Election, Group, Partitions, ZkReadLock, ZkSemaphore, ZkWriteLock
from zktools.exceptions import LockCancelled
from zktools.testing import wait_until

HOSTILE = "<script>alert('x')</script>"


def test_locks_as_zooky_lists_them(site, hold, queue_up, zk):
    """Holder, for how long, how many wait, who is next; the longest queue first; free ones, too."""
    zk.ensure_path("/ZktoolsLocks/idle")
    hold("calm")
    hold("busy", identifier="the holder")
    queue_up("busy", identifier="the next")
    text = site.get("/locks").text

    assert "2 of 3 held, 1 waiting" in text
    assert text.index("busy") < text.index("calm") < text.index("idle")
    assert "(the holder)" in text
    assert "(the next)" in text


def test_searching(site, hold, zk):
    """By name, and by what those in the queue say of themselves; only what is held, if wanted."""
    zk.ensure_path("/ZktoolsLocks/idle")
    hold("one", identifier="Alice")
    hold("two", identifier="Bob")

    assert "two" not in site.get("/locks", q="ONE").text
    assert "one" in site.get("/locks", q="alice").text
    assert "two" not in site.get("/locks", q="alice").text
    assert "idle" not in site.get("/locks", only="held").text
    assert "None of 3 fits" in site.get("/locks", q="nix").text


def test_a_queue_in_order(site, hold, queue_up):
    """All in the queue of one lock, and a drawing of who waits for whom."""
    lease = hold("busy", identifier="first")
    queue_up("busy", ZkReadLock, identifier="second")
    queue_up("busy", identifier="third")
    page = site.get("/locks/queue", name="busy")
    table = page.html.partition("<tbody>")[2]

    assert table.index("first") < table.index("second") < table.index("third")
    assert str(lease.token) in table
    assert 'aria-label="second waits for first; third waits for second"' in page.html


def test_who_was_asked_and_by_whom(site, hold, zooky):
    """A holder that was asked to let go is marked."""
    hold("busy")
    zooky("revoke", "busy", "--yes")

    assert "asked to let go" in site.get("/locks").text
    assert "Asked by" in site.get("/locks/queue", name="busy").text


def test_semaphores_and_elections(site, zk, zk_client_factory):
    """How many permits are taken; who leads, and what it publishes."""
    ZkSemaphore(zk, "uploads", 3, identifier="uploader").acquire(weight=2)
    election = Election(zk_client_factory(), "scheduler", identifier="the leader")
    with election.lead(data={"address": "10.0.0.7:80"}):
        assert "2 of 3" in site.get("/semaphores").text
        assert "(the leader)" in site.get("/elections").text
        assert '{"address": "10.0.0.7:80"}' in site.get("/elections").text
        assert '"address": "10.0.0.7:80"' in site.get("/elections/queue", name="scheduler").text
    election.close()


def test_groups_and_partitions(site, zk):
    """Who is here and what each says; how many items each has, and who has which."""
    with (
        Group(zk, "/shop/workers") as group,
        group.join("worker-1", {"address": "10.0.0.9"}),
        Partitions(zk, "/shop/tenants", ["acme", "globex"], name="member-1") as partitions,
    ):
        wait_until(lambda: len(partitions.mine) == 2)
        members = site.get("/groups", path="/shop/workers").text
        shares = site.get("/partitions", path="/shop/tenants").text

    assert "1 in /shop/workers" in members
    assert "worker-1" in members
    assert '{"address": "10.0.0.9"}' in members
    assert "member-1 2 0" in shares
    assert "acme member-1" in shares


def test_threads_that_wait_for_each_other(site, zk, zk_client_factory):
    """A circle is named on the overview, whatever else there is, and red in the drawing."""
    clients, names = [zk, zk_client_factory()], ["left", "right"]
    others = [ZkWriteLock(clients[mine], names[1 - mine]) for mine in range(2)]
    barrier = threading.Barrier(2)

    def work(mine):
        with ZkWriteLock(clients[mine], names[mine]), suppress(LockCancelled):
            barrier.wait(20)
            others[mine].acquire(timeout=20)

    threads = [threading.Thread(target=work, args=(i,), name=f"worker {i}") for i in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: site.get("/").text.count("waits for") >= 2)
    page = site.get("/")
    for lock in others:
        lock.cancel()
    for thread in threads:
        thread.join(20)

    assert "They wait for each other" in page.text
    assert "worker 0 waits for right" in page.text
    assert 'class="line circle"' in page.html


@pytest.fixture
def config(zk):
    """A configuration with a history."""
    with Configuration(
        zk, "/config/shop", history=9, secret=["db/password"], author="ann"
    ) as found:
        yield found


def test_values_are_readable(site, config):
    """Each with its type; text as it is, also of several lines; nested values indented."""
    config.store({"pem": "-----BEGIN\nabc", "size": 10, "list": ["a", 1], "path": "caf\xe9"})
    page = site.get("/configuration", path="/config/shop")

    assert "<pre>-----BEGIN\nabc</pre>" in page.html
    assert "size int 10" in page.text
    assert "[\n  &#34;a&#34;,\n  1\n]" in page.html
    assert "path text caf\xe9" in page.text
    assert "size" not in site.get("/configuration", path="/config/shop", q="pem").text


def test_history_and_differences(site, config):
    """Who stored what and why, newest first; what differs between versions; what was there."""
    config.store({"db": {"pool": 10}, "old": 1}, note="the first")
    config.store({"db": {"pool": 20}, "new": 2}, remove=["old"], note="more")
    config.tag("sale")
    history = site.get("/configuration/history", path="/config/shop").text
    query = {"path": "/config/shop", "a": "1", "b": "2"}
    differences = site.get("/configuration/differences", **query).text
    past = site.get("/configuration/at", path="/config/shop", version="1").text

    assert history.index("more") < history.index("the first")
    assert "~ db/pool = 10 -> 20" in history
    assert "sale" in history
    assert "~ db/pool 10 20" in differences
    assert "+ new 2" in differences
    assert "- old 1" in differences
    assert "old int 1" in past


def test_secrets_are_not_shown(serve, config):
    """Neither those that who stored has marked, nor those that the command line names.

    Not their values now, nor those in records of before they were marked, nor in differences.
    """
    Configuration(config._client, "/config/shop", history=9).store({"api": {"key": "hunter1"}})
    config.store({"db": {"password": "hunter2"}, "api": {"key": "hunter3"}})
    site = serve(secrets=["api"])
    for path, query in [
        ("/configuration", {}),
        ("/configuration/history", {}),
        ("/configuration/differences", {"a": "1", "b": "2"}),
        ("/configuration/differences", {"a": "1"}),
        ("/configuration/at", {"version": "1"}),
        ("/configuration/at", {"version": "2"}),
    ]:
        page = site.get(path, path="/config/shop", **query)
        assert page.status == 200, page.text
        assert "hunter" not in page.html
        assert "(secret)" in page.text


def test_what_an_acl_hides_is_marked(serve, zk, zk_client_factory):
    """A lock, a part of a configuration, a whole root: named, and the rest is there."""
    ours = [make_digest_acl("ann", "secret", all=True)]
    owner = zk_client_factory(auth_data=[("digest", "ann:secret")])
    owner.ensure_path("/ZktoolsLocks")
    owner.create("/ZktoolsLocks/closed", acl=ours)
    owner.create("/ZktoolsSemaphores", acl=ours)
    zk.ensure_path("/ZktoolsLocks/open")
    Configuration(zk, "/config/shop").store({"open": 1})
    owner.create("/config/shop/closed", b"hunter2", acl=ours)
    site = serve(zk)
    locks, values = site.get("/locks").text, site.get("/configuration", path="/config/shop").text

    assert "closed No access" in locks
    assert "open Free" in locks
    assert "closed : an ACL refuses to read it" in values
    assert "open int 1" in values
    assert "hunter2" not in values
    assert site.get("/semaphores").status == 403
    assert "Semaphores No access" in site.get("/").text
    assert site.get("/locks/queue", name="closed").status == 403


def test_everything_is_escaped(site, hold, queue_up, zk, config):
    """Whoever may write chooses names, identifiers, values and notes; none becomes a part of it."""
    name = HOSTILE.replace("/", "")
    hold(name, identifier=HOSTILE)
    queue_up(name, identifier='"><img src=x onerror=alert(1)>')
    config.store(
        {HOSTILE.replace("/", "\\"): HOSTILE, "bidi": "\u202egpj.exe\x1b[2J"}, note=HOSTILE
    )
    config.store({HOSTILE.replace("/", "\\"): 1}, note=HOSTILE)
    with Group(zk, "/g") as group, group.join(name, HOSTILE):
        pages = [
            site.get("/"),
            site.get("/locks", q=HOSTILE),
            site.get("/locks"),
            site.get("/locks/queue", name=name),
            site.get("/groups", path="/g"),
            site.get("/groups", path=f"/{HOSTILE}"),
            site.get("/groups", **{"in": "/g"}),
            site.get("/configuration", path="/config/shop"),
            site.get("/configuration", path="/config/shop", q=HOSTILE),
            site.get("/configuration/history", path="/config/shop"),
            site.get("/configuration/differences", path="/config/shop", a="1"),
            site.get("/configuration/at", path="/config/shop", version=HOSTILE),
            site.get(f"/{HOSTILE}"),
        ]

    for page in pages:
        assert "<script>" not in page.html
        assert "<img" not in page.html
        assert "\u202e" not in page.html
        assert "\x1b" not in page.html
    assert HOSTILE in pages[3].text
    assert r"\u202egpj.exe\x1b[2J" in pages[7].text


def test_pages_are_bounded(site, config, zk):
    """A value of many bytes is cut, and that more was there is said."""
    config.store({"big": "x" * 300_000})
    zk.create("/ZktoolsLocks/long" + "y" * 5000, makepath=True)
    page = site.get("/configuration", path="/config/shop")

    assert "and 298000 characters more" in page.text
    assert len(page.html) < 20_000
    assert len(site.get("/configuration/history", path="/config/shop").html) < 20_000


def test_what_is_not_there(site, zk):
    """A status, and a message with the remedy; the page goes on looking."""
    missing = site.get("/locks/queue", name="nix")

    assert missing.status == 404
    assert "there is no lock nix" in missing.text
    assert 'data-live="/live/locks/queue?name=nix"' in missing.html
    assert site.get("/nix").status == 404
    assert site.get("/configuration", path="/nix").status == 404
    assert site.get("/configuration", path="nix").status == 400
    assert site.get("/configuration", path="/").status == 400
    assert site.get("/locks/queue", name="a/b").status == 400


def test_finding_a_path(serve, config):
    """What the command line offers, configurations that have a history, and the nodes there are."""
    config.store({"db": {"pool": 10}})
    site = serve(offered={"groups": ["/shop/workers"]})

    assert "/shop/workers" in site.get("/groups").text
    assert "/config/shop" in site.get("/configuration").text
    assert 'href="/configuration?path=/config"' in site.get("/configuration").html
    assert (
        "Nodes in /config Up to / shop in it"
        in site.get("/configuration", **{"in": "/config"}).text
    )

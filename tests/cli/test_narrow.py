"""What operators look at, on terminals as they are: narrow, interrupted, with locks of others."""

import re

import pytest
from kazoo.security import make_digest_acl

from zktools.cli.health import compared, parsed
from zktools.testing import wait_until

ANSWER = """Zookeeper version: 3.8.0
Latency min/avg/max: 0/0.75/12
Connections: 1
Zxid: 0x10000001a
Mode: {mode}
"""


@pytest.fixture
def busy(hold, queue_up):
    """A lock with long names in its queue."""
    hold("a-lock-with-a-long-name", identifier="the nightly report of the shop")
    queue_up("a-lock-with-a-long-name", identifier="another report that has to wait")


@pytest.fixture
def forbidden(zk):
    """A lock that nobody but its owner may read."""
    acl = [make_digest_acl("owner", "secret", all=True)]
    zk.ensure_path("/ZktoolsLocks")
    zk.create("/ZktoolsLocks/forbidden", acl=acl)
    yield
    zk.add_auth("digest", "owner:secret")


def shown(screen):
    """The lines on the screen, without what moves the cursor."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.text)
    return [line.rstrip() for line in text.replace("\r", "").split("\n") if line.strip()]


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("command", ["list", "show", "top"])
def test_one_line_a_row(screen, busy, command, columns):
    """Nothing is folded; the holder's process is there."""
    words = {"show": ["show", "a-lock-with-a-long-name"], "top": ["top", "--once"]}
    looking = screen(*words.get(command, [command]), size=(24, columns))
    assert looking.end() == 0
    lines = shown(looking)
    headings = {"list": "LOCK", "top": "LOCK", "show": ""}[command]
    start = next(i for i, line in enumerate(lines) if "FOR" in line and headings in line)
    rows = {"list": 1, "show": 2, "top": 1}[command]

    assert max(map(len, lines[start : start + 1 + rows])) <= columns
    assert " pid " in lines[start + 1]
    assert len(lines) == start + 1 + rows or "SERVER" in lines[start + 1 + rows]


def test_lock_that_may_not_be_read(zooky, hold, forbidden):
    """It is a row of its own; the others are shown as ever."""
    hold("mine")
    lines = zooky("list").stdout.splitlines()

    assert [line.split()[:3] for line in lines[1:]] == [
        ["forbidden", "No", "access"],
        ["mine", "Locked", lines[2].split()[2]],
    ]
    assert "No access" in zooky("top", "--once").stdout
    assert [lock["state"] for lock in zooky.json("list")] == ["no access", "locked"]
    assert zooky("show", "forbidden").exit_code == 5


def test_list_of_what_is_held_or_waited_for(zooky, hold, queue_up, zk):
    """--held and --waiting leave the rest out."""
    hold("busy")
    queue_up("busy")
    hold("calm")
    zk.ensure_path("/ZktoolsLocks/idle")

    assert [lock["lock"] for lock in zooky.json("list", "--held")] == ["busy", "calm"]
    assert [lock["lock"] for lock in zooky.json("list", "--waiting")] == ["busy"]


def test_none_of_the_wanted(zooky, zk):
    """It does not say that there are no locks at all."""
    zk.ensure_path("/ZktoolsLocks/idle")

    assert zooky("list", "--held").stdout == "There are no such locks under /ZktoolsLocks.\n"


def test_prune(zooky, hold, zk):
    """Empty folders go; what is used, or keeps data, stays."""
    hold("used")
    for name in ("one", "two"):
        zk.ensure_path(f"/ZktoolsLocks/{name}")
    zk.create("/ZktoolsLocks/keeps", b"data")
    result = zooky("prune", "--yes")

    assert result.stdout == "Removed 2 of 2 locks that nobody used.\n"
    assert sorted(zk.get_children("/ZktoolsLocks")) == ["keeps", "used"]
    assert zooky.json("prune", "--yes") == {"removed": []}


def test_prune_asks(zooky, zk):
    """Without a yes nothing is done."""
    zk.ensure_path("/ZktoolsLocks/idle")
    result = zooky("prune", answer="n\n")

    assert result.exit_code == 1
    assert "idle" in result.stderr
    assert zk.exists("/ZktoolsLocks/idle")


@pytest.mark.slow
def test_top_on_a_low_screen(screen, hold, queue_up):
    """The longest queue first, as many locks as there is room for, how many more; the servers."""
    for name in ("calm-1", "calm-2", "calm-3", "calm-4", "calm-5", "busy"):
        hold(name)
    queue_up("busy")
    top = screen("top", size=(10, 120))
    top.expect("standalone")
    top.type("q")

    assert top.end() == 0
    assert "busy" in top.text
    assert "calm-2" in top.text
    assert "calm-3" not in top.text
    assert "and 3 more; zooky list has them all" in top.text


def test_top_ends_with_q(screen, hold):
    """Without Enter."""
    hold("busy")
    top = screen("top")
    top.expect("busy")
    top.type("q")

    assert top.end() == 0


@pytest.mark.slow
def test_top_keeps_what_it_saw_through_an_outage(on_proxy, hold, zk_proxy):
    """The last table stays, with its age, and goes on when ZooKeeper answers again."""
    lease = hold("busy")
    top = on_proxy("top", "--interval", "100ms", "--session-timeout", "4s")
    top.expect("busy")
    zk_proxy.refuse()
    zk_proxy.cut()
    top.expect("This is how it was")
    wait_until(lambda: "busy" in "".join(shown(top)[-3:]))  # it is drawn line by line
    lease.release()
    zk_proxy.heal()
    top.expect("0 held")
    top.type("q")

    assert top.end() == 0


def test_health_of_the_server(zooky, zk_hosts):
    """Who it is, what it does, and how quick it is."""
    (server,) = zooky.json("top", "--once")["servers"]

    assert (server["address"], server["mode"]) == (zk_hosts, "standalone")
    assert server["latency"] >= 0
    assert "standalone" in zooky("top", "--once").stdout


def test_health_of_an_ensemble():
    """The leader first; who is behind, and how far; who does not serve."""
    leader = parsed("b:1", ANSWER.format(mode="leader"), 7)
    late = parsed("a:1", ANSWER.format(mode="follower").replace("1a", "10"), None)
    apart = parsed("c:1", "This ZooKeeper instance is not currently serving requests\n", None)
    servers = compared([late, apart, leader])

    assert [server.mode for server in servers] == ["leader", "follower", "does not serve"]
    assert [server.behind for server in servers] == [0, 10, None]
    assert (servers[0].latency, servers[0].watches) == (0.75, 7)

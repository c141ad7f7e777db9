"""zooky config watch: names what cannot be read, and goes on."""

import json
import signal

import pytest
from kazoo.security import OPEN_ACL_UNSAFE, make_acl

from zktools.cli.config import following
from zktools.cli.config.following import Following
from zktools.cli.config.presenting import Unreadable
from zktools.testing import wait_until

BLIND = [make_acl("world", "anyone", write=True, create=True, delete=True, admin=True)]
WHY = "an ACL refuses to read it, and hides what is below"
HIDDEN = Unreadable(WHY)


@pytest.fixture
def follow(zk_client_factory, monkeypatch):
    """Call it with a path and a prefix: what watch follows, all read again at every turn."""
    monkeypatch.setattr(following, "LOOK_AGAIN", 0.05)
    opened = []

    def make(path, prefix=""):
        opened.append(Following(zk_client_factory(), path, prefix))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.mark.slow
def test_keys_that_may_not_be_read_are_named(start, zk):
    """At first, and when one is made later; the others go on."""
    zk.create("/c/a", b"1", makepath=True)
    zk.create("/c/shut", b"2", acl=BLIND)
    people, program = start("config", "watch", "/c"), start("config", "watch", "/c", "--json")
    program.expect("{")
    wait_until(lambda: len(people.lines) == 2)
    zk.create("/c/later", b"3", acl=BLIND)
    program.expect('{"added": {"later"')
    wait_until(lambda: len(people.lines) == 3)
    zk.set("/c/a", b"4")
    program.expect('{"added": {}, "changed": {"a"')
    wait_until(lambda: len(people.lines) == 4)
    for each in (people, program):
        each.send(signal.SIGINT)
        assert each.end() == 130

    assert [line.partition(" ")[2] for line in people.lines] == [
        "+ a = 1",
        f"+ shut = ({WHY})",
        f"+ later = ({WHY})",
        "~ a = 1 -> 4",
    ]
    assert json.loads(program.lines[0])["added"] == {"a": 1, "shut": {"unreadable": WHY}}


def test_permission_that_is_withdrawn_is_no_removal(follow, zk):
    """The server keeps the news back, so all is read again; granted again, the value is shown."""
    zk.create("/c/s/a", b"1", makepath=True)
    config = follow("/c")
    assert config.next().values == {"s/a": b"1"}
    zk.set_acls("/c/s/a", BLIND)
    assert config.next().values == {"s/a": HIDDEN}
    zk.set_acls("/c/s/a", OPEN_ACL_UNSAFE)
    assert config.next().values == {"s/a": b"1"}


@pytest.mark.parametrize("path", ["/c", "/c/s"])
def test_a_section_that_is_hidden_later(follow, zk, path):
    """It is named, its keys that are known stay, and whoever watches below it is told as well."""
    zk.create("/c/s/a", b"1", makepath=True)
    whole, part = follow("/c"), follow("/c", "s/a")
    assert whole.next() == part.next()
    zk.set_acls(path, BLIND)
    key = path[3:]
    for config in (whole, part):
        assert config.next().values == {"s/a": b"1", key: HIDDEN}
    zk.set("/c/s/a", b"2")
    for config in (whole, part):
        assert config.next().values == {"s/a": b"2", key: HIDDEN}


@pytest.mark.slow
def test_a_path_that_is_not_there_is_said_and_waited_for(start, zk):
    """It may be mistyped; also where it is deleted later."""
    watch = start("config", "watch", "/typo")
    watch.expect("zooky: note: there is nothing at /typo; waiting", watch.errors)
    zk.create("/typo", b"1")
    assert watch.expect("").endswith(' + "" = 1')
    zk.delete("/typo")
    watch.expect("zooky: note: there is nothing any more at /typo", watch.errors)
    zk.create("/typo/a", b"2", makepath=True)
    wait_until(lambda: watch.lines[-1].endswith(" + a = 2"))

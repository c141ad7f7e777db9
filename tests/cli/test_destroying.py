"""remove, clear and revoke: say what, ask, and refuse when it is not as it was."""

import threading
from functools import partial

import pytest
from kazoo.security import make_acl, make_digest_acl

from tests.cli.support import Zooky
from zktools import ZkReadLock, ZkWriteLock
from zktools.cli import clear as clear_module
from zktools.cli import conditional, looking
from zktools.cli import remove as remove_module
from zktools.cli import revoke as revoke_module
from zktools.testing import wait_until


@pytest.fixture
def meanwhile(monkeypatch):
    """Call it with a function: it runs after the operator has seen what will be done."""

    def install(happening):
        for module in (clear_module, remove_module, revoke_module):
            agreed = module.confirm

            def confirm(*arguments, _agreed=agreed, **options):
                _agreed(*arguments, **options)
                happening()

            monkeypatch.setattr(module, "confirm", confirm)

    return install


def test_remove_asks(zooky, zk):
    """It says what it will do, and does it only for a yes."""
    zk.ensure_path("/ZktoolsLocks/idle")
    refused = zooky("remove", "idle", answer="n\n")

    assert refused.exit_code == 1
    assert "the empty node /ZktoolsLocks/idle" in refused.stderr
    assert zk.exists("/ZktoolsLocks/idle")
    assert zooky("remove", "idle", answer="y\n").exit_code == 0
    assert zk.exists("/ZktoolsLocks/idle") is None


@pytest.mark.parametrize("command", ["remove", "clear", "revoke"])
def test_nobody_to_ask(zooky, zk, hold, command):
    """Without an answer and without --yes nothing is done."""
    if command == "remove":
        zk.ensure_path("/ZktoolsLocks/it")
    else:
        hold("it")
    result = zooky(command, "it")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "zooky: nothing was done: no answer; --yes goes on unasked"
    )
    assert zk.exists("/ZktoolsLocks/it")


def test_remove_yes(zooky, zk):
    """--yes is for scripts."""
    zk.ensure_path("/ZktoolsLocks/idle")

    assert zooky("remove", "idle", "--yes").exit_code == 0
    assert zooky("remove", "idle", "--yes").exit_code == 3


def test_remove_in_use(zooky, hold):
    """A lock somebody uses is not removed, and the remedy is named."""
    hold("busy")
    result = zooky("remove", "busy", "--yes")

    assert result.exit_code == 4
    assert "zooky clear busy" in result.stderr


def test_remove_that_was_taken_meanwhile(zooky, zk, hold, meanwhile):
    """Free when it was shown, used when it should go: refused."""
    zk.ensure_path("/ZktoolsLocks/idle")
    meanwhile(lambda: hold("idle"))
    result = zooky("remove", "idle", "--yes")

    assert result.exit_code == 4
    assert "in use" in result.stderr
    assert zk.exists("/ZktoolsLocks/idle")


def test_clear(zooky, hold, queue_up, zk):
    """All that was in the queue is destroyed; who waited queues again and gets the lock."""
    lease = hold("busy")
    queue_up("busy")
    result = zooky("clear", "busy", answer="y\n")

    assert result.exit_code == 0
    assert result.stdout == "Cleared busy: 2 destroyed.\n"
    assert result.stderr.count(" pid ") == 2  # both were named before
    assert lease.lost.wait(10)


def test_clear_refused_when_somebody_left(zooky, hold, meanwhile):
    """The queue is not as it was shown: nothing is destroyed."""
    first, second = hold("busy", ZkReadLock), hold("busy", ZkReadLock)
    meanwhile(first.release)
    result = zooky("clear", "busy", "--yes")

    assert result.exit_code == 4
    assert "has left since it was shown" in result.stderr
    assert second.exists()


def test_clear_refused_when_somebody_was_asked(zooky, hold, zk, meanwhile):
    """A node was written to since it was shown."""
    lease = hold("busy")
    meanwhile(ZkWriteLock(zk, "busy").revoke_all)
    result = zooky("clear", "busy", "--yes")

    assert result.exit_code == 4
    assert "was changed since" in result.stderr
    assert lease.exists()


def test_clear_leaves_newcomers(zooky, hold, zk, meanwhile):
    """Who joined after the queue was shown is not destroyed."""
    hold("busy", ZkReadLock)
    newcomers = []
    meanwhile(lambda: newcomers.append(hold("busy", ZkReadLock)))

    assert zooky("clear", "busy", "--yes").exit_code == 0
    assert newcomers[0].exists()


def test_clear_free(zooky, zk):
    """Nothing to do is no failure."""
    zk.ensure_path("/ZktoolsLocks/idle")

    assert zooky("clear", "idle").exit_code == 0
    assert zooky("clear", "nix").exit_code == 3


def test_revoke_asks_the_holder(zooky, hold, queue_up, zk):
    """The holder is told; those who wait are not."""
    lease = hold("busy")
    queue_up("busy")
    result = zooky("revoke", "busy", "--yes")

    assert result.exit_code == 0
    assert "was asked to let go" in result.stdout
    assert result.stdout.endswith("See when they have let go: zooky wait busy --holders\n")
    wait_until(lambda: lease.revoked)
    assert lease.is_held
    assert [c.asked for c in ZkWriteLock(zk, "busy").contenders()] == [True, False]


def test_revoke_with_grace(zooky, hold):
    """One lets go in time, the other is destroyed when the time is over."""
    willing = hold("busy", ZkReadLock, identifier="willing")
    stubborn = hold("busy", ZkReadLock, identifier="stubborn")
    threading.Thread(
        target=lambda: wait_until(lambda: willing.revoked) and willing.release()
    ).start()
    outcomes = zooky.json("revoke", "busy", "--grace", "700ms", "--yes")["holders"]

    assert [(h["who"]["identifier"], h["outcome"]) for h in outcomes] == [
        ("willing", "let go"),
        ("stubborn", "destroyed"),
    ]
    assert stubborn.lost.wait(10)


def test_revoke_now(zooky, hold):
    """Destroyed, without asking."""
    lease = hold("busy")
    result = zooky("revoke", "busy", "--now", answer="y\n")

    assert result.exit_code == 0
    assert "even while still at work" in result.stderr
    assert lease.lost.wait(10)


def test_revoke_now_refused_when_changed(zooky, hold, meanwhile):
    """The holder that was shown has left: the next one is not hit in its place."""
    first = hold("busy")
    nexts = []

    def hand_over():
        first.release()
        nexts.append(hold("busy"))

    meanwhile(hand_over)

    assert zooky("revoke", "busy", "--now", "--yes").exit_code == 4
    assert nexts[0].exists()


def test_revoke_of_one_who_left(zooky, hold, meanwhile):
    """Asked too late: nobody was asked, and that is said."""
    first = hold("busy")
    nexts = []

    def hand_over():
        first.release()
        nexts.append(hold("busy"))

    meanwhile(hand_over)
    result = zooky("revoke", "busy", "--yes")

    assert result.exit_code == 4
    assert not nexts[0].revoked


def test_revoke_free(zooky, zk):
    """Nobody to ask is no failure."""
    zk.ensure_path("/ZktoolsLocks/idle")

    assert zooky("revoke", "idle").stdout == "idle is free: there was nobody to ask.\n"


def test_now_and_grace(zooky):
    """They exclude each other."""
    result = zooky("revoke", "busy", "--now", "--grace", "1s")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_no_permission(zooky, hold, zk, zk_client_factory, hosts):
    """An ACL refuses: status 5, and what to do."""
    acl = [make_digest_acl("user", "secret", all=True)]
    owner = zk_client_factory(auth_data=[("digest", "user:secret")])
    assert ZkWriteLock(owner, "private", acl=acl).acquire()
    result = zooky("show", "private")

    assert result.exit_code == 5
    assert "--auth" in result.stderr
    login = ["--auth", "digest:user:secret"]
    assert zooky("show", "private", *login).exit_code == 0
    assert Zooky(hosts)("show", "private", ZOOKY_AUTH="digest:user:secret").exit_code == 0
    assert zooky("revoke", "private", "--now", "--yes", *login).exit_code == 0
    owner.delete("/ZktoolsLocks", recursive=True)


def make_anew(zk, path):
    """Delete a lock's folder, and make it and a candidate in it again."""
    zk.delete("/ZktoolsLocks/it", recursive=True)
    zk.create(path, b"theirs", makepath=True)


@pytest.mark.parametrize("command", [["clear", "it"], ["revoke", "it", "--now"]])
def test_a_newcomer_of_the_same_name_is_not_hit(zooky, zk, meanwhile, command):
    """Candidates of 0.2 have no GUID: where the folder was made anew, names begin again."""
    path = "/ZktoolsLocks/it/lock-0000000000"
    zk.create(path, b"theirs", makepath=True)

    meanwhile(partial(make_anew, zk, path))
    result = zooky(*command, "--yes")

    assert result.exit_code == 4
    assert "has left" in result.stderr
    assert zk.exists(path)


@pytest.fixture
def between(monkeypatch):
    """Call it with a function: it runs once, after it was seen that nobody is another one."""

    def install(happening):
        todo = [happening]

        def remaining(*arguments):
            found = looking.remaining(*arguments)
            while todo:
                todo.pop()()
            return found

        monkeypatch.setattr(conditional, "remaining", remaining)

    return install


NAMES = ["lock-0000000000", "0123456789abcdef0123456789abcdef__lock__0000000000"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [["clear", "it"], ["revoke", "it", "--now"]])
def test_a_newcomer_of_the_last_moment_is_not_hit(zooky, zk, between, command, name):
    """The folder is made anew after it was seen that the candidates are those that were shown."""
    path = f"/ZktoolsLocks/it/{name}"
    zk.create(path, b"theirs", makepath=True)

    between(partial(make_anew, zk, path))
    result = zooky(*command, "--yes")

    assert result.exit_code == 4
    assert "has left" in result.stderr
    assert zk.exists(path)


def test_a_newcomer_is_not_hit_when_grace_is_over(zooky, zk, between):
    """The one that was asked has left: the other one's lock stays."""
    path = "/ZktoolsLocks/it/lock-0000000000"
    zk.create(path, b"theirs", makepath=True)

    def made_anew():
        zk.delete("/ZktoolsLocks/it", recursive=True)
        zk.create(path, makepath=True)
        zk.set(path, b"theirs")  # as often as the other one, that was asked

    between(made_anew)
    outcomes = zooky.json("revoke", "it", "--grace", "10ms", "--yes")["holders"]

    assert [each["outcome"] for each in outcomes] == ["let go"]
    assert zk.get(path)[0] == b"theirs"


@pytest.mark.parametrize("command", [["clear", "it"], ["revoke", "it", "--now"]])
def test_another_lock_that_is_made_meanwhile_is_no_obstacle(zooky, zk, between, command):
    """It is looked again; and nothing of the guard is left."""
    zk.create("/ZktoolsLocks/it/lock-0000000000", b"", makepath=True)
    between(lambda: zk.create("/ZktoolsLocks/other"))

    assert zooky(*command, "--yes").exit_code == 0
    assert zk.get_children("/ZktoolsLocks/it") == []
    assert sorted(zk.get_children("/ZktoolsLocks")) == ["it", "other"]


def test_being_sure_takes_permissions_where_names_can_come_again(zooky, hold, zk):
    """Without them nothing is done, and they are named; a GUID needs none."""
    zk.create("/ZktoolsLocks/old/lock-0000000000", b"", makepath=True)
    lease = hold("new")
    zk.set_acls("/ZktoolsLocks", [make_acl("world", "anyone", read=True, admin=True)])
    refused = zooky("clear", "old", "--yes")

    assert refused.exit_code == 5
    assert "permissions to create and to delete in /ZktoolsLocks" in refused.stderr
    assert zk.exists("/ZktoolsLocks/old/lock-0000000000")
    assert zooky("clear", "new", "--yes").exit_code == 0
    assert lease.lost.wait(10)

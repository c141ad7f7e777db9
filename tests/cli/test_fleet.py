"""Semaphores, elections, groups and partitions, as zooky shows and runs them."""

import re

import pytest

from tests.cli.support import python
from tests.locks.support import Task
from zktools import Election, Group, Partitions, ZkSemaphore
from zktools.testing import wait_until

SEMAPHORES = ("--lock-root", "/ZktoolsSemaphores")
ELECTIONS = ("--root", "elections")
UNTIL_TERM = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("leads", os.environ["ZKTOOLS_TOKEN"])
signal.sigwait([signal.SIGTERM])
print("ends")
"""


class TestSemaphores:
    """Who has how many permits, of how many."""

    def test_list_and_show(self, zooky, zk):
        """The state says how many are taken; each holder its weight."""
        slots = ZkSemaphore(zk, "slots", permits=8, identifier="ana")
        with slots(weight=3):
            (listed,) = zooky.json("list", *SEMAPHORES)
            shown = zooky("show", "slots", *SEMAPHORES).stdout
            top = zooky("top", "--once", *SEMAPHORES).stdout

        assert (listed["state"], listed["permits"]) == ("3 of 8", 8)
        assert [holder["weight"] for holder in listed["holders"]] == [3]
        assert "WEIGHT" in shown
        assert "permit" in shown
        assert "3 of 8" in top
        assert "0 of 8" in zooky("list", *SEMAPHORES).stdout
        assert "free" in zooky("show", "slots", *SEMAPHORES).stdout

    def test_revoke(self, zooky, zk):
        """A holder of permits is asked as any other."""
        slots = ZkSemaphore(zk, "slots", permits=8)
        with slots() as lease:
            assert zooky("revoke", "slots", "--yes", *SEMAPHORES).exit_code == 0
            wait_until(lambda: lease.revoked)

    def test_who_has_them(self, zooky, zk):
        """Who gets none is told where to look, and finds there who has them."""
        with ZkSemaphore(zk, "slots", permits=2, identifier="ana")(weight=2):
            done = zooky("run", "--permits", "2", "--timeout", "0", "slots", "true")
            hint = re.search(r"`zooky (.*)`", done.stderr)[1]

            assert hint == "show slots --root semaphores"
            assert "ana" in zooky(*hint.split()).stdout

    @pytest.mark.slow
    def test_run(self, start, zk):
        """A command takes permits of those there are, and as many run at a time."""
        slots = ZkSemaphore(zk, "slots", permits=3)
        with slots(weight=2):
            first = start("run", "--permits", "3", "slots", "--", "sh", "-c", "exit 7")
            assert first.end() == 7
            many = start(
                "run", "--permits", "3", "--weight", "2", "--timeout", "0", "slots", "true"
            )
            assert many.end() == 123

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--weight", "2"], "--weight goes with --permits"),
            (["--permits", "2", "--read"], "excludes --read"),
            (["--permits", "2", "--weight", "3"], "more than there is"),
            (["--permits", "2", "--layout", "kazoo"], "excludes --layout"),
        ],
    )
    def test_what_does_not_go_together(self, zooky, options, says):
        """It is said before anything is done."""
        done = zooky("run", *options, "slots", "true")

        assert done.exit_code == 125
        assert says in done.stderr

    def test_another_number(self, zooky, zk):
        """Who says another number of permits is told, and nothing is run."""
        ZkSemaphore(zk, "slots", permits=3).resize(3)

        done = zooky("run", "--permits", "4", "slots", "true")

        assert done.exit_code == 125
        assert "has 3 permits, not 4" in done.stderr


class TestElections:
    """A command for each term."""

    @pytest.mark.slow
    def test_a_term_after_the_other(self, start, zooky, zk, other):
        """Asked for, it is stopped; who comes next leads; then it runs again."""
        election, may_end = Election(other, "scheduler"), []

        def lead():
            with election.lead() as term:
                wait_until(lambda: may_end)
                return term.token

        first = start("elect", "scheduler", "--data", "here", *python(UNTIL_TERM))
        wait_until(lambda: first.lines)
        assert election.leader.data == "here"
        task = Task(zk, lead)
        wait_until(lambda: len(election.candidates()) == 2)

        assert zooky("revoke", "scheduler", "--yes", *ELECTIONS).exit_code == 0
        wait_until(lambda: first.lines[1:] == ["ends"])
        wait_until(lambda: election.leader.data is None)
        may_end.append(True)
        token = task.result()

        wait_until(lambda: len(first.lines) == 3)
        tokens = [int(line.split()[1]) for line in first.lines if line.startswith("leads")]
        assert tokens[0] < token
        assert tokens[0] < tokens[1]
        first.popen.terminate()
        assert first.end() == 0
        election.close()

    @pytest.mark.slow
    def test_the_end_of_the_command(self, start, zk):
        """What ends by itself ends zooky, with its status; nobody is left leading."""
        done = start("elect", "scheduler", "--", "sh", "-c", "exit 9")

        assert done.end() == 9
        assert Election(zk, "scheduler").candidates() == []

    @pytest.mark.slow
    def test_waiting_is_said_on_a_terminal(self, screen, zk):
        """Who leads meanwhile can be seen where it says."""
        with Election(zk, "scheduler") as election, election.lead():
            waiting = screen("elect", "scheduler", "--", "true")
            waiting.expect("`zooky show scheduler --root elections` tells who has it")

        assert waiting.end() == 0

    @pytest.mark.slow
    def test_ended_while_it_waits(self, start, zk):
        """A signal ends the waiting, and its candidate is gone."""
        election = Election(zk, "scheduler")
        with election.lead():
            waiting = start("elect", "scheduler", "--verbose", "true")
            wait_until(lambda: len(election.candidates()) == 2)
            waiting.popen.terminate()
            assert waiting.end() == 128 + 15
            wait_until(lambda: len(election.candidates()) == 1)

    def test_no_such_command(self, zooky):
        """It is said at once, and not when it leads."""
        assert zooky("elect", "scheduler", "no-such-command").exit_code == 127


class TestGroups:
    """Who is in a group."""

    def test_members(self, zooky, zk):
        """Names, data and sessions; nodes of no session are left out."""
        zk.create("/shop/workers/settings", b"1", makepath=True)
        with Group(zk, "/shop/workers") as group, group.join("ana", {"port": 80}):
            shown = zooky("members", "/shop/workers").stdout
            (member,) = zooky.json("members", "/shop/workers/")

        assert "ana" in shown
        assert "settings" not in shown
        assert (member["name"], member["data"]) == ("ana", '{"port": 80}')
        assert member["path"] == "/shop/workers/ana"
        assert member["session"] == f"{zk.client_id[0]:#x}"

    def test_nobody(self, zooky):
        """An empty group, or none at all, is said in words."""
        assert zooky("members", "/shop/none").stdout == "Nobody is in /shop/none.\n"
        assert zooky("members", "shop").exit_code == 2


class TestPartitions:
    """How items are shared out."""

    def test_partitions(self, zooky, zk):
        """A line for each member, one for each item, and what nobody has."""
        with Partitions(zk, "/shop/tenants", ["acme", "globex"], name="ana") as ana:
            wait_until(lambda: len(ana.mine) == 2)
            shown = zooky("partitions", "/shop/tenants").stdout
            items = zooky("partitions", "/shop/tenants", "--items").stdout
            found = zooky.json("partitions", "/shop/tenants")
            locks = zooky.json("list", "--lock-root", "/shop/tenants/items")
            tokens = {item: lease.token for item, lease in ana.mine.items()}

        assert shown.splitlines()[1].split()[:3] == ["2", "0", "ana"]
        assert [line.split()[:2] for line in items.splitlines()[1:]] == [
            ["acme", "ana"],
            ["globex", "ana"],
        ]
        assert {item: owner["token"] for item, owner in found.items()} == tokens
        assert {owner["owner"] for owner in found.values()} == {"ana"}
        assert [lock["lock"] for lock in locks] == ["acme", "globex"]
        assert "(nobody)" in zooky("partitions", "/shop/tenants").stdout
        assert zooky.json("partitions", "/shop/tenants") == {"acme": None, "globex": None}

    def test_none(self, zooky):
        """No items are said in words."""
        assert zooky("partitions", "/shop/none").stdout == "There are no items in /shop/none.\n"

"""Partitions: each item is one member's, and no more moves than must."""

import time
from contextlib import suppress

import pytest
from kazoo.exceptions import NotEmptyError

from tests.live.support import eventually
from tests.locks.faces import ZkLock
from tests.locks.support import Task
from tests.partitions.conftest import ITEMS, PATH, Told, shared, tokens
from zktools import Partitions
from zktools._engine.clock import now
from zktools.exceptions import ClientUnusableError, ConflictError, NotConnectedError
from zktools.locks import Reason
from zktools.testing import Op, expire_session, wait_until


def names(owners):
    """Who has what, by name."""
    return {item: owner and owner.name for item, owner in owners.items()}


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestSharing:
    """Items are shared out, each to one."""

    def test_all_to_one(self, zk, member):
        """Who is alone has everything, with a lease for each, and is told of each once."""
        told = []
        ana = member(zk, "ana", before=lambda one: told.append(Told(one)))

        shared([ana])
        leases = ana.mine.values()
        assert all(lease.is_held and not lease.revoked for lease in leases)
        assert len({lease.token for lease in leases}) == len(ITEMS)
        eventually(
            lambda: sorted(told[0]), sorted(("assigned", *one) for one in tokens(ana).items())
        )

    def test_who_joins_takes_its_share_and_no_more(self, zk, other, zk_client_factory, member):
        """The others hold on to the rest: the same leases, never revoked, on the server too."""
        ana, ben = member(zk, "ana"), member(other, "ben")
        shared([ana, ben])
        before = tokens(ana) | tokens(ben)
        leases = ana.mine | ben.mine

        cleo = member(zk_client_factory(), "cleo")

        assert shared([ana, ben, cleo]) == [4, 4, 4]
        moved = set(cleo.mine)
        assert len(moved) == 4
        kept = tokens(ana) | tokens(ben)
        assert kept == {item: before[item] for item in ITEMS if item not in moved}
        assert {item for item, lease in leases.items() if lease.revoked} == moved
        assert all(tokens(cleo)[item] > before[item] for item in moved)
        assert {item: owner.token for item, owner in ana.owners().items()} == kept | tokens(cleo)

    def test_who_stops_lets_go_one_by_one(self, zk, other, member):
        """Each item once its work has ended, and the others take it over."""
        items, done = ITEMS[:4], zk.handler.queue_impl()
        ana = member(zk, "ana", items, before=lambda one: one.on_revoked(lambda *_: done.get()))
        shared([ana], items)
        ben = member(other, "ben", items)
        done.put(1)
        done.put(2)
        shared([ana, ben], items)

        stopping = Task(other, ana.stop)
        for item in list(ana.mine):  # the next owner waits for each already
            eventually(lambda item=item: len(zk.get_children(f"{PATH}/items/{item}")), 2)
        done.put(3)
        wait_until(lambda: len(ben.mine) == 3)
        (lease,) = ana.mine.values()
        assert lease.is_held
        assert lease.revoked
        done.put(4)

        assert stopping.result() is True
        assert ana.mine == {}
        shared([ben], items)

    def test_who_stops_and_does_not_end_its_work(self, zk, member):
        """It says so after the timeout, and has the item still."""
        hangs = zk.handler.event_object()
        ana = member(zk, "ana", ["a"], before=lambda one: one.on_revoked(lambda *_: hangs.wait(20)))
        shared([ana], ["a"])

        assert ana.stop(0.1) is False

        assert names(ana.owners()) == {"a": "ana"}
        hangs.set()
        eventually(lambda: names(ana.owners()), {"a": None})

    def test_owners(self, zk, other, member):
        """Anybody may ask the server who has what."""
        ana = member(zk, "ana")
        shared([ana])

        owners = Partitions(other, PATH, [*ITEMS, "nobody"]).owners()

        assert names(owners) == dict.fromkeys(ITEMS, "ana") | {"nobody": None}
        assert {item: owners[item].token for item in ITEMS} == tokens(ana)
        assert owners[ITEMS[0]].session_id == zk.client_id[0]
        assert not owners[ITEMS[0]].asked


@pytest.mark.every_face
class TestHandingOver:
    """An owner that is asked finishes, and lets go."""

    def test_not_before_its_work_has_ended(self, zk, other, member):
        """Asked for, an item stays its owner's until on_revoked has ended; one at a time is."""
        ending, may_end = [], zk.handler.event_object()

        def end(item, lease):
            ending.append((item, lease.is_held, lease.revoked))
            may_end.wait(20)

        ana = member(zk, "ana", before=lambda m: m.on_revoked(end))
        shared([ana])

        ben = member(other, "ben")
        wait_until(lambda: ending)
        (item, was_held, was_revoked), *others = ending

        assert (was_held, was_revoked, others) == (True, True, [])
        assert ana.mine[item].is_held
        assert names(ben.owners())[item] == "ana"
        assert ben.mine == {}
        may_end.set()
        shared([ana, ben])
        assert item in ben.mine

    def test_several_at_a_time(self, zk, other, member):
        """`moving` says how many items of others are asked for together."""
        together, three = [], zk.handler.event_object()

        def end(item, _lease):
            together.append(item)
            if len(together) == 3:
                three.set()
            three.wait(20)

        ana = member(zk, "ana", before=lambda one: one.on_revoked(end))
        shared([ana])

        ben = member(other, "ben", moving=3)

        shared([ana, ben])
        assert three.is_set()

    def test_an_owner_that_does_not_let_go(self, zk, other, member):
        """After `grace` it has lost the item, and knows; the one who asked has it."""
        items, hangs = ["a", "b"], zk.handler.event_object()
        ana = member(zk, "ana", items, before=lambda one: one.on_revoked(lambda *_: hangs.wait(20)))
        shared([ana], items)
        leases = ana.mine

        ben = member(other, "ben", items, grace=0.2)

        shared([ana, ben], items)
        (item,) = ben.mine
        assert not leases[item].is_held
        assert leases[item].lost.is_set()
        hangs.set()

    def test_what_callbacks_raise(self, zk, other, member, caplog):
        """It is logged, and neither keeps an item nor ends anything."""

        def fails(_item, _lease):
            raise SystemExit(f"of {_item}")

        def wants_to_fail(one):
            one.on_assigned(fails)
            one.on_revoked(fails)

        ana = member(zk, "ana", before=wants_to_fail)
        ben = member(other, "ben", before=wants_to_fail)

        shared([ana, ben])
        wait_until(lambda: caplog.text.count("SystemExit") >= len(ITEMS) + 6)

    def test_told_in_order(self, zk, member):
        """Of one item, on_revoked waits for on_assigned, and the next on_assigned for that."""
        told, may_go_on = [], zk.handler.event_object()

        def assigned(_item, lease):
            may_go_on.wait(20)
            told.append(("assigned", lease.token))

        def follow(one):
            one.on_assigned(assigned)
            one.on_revoked(lambda _, lease: told.append(("revoked", lease.token)))

        ana = member(zk, "ana", ["a"], before=follow)
        shared([ana], ["a"])
        first = ana.mine["a"]
        (node,) = zk.get_children(f"{PATH}/items/a")
        zk.delete(f"{PATH}/items/a/{node}")
        wait_until(first.lost.is_set)
        assert told == []
        may_go_on.set()

        shared([ana], ["a"])
        wanted = [("assigned", first.token), ("revoked", first.token)]
        eventually(lambda: told, [*wanted, ("assigned", tokens(ana)["a"])])


@pytest.mark.every_face
class TestItems:
    """What is shared out may change."""

    def test_items_come_and_go(self, zk, other, member):
        """What is new is taken, what is gone is let go of, the rest stays as it is."""
        told = []
        members = [
            member(zk, "ana", before=lambda one: told.append(Told(one))),
            member(other, "ben", before=lambda one: told.append(Told(one))),
        ]
        shared(members)
        before = tokens(members[0]) | tokens(members[1])
        first = [len(each) for each in told]  # what moved when the second came is another matter

        items = [*ITEMS[2:], "new-1", "new-2"]
        for one in members:
            one.items = items

        shared(members, items)
        after = tokens(members[0]) | tokens(members[1])

        def revoked():
            later = told[0][first[0] :] + told[1][first[1] :]
            return {item for kind, item, _ in later if kind == "revoked"}

        wait_until(lambda: revoked() >= set(ITEMS[:2]))
        gone = revoked()
        stayed = [item for item in ITEMS if item not in gone]
        assert [after[item] for item in stayed] == [before[item] for item in stayed]
        assert len(gone) <= 3
        eventually(lambda: zk.get_children(f"{PATH}/items/{ITEMS[0]}"), [])

    def test_weights(self, zk, other, member):
        """Who weighs twice as much has twice as many."""
        ana, ben = member(zk, "ana", weight=2), member(other, "ben")

        wait_until(lambda: (len(ana.mine), len(ben.mine)) == (8, 4), 10)
        assert ana.members == {"ana": 2.0, "ben": 1.0}

    def test_fewer_items_than_members(self, zk, other, member):
        """Each has one at most."""
        shared([member(zk, "ana", ["a"]), member(other, "ben", ["a"])], ["a"])

    def test_no_items(self, zk, member):
        """There may be none, for now."""
        ana = member(zk, "ana", [])
        assert ana.owners() == {}
        ana.items = ["a"]

        shared([ana], ["a"])


@pytest.mark.every_face
class TestFaults:
    """Members that die, sessions that end, nodes that are deleted."""

    @pytest.mark.slow
    def test_a_member_is_cut_off(self, zk, far, zk_proxy, member):
        """Its items are others' within its session timeout and a second, after it knew."""
        ana = member(far, "ana")
        ben = member(zk, "ben")
        shared([ana, ben])
        leases = ana.mine

        zk_proxy.refuse()
        zk_proxy.cut()
        began = time.monotonic()
        shared([ben])
        took = time.monotonic() - began

        assert not any(lease.is_held for lease in leases.values())
        assert all(lease.lost.is_set() for lease in leases.values())
        assert took < ana._session.wire.session_timeout + 1
        zk_proxy.heal()
        shared([ana, ben])

    def test_a_session_ends(self, far, zk_hosts, member):
        """What was held is told as revoked, and not held; in the next session it shares again."""
        told = []
        ana = member(far, "ana", before=lambda one: told.append(Told(one)))
        shared([ana])
        before = ana.mine

        expire_session(far, hosts=zk_hosts)

        wait_until(lambda: sum(kind == "revoked" for kind, *_ in told[0]) == len(ITEMS))
        assert {lease.reason for lease in before.values()} == {Reason.SESSION_LOST}
        assert not any(lease.is_held for lease in before.values())
        shared([ana])
        assert min(tokens(ana).values()) > max(lease.token for lease in before.values())

    def test_an_item_whose_end_hangs(self, far, zk_hosts, member):
        """It is not taken again, in a new session either, before its on_revoked has ended."""
        told, may_end = [], far.handler.event_object()

        def listen(one):
            told.append(Told(one))
            one.on_revoked(lambda *_: may_end.wait(30))

        ana = member(far, "ana", ["a"], before=listen)
        shared([ana], ["a"])
        lease = ana.mine["a"]
        expire_session(far, hosts=zk_hosts)
        wait_until(lease.lost.is_set)
        ana.items = ["a", "b"]

        wait_until(lambda: "b" in ana.mine)  # it is a member again
        assert names(ana.owners()) == {"a": None, "b": "ana"}
        may_end.set()
        shared([ana], ["a", "b"])
        assert tokens(ana)["a"] > lease.token

    def test_an_interruption(self, far, zk_proxy, member):
        """Where the session survives, all leases are held again, and nobody is told of anything."""
        told = []
        ana = member(far, "ana", before=lambda one: told.append(Told(one)))
        shared([ana])
        before = ana.mine

        zk_proxy.cut()
        wait_until(lambda: not any(lease.is_held for lease in before.values()))

        wait_until(lambda: all(lease.is_held for lease in before.values()))
        assert ana.mine == before
        assert {kind for kind, *_ in told[0]} == {"assigned"}

    def test_a_look_that_was_not_answered(self, zk_client_factory, zk_proxy, member):
        """Once connected again it looks anew, at once."""
        ana = member(zk_client_factory(zk_proxy.hosts, timeout=10.0), "ana")
        shared([ana])
        wait_until(lambda: not ana._balance._looking)
        hold = zk_proxy.hold_reply(Op.MULTI_READ)
        ana.items = [*ITEMS, "new"]
        hold.wait(5)

        zk_proxy.cut()
        hold.release()

        shared([ana], [*ITEMS, "new"])

    def test_what_has_changed_while_it_was_cut_off(self, zk_client_factory, zk_proxy, member):
        """It does not look without a connection, and does with the next one."""
        far = zk_client_factory(zk_proxy.hosts, timeout=10.0)
        ana = member(far, "ana")
        shared([ana])
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: not far.connected)
        ana.items = [*ITEMS, "new"]
        wait_until(lambda: len(ana._balance._items) > len(ITEMS) and ana._balance._timer)
        wait_until(lambda: ana._balance._timer[0] - now() > 5)  # it would have looked

        zk_proxy.heal()

        shared([ana], [*ITEMS, "new"])

    def test_who_was_replaced_does_not_queue_again(self, zk, other, far, zk_proxy, member, caplog):
        """What it waited for it does not want in a new session before it is a member again."""
        items, may_end = ["a", "b"], zk.handler.event_object()
        ana = member(zk, "ana", items, before=lambda m: m.on_revoked(lambda *_: may_end.wait(30)))
        shared([ana], items)
        ben = member(far, "ben", items)

        def queue():
            paths = [f"{PATH}/items/{item}" for item in items]
            return [f"{path}/{name}" for path in paths for name in zk.get_children(path)]

        wait_until(lambda: len(queue()) == 3)
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: "ben" not in ana.members)
        successor = member(other, "ben", items)
        zk_proxy.heal()
        wait_until(lambda: "has the name" in caplog.text)

        assert far.client_id[0] not in {zk.exists(path).ephemeralOwner for path in queue()}
        may_end.set()
        shared([ana, successor], items)
        assert ben.mine == {}

    def test_the_reply_to_the_creation_is_lost(self, zk, far, zk_proxy, member):
        """The item is taken all the same, with one node."""
        zk_proxy.drop_reply(Op.CREATE2, nth=3)

        ana = member(far, "ana")

        shared([ana])
        for item in ITEMS:
            eventually(lambda item=item: len(zk.get_children(f"{PATH}/items/{item}")), 1)

    @pytest.mark.slow
    def test_deleted_by_somebody(self, zk, member):
        """Whoever deletes the node of an item, or all folders, does not end the sharing."""
        ana = member(zk, "ana")
        shared([ana])
        for doomed in (f"{PATH}/items/{ITEMS[0]}", f"{PATH}/items", PATH):
            before = tokens(ana)[ITEMS[0]]
            with suppress(NotEmptyError):  # some is there again by then
                zk.delete(doomed, recursive=True)

            wait_until(lambda before=before: tokens(ana).get(ITEMS[0], 0) > before, 10)
            shared([ana])

    @pytest.mark.slow
    def test_what_one_let_go_of_and_another_is_to_take(self, zk, far, other, member):
        """Though no member comes or goes, whose turn it is hears of it soon."""
        items = ["a", "b", "c"]
        ben = member(far, "ben", items)
        shared([ben], items)
        ana = member(other, "ana", items)
        shared([ben, ana], items)
        assert len(ben.mine) == 2
        lost = next(iter(ben.mine))
        wait_until(lambda: ana._balance._timer[0] - now() > 15, 20)  # all is well, it has seen

        zk.delete(ben.mine[lost].path)

        wait_until(lambda: lost in ana.mine, 10)
        shared([ben, ana], items)

    def test_asked_by_an_operator(self, zk, other, member):
        """It is a lock as any: who asks has it, and when it is let go it is shared out again."""
        ana = member(zk, "ana", ["a"])
        shared([ana], ["a"])
        lock = ZkLock(other, "a", f"{PATH}/items")

        assert lock.acquire(timeout=5, revoke=True)
        assert not ana.mine
        lock.release()

        shared([ana], ["a"])

    def test_released_by_its_user(self, zk, member):
        """A lease that its user has released is not held on to: the item is shared out again."""
        ana = member(zk, "ana", ["a"])
        shared([ana], ["a"])
        lease = ana.mine["a"]

        lease._hold.release_later()
        ana.items = ["a"]

        wait_until(lambda: tokens(ana).get("a", 0) > lease.token)

    def test_a_name_in_use(self, zk, other, member):
        """A second member of the same name is refused, and the first one goes on."""
        ana = member(zk, "ana")
        shared([ana])

        with pytest.raises(ConflictError, match="has the name"):
            Partitions(other, PATH, ITEMS, name="ana").start(timeout=0.1)

        assert len(ana.mine) == len(ITEMS)

    @pytest.mark.slow
    def test_without_a_connection(self, zk, far, zk_proxy):
        """It is not started, and not later either."""
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: not far.connected)
        partitions = Partitions(far, PATH, ITEMS, name="ana")

        with pytest.raises(NotConnectedError):
            partitions.start(timeout=0.1)
        with pytest.raises(ClientUnusableError, match="started before"):
            partitions.start()
        zk_proxy.heal()
        wait_until(lambda: far.connected)

        assert zk.exists(f"{PATH}/members/ana") is None


class TestArguments:
    """What is passed in."""

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"items": "abc"}, "items must be a list of names"),
            ({"items": ["a/b"]}, "items must be one component"),
            ({"items": ["a", "b", "a"]}, "'a' is there more often"),
            ({"weight": 0}, "weight must be"),
            ({"weight": True}, "weight must be a number"),
            ({"moving": 0}, "moving must be"),
            ({"grace": -1}, "grace must be"),
            ({"name": ""}, "name must be"),
            ({"path": "shop"}, "path must be absolute"),
        ],
    )
    def test_bad_input(self, zk, wrong, says):
        """It is refused at the call, which names the argument; nothing is sent."""
        good = {"path": PATH, "items": ["a"]}

        with pytest.raises((TypeError, ValueError), match=says):
            Partitions(zk, **good | wrong)

        assert zk.get_children("/") == []

    def test_callbacks(self, zk):
        """They must be callable."""
        with pytest.raises(TypeError, match="callback must be callable"):
            Partitions(zk, PATH, ["a"]).on_revoked("stop")

    def test_started_once(self, zk):
        """A part that was stopped is not started again; stopping again does nothing."""
        with Partitions(zk, PATH, ["a"], name="ana") as ana:
            shared([ana], ["a"])
        assert ana.stop() is True

        with pytest.raises(ClientUnusableError, match="started before"):
            ana.start()


class TestEconomy:
    """What it costs."""

    def test_taking_a_share(self, zk, far, zk_proxy, member):
        """A newcomer needs a handful of requests for an item, and a few to look at all of them."""
        items = [f"shard-{number}" for number in range(60)]
        ana = member(zk, "ana", items)
        shared([ana], items)
        before = zk_proxy.requests

        ben = member(far, "ben", items, moving=5)

        shared([ana, ben], items)
        sent = zk_proxy.requests - before
        assert sent[Op.CREATE2] <= 32
        assert sum(sent.values()) <= 30 * 6 + 20

    @pytest.mark.slow
    def test_nothing_while_nothing_happens(self, far, zk_proxy, member):
        """What all items are held with is one proof of life, however many they are."""
        items = [f"shard-{number}" for number in range(60)]
        ana = member(far, "ana", items)
        shared([ana], items)
        wait_until(lambda: not ana._balance._looking)
        before = zk_proxy.requests

        wait_until(lambda: (zk_proxy.requests - before)[Op.MULTI] >= 5)

        sent = zk_proxy.requests - before
        assert set(sent) <= {Op.MULTI, Op.PING, Op.MULTI_READ, Op.SET_WATCHES}
        assert sent[Op.MULTI] <= 7
        assert sent[Op.MULTI_READ] <= 2

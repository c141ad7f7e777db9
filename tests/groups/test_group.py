"""Groups: who is here, and being one of them."""

import json

import pytest
from kazoo.security import make_digest_acl

from tests.groups.conftest import PATH
from tests.live.support import Calls, eventually
from tests.locks.support import Task
from zktools.exceptions import (
    AccessDeniedError,
    ClientUnusableError,
    ConflictError,
    NotConnectedError,
    ValueTooLargeError,
)
from zktools.group import MemberChanges
from zktools.testing import Op, expire_session, wait_until

NODE = f"{PATH}/ana"


def owner_of(zk, path=NODE):
    """The session that owns the node; None for no node."""
    stat = zk.exists(path)
    return None if stat is None else stat.ephemeralOwner


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestMembers:
    """Who is here, and what they say."""

    def test_join_and_leave(self, zk, other, groups):
        """Who joins is seen by all with its data, and gone once it has left."""
        here, there = groups(zk), groups(other)
        assert here.members == {}

        with here.join("ana", {"port": 8080}) as me:
            assert me.is_present
            assert owner_of(zk) == zk.client_id[0]
            eventually(lambda: there.members, {"ana": {"port": 8080}})
            assert "ana" in there
            assert len(there) == 1

        assert not me.is_present
        assert owner_of(zk) is None
        eventually(lambda: there.members, {})

    def test_what_one_does_oneself_is_seen_at_once(self, group):
        """When joining returns the group shows the member, when leaving does it does not."""
        for number in range(5):
            with group.join("ana", number):
                assert group.members == {"ana": number}
            assert group.members == {}

    def test_data_are_kept_up_to_date(self, zk, group):
        """What is assigned reaches the others; the last of several counts."""
        me = group.join("ana", "first")
        for value in ("second", "third", 4):
            me.data = value

        eventually(lambda: group.members, {"ana": 4})
        assert me.data == 4
        assert zk.get(NODE)[0] == b"4"

    def test_names_of_their_own(self, group):
        """Without a name each join has one of its own."""
        first, second = group.join(), group.join()

        assert first.name != second.name
        eventually(lambda: set(group.members), {first.name, second.name})

    def test_only_ephemeral_nodes_are_members(self, zk, group):
        """A node that belongs to no session is not a member, and is not waited for."""
        zk.create(f"{PATH}/settings", b"1")
        group.join("ana")

        assert set(group.wait_for(1, timeout=10)) == {"ana"}
        with pytest.raises(ConflictError, match="belongs to no session"):
            group.join("settings")

    def test_changes_come_in_one_call_for_each(self, zk, other, groups):
        """First all who are there as joined; then who joins, changes and leaves."""
        here, there = groups(zk), groups(other)
        me = here.join("ana", 1)
        eventually(lambda: there.members, {"ana": 1})
        calls = there.subscribe(Calls())

        me.data = 2
        calls.wait_for(MemberChanges({}, {}, {"ana": (1, 2)}))
        me.leave()
        calls.wait_for(MemberChanges({}, {"ana": 2}, {}))

        assert calls[0] == MemberChanges({"ana": 1}, {}, {})
        assert len(calls) == 3

    def test_wait_for_a_number(self, zk, other, groups):
        """It goes on once there are as many, and says who they are."""
        here, there = groups(zk), groups(other)
        here.join("ana", 1)
        task = Task(zk, there.wait_for, 2, timeout=10)

        here.join("ben", 2)

        assert task.result() == {"ana": 1, "ben": 2}

    def test_wait_for_a_condition(self, zk, group):
        """A function of the members is asked at each change."""
        me = group.join("ana", "working")
        task = Task(zk, group.wait_for, lambda m: set(m.values()) == {"done"}, timeout=10)

        me.data = "done"

        assert task.result() == {"ana": "done"}

    def test_time_runs_out(self, group):
        """Too few in time is an error that says how many there are."""
        group.join("ana")
        group.wait_for(1, timeout=10)

        with pytest.raises(TimeoutError, match="it has 1 members"):
            group.wait_for(2, timeout=0.05)

    def test_closing_leaves(self, zk, other, groups):
        """A group that is closed has left where it had joined, and can be read as it was."""
        here, there = groups(zk), groups(other)
        here.join("ana", 1)
        eventually(lambda: (here.members, there.members), ({"ana": 1}, {"ana": 1}))

        here.close()

        assert owner_of(zk) is None
        eventually(lambda: there.members, {})
        with pytest.raises(ClientUnusableError, match="closed"):
            here.join("ben")

    def test_of_one_name_there_is_one(self, group):
        """A second join of a client under the same name is refused, and the first stays."""
        me = group.join("ana", 1)

        with pytest.raises(ConflictError, match="already a member"):
            group.join("ana", 2)

        assert me.is_present
        me.data = 3
        eventually(lambda: group.members, {"ana": 3})

    def test_leave_and_join_again(self, group):
        """The name is free once left; leaving twice does nothing."""
        me = group.join("ana", 1)
        assert me.leave()
        again = group.join("ana", 2)

        assert me.leave()
        assert again.is_present
        eventually(lambda: group.members, {"ana": 2})


@pytest.mark.every_face
class TestNameInUse:
    """A name that somebody else's session has."""

    def test_it_is_waited_for(self, zk, far, zk_proxy, groups):
        """The node of the process before is waited for, and joined once it is gone."""
        zk.ensure_path(PATH)
        zk.create(NODE, b"old", ephemeral=True)
        group = groups(far)
        task = Task(zk, group.join, "ana", "new", timeout=10)
        wait_until(lambda: zk_proxy.requests[Op.EXISTS])  # looks at whose it is

        assert not task.is_over

        zk.delete(NODE)

        assert task.result().is_present
        eventually(lambda: group.members, {"ana": "new"})

    def test_who_has_it_is_said(self, zk, other, groups):
        """After the timeout the error names the session, and nothing is left behind."""
        groups(zk).join("ana", 1)
        group = groups(other)

        with pytest.raises(ConflictError, match=f"session 0x{zk.client_id[0] % 2**64:x} has"):
            group.join("ana", 2, timeout=0.3)

        assert owner_of(zk) == zk.client_id[0]
        assert zk.get(NODE)[0] == b"1"

    def test_leaving_spares_the_node_of_others(self, zk, other, groups):
        """Somebody deletes ours and takes the name: leaving does not touch their node."""
        group = groups(other)
        me = group.join("ana", 1)
        with zk.transaction() as t:
            t.delete(NODE)
            t.create(NODE, b"theirs", ephemeral=True)
        wait_until(lambda: not me.is_present)

        me.leave()

        assert owner_of(zk) == zk.client_id[0]


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestFaults:
    """Sessions that end, connections that break, replies that are lost."""

    def test_made_again_in_the_next_session(self, zk, far, groups):
        """When the session ends, the node is made again in the next, with the newest data."""
        group, watcher = groups(far), groups(zk)
        me = group.join("ana", 1)
        me.data = 2
        eventually(lambda: watcher.members, {"ana": 2})
        before = owner_of(zk)

        expire_session(far, hosts="{}:{}".format(*zk.hosts[0]))

        wait_until(lambda: owner_of(zk) not in (None, before))
        wait_until(lambda: me.is_present)
        eventually(lambda: watcher.members, {"ana": 2})

    def test_data_assigned_while_cut_off_go_along(self, zk, far, zk_proxy, groups):
        """What is assigned without a connection is written when there is one again."""
        me = groups(far).join("ana", 1)
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: not me.is_present)
        me.data = 2
        zk_proxy.heal()

        eventually(lambda: zk.get(NODE)[0], b"2")
        wait_until(lambda: me.is_present)

    def test_the_reply_to_the_creation_is_lost(self, zk, far, zk_proxy, groups):
        """The node is found to be one's own after all: joined, and left again without a trace."""
        group = groups(far)
        zk_proxy.drop_reply(Op.CREATE2)

        me = group.join("ana", 1)

        assert owner_of(zk) == far.client_id[0]
        assert me.leave()
        assert owner_of(zk) is None

    def test_the_reply_to_a_write_is_lost(self, zk, far, zk_proxy, groups):
        """The data are written again."""
        me = groups(far).join("ana", 1)
        zk_proxy.drop_reply(Op.SET_DATA)

        me.data = 2
        me.data = 3

        eventually(lambda: zk.get(NODE)[0], b"3")
        wait_until(lambda: me.is_present)

    def test_the_reply_to_the_deletion_is_lost(self, zk, far, zk_proxy, groups):
        """Leaving ends, and the node is gone."""
        me = groups(far).join("ana", 1)
        zk_proxy.drop_reply(Op.DELETE)

        me.leave()

        wait_until(lambda: owner_of(zk) is None)

    def test_leaving_while_cut_off(self, zk, far, zk_proxy, groups):
        """It returns at once with False; the node goes as soon as there is a connection."""
        me = groups(far).join("ana", 1)
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: not me.is_present)

        assert me.leave() is False
        zk_proxy.heal()

        wait_until(lambda: owner_of(zk) is None)

    @pytest.mark.slow
    def test_deleted_by_somebody(self, zk, other, groups):
        """Whoever deletes the node, or the whole folder, does not end the membership."""
        me = groups(other).join("ana", 1)
        for doomed in (NODE, NODE, NODE, "/shop"):  # the moment of each is another
            before = zk.exists(NODE).czxid
            zk.delete(doomed, recursive=True)

            wait_until(lambda before=before: (s := zk.exists(NODE)) and s.czxid > before)
            wait_until(lambda: me.is_present)

    def test_not_joined_without_a_connection(self, zk, far, zk_proxy, groups):
        """A join that cannot be sent in time is an error, and is not made later."""
        group = groups(far)
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: not far.connected)

        with pytest.raises(NotConnectedError, match="not joined within"):
            group.join("ana", timeout=0.1)
        zk_proxy.heal()

        group.join("ben")
        assert zk.get_children(PATH) == ["ben"]


def test_a_thousand_members_cost_a_handful_of_requests(zk, far, zk_proxy, groups):
    """To open a group of a thousand, and to be told of one more."""
    zk.ensure_path(PATH)
    for first in range(0, 1000, 200):
        t = zk.transaction()
        for number in range(first, first + 200):
            t.create(f"{PATH}/{number}", b"%d" % number, ephemeral=True)
        t.commit()
    before = zk_proxy.requests.total()
    group = groups(far)
    opened = zk_proxy.requests.total() - before

    zk.create(f"{PATH}/one-more", ephemeral=True)
    assert len(group.wait_for(1001, timeout=10)) == 1001

    assert opened <= 12  # in steps that grow: of a new folder nobody knows how large its nodes are
    assert zk_proxy.requests.total() - before - opened <= 4


@pytest.mark.every_face
class TestBadInput:
    """Wrong arguments are refused at the call, and leave nothing behind."""

    @pytest.mark.parametrize("arguments", [{"name": "a/b"}, {"name": ""}, {"timeout": -1}])
    def test_join(self, zk, group, arguments):
        """A name that is none, or a time that is none."""
        with pytest.raises(ValueError, match=next(iter(arguments))):
            group.join(**arguments)

        assert zk.get_children(PATH) == []

    def test_too_much_data(self, group):
        """More than fits into a node, when joining and when assigning; the old data stay."""
        with pytest.raises(ValueTooLargeError, match="data"):
            group.join("ana", "x" * 2_000_000)
        me = group.join("ana", 1)
        with pytest.raises(ValueTooLargeError, match="data"):
            me.data = "x" * 2_000_000

        assert me.data == 1

    @pytest.mark.parametrize("condition", [True, "3", None])
    def test_wait_for(self, group, condition):
        """What is neither a number nor a function."""
        with pytest.raises(TypeError, match="condition"):
            group.wait_for(condition)

    def test_an_acl_refuses(self, zk, other, groups):
        """Who may list and not create is told so."""
        secret = [make_digest_acl("root", "secret", all=True)]
        readable = [*secret, make_digest_acl("reader", "x", read=True)]
        zk.add_auth("digest", "root:secret")
        other.add_auth("digest", "reader:x")
        zk.ensure_path(PATH, acl=readable)

        with pytest.raises(AccessDeniedError):
            groups(other).join("ana")
        zk.delete("/shop", recursive=True)


def test_members_data_by_a_codec(zk, groups):
    """Data that the codec cannot decode are in `errors`, and that member is not shown."""

    class Ports:
        def encode(self, value):
            return json.dumps(value).encode()

        def decode(self, data):
            return int(data)

    group = groups(zk, codec=Ports())
    group.join("ana", 8080)
    zk.create(f"{PATH}/odd", b"x", ephemeral=True)

    eventually(lambda: (group.members, list(group.errors)), ({"ana": 8080}, ["odd"]))

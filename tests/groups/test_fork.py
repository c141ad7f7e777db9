"""Who was a member before a fork: the parent is, and its child leaves nothing."""

from tests.groups.conftest import PATH
from tests.live.test_fork import in_child
from zktools import Group, Partitions
from zktools.testing import wait_until


def test_a_child_is_no_member(zk):
    """It is not present, and ends each ``with`` at once, without an error; the parent stays."""

    def child():
        assert not me.is_present
        assert not me.leave()
        group.close()

    with Group(zk, PATH) as group, group.join("web") as me:
        assert in_child(child) == ""
        assert me.is_present
        assert list(group.members) == ["web"]


def test_a_child_shares_nothing(zk):
    """It has no item and ends its ``with`` at once; the parent's stay where they are."""

    def child():
        assert part.mine == {}
        assert not part.stop()

    with Partitions(zk, PATH, ["a", "b"], name="web") as part:
        wait_until(lambda: len(part.mine) == 2, what="both items")
        assert in_child(child) == ""
        assert all(lease.is_held for lease in part.mine.values())
        assert {owner.name for owner in part.owners().values()} == {"web"}

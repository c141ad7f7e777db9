"""Making sure that nothing was created in a folder since it was listed: pure.

ZooKeeper checks versions of data, not of listings, nor czxids: a node that was deleted and made
again, and written as often, passes every check for the one that was read. But the number that it
gives to a sequential node is that of the nodes ever created beside it. So a transaction that
creates one, and deletes it under the number that is due by the listing, is made only if nothing was
created meanwhile; then every node that is listed is the one that was read. Nobody sees that node.

It takes the permissions to create and to delete in the folder.
"""

from __future__ import annotations

from zktools._live.entry import Entry
from zktools._live.moment import child
from zktools._live.transaction import Op

#: What the name of such a node begins with.
GUARD = "zktools-guard-"


def guard(path: str, folder: Entry) -> list[Op]:
    """The operations that refuse what follows if something was created in the folder at `path`."""
    name = child(path, GUARD)
    return [Op("sequence", name), Op("delete", f"{name}{folder.created:010d}")]


def is_guard(op: Op) -> bool:
    """Whether `op` is one of those."""
    return op.path.rpartition("/")[2].startswith(GUARD)

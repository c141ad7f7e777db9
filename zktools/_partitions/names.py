"""How candidates for an item are called: like those of locks, with a tag of the member. Pure.

``lock-<tag>-<guid>-0000000007``, so that one listing tells who has an item and who queues for it.
To all who do not know of tags they are locks of zktools.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from zktools._queue.layouts import ZKTOOLS, OwnLayout
from zktools._queue.order import Candidate

_TAG = re.compile(r"lock-([0-9a-f]{16})-[0-9a-f]{32}-")


@lru_cache(maxsize=4096)
def tag_of(member: str) -> str:
    """What stands for the member of this name; of two, it is never the same in practice."""
    return blake2b(member.encode(), digest_size=8).hexdigest()


def tag_in(name: str) -> str | None:
    """The tag in a candidate's name; None if it is not a member's."""
    found = _TAG.match(name)
    return found[1] if found else None


def last_in(names: Iterable[str]) -> str | None:
    """The candidate that is to have the item in the end, when all ahead of it have let go."""
    queue = ZKTOOLS.queue(names)
    return queue[-1].name if queue else None


def first_in(names: Iterable[str]) -> str | None:
    """The candidate that has the item."""
    queue = ZKTOOLS.queue(names)
    return queue[0].name if queue else None


class MemberLayout(OwnLayout):
    """That of zktools, with the tag of one member in the names that it makes."""

    def __init__(self, member: str) -> None:
        super().__init__()
        self._member = tag_of(member)

    def prefix(self, kind: str, guid: str, weight: int = 1) -> str:
        """See :class:`~zktools._queue.layouts.Layout`."""
        return super().prefix(kind, f"{self._member}-{guid}", weight)

    def _parse(self, name: str) -> Candidate | None:
        found = super()._parse(name)
        if found is None or found.guid is None or tag_in(name) is None:
            return found
        return found._replace(guid=found.guid.partition("-")[2])

"""How much may be asked for at a time, when nobody knows how large nodes are: pure.

The server builds a reply in memory, several times over, and dies of one that is too large; a
listing tells names and no sizes. So sizes are estimated, and what is asked for is bounded by that.
At first it is a few nodes of any size. Then it is by the mean of those that were read, with one of
the largest kind added, as if it had been missed by chance: each step asks for a few times as many
nodes as are known by then, and when they turn out large, for fewer. That is sound as long as nodes
are read in an order that has nothing to do with their sizes.
"""

from __future__ import annotations

#: Bytes under way for one client, as far as sizes are known or estimated.
REPLY = 4_000_000
#: Nodes of which nothing is known that are asked for at once: 16 MB, if all are of the largest.
FIRST = 16
#: Bytes of the largest node that a server takes by default.
LARGEST = 1_000_000


class Sizes:
    """What is known of the sizes of nodes that were asked for together."""

    __slots__ = ("_bytes", "_nodes")

    def __init__(self) -> None:
        self._nodes = self._bytes = 0

    def learn(self, size: int, nodes: int = 1) -> None:
        """A node that nothing was known of has this many bytes; or several have, together."""
        self._nodes += nodes
        self._bytes += size

    def estimate(self, size: int | None) -> int:
        """Bytes to reckon with for a node that had `size` bytes, None when it was never read."""
        if size is not None:
            return size
        if not self._nodes:
            return REPLY // FIRST
        return (self._bytes + LARGEST) // (self._nodes + 1)

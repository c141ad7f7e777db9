"""Until when a session cannot have ended, by what one of its connections has shown. Pure.

The leader alone ends sessions. It counts the session timeout *T* from when it last heard of the
client, and a follower tells it of its clients only every half tick. So a request that a follower
has answered proves nothing yet: cut off from its leader the next moment, the follower never tells.
But a request that needed a *quorum* went through the leader, on the connection on which all that
the follower had to tell half a tick earlier had gone before. Hence two rules.

**A sign of life counts once a quorum has answered another, sent a quarter of T later.** The
shortest timeout that ZooKeeper grants is two ticks (unless ``minSessionTimeout`` says otherwise),
so a quarter of it is half a tick at least. Zktools asks every sixth of T, so one sign of life may
go unreported, or two, and the third counts.

**What was before the first** is what kazoo has sent: it says something every third of T, or 0.4 s
where that is longer. And opening a connection counts by itself, at the time of asking for it: a
follower asks the leader before it lets a session in.

The session cannot end before *counted + T*. Belief ends sooner: :data:`SAFE` of T after the newest
proof at the latest, so that who has to stop has time to.
"""

from __future__ import annotations

from collections import deque

#: The part of the session timeout, after the newest proof, in which the session is believed in.
SAFE = 2 / 3
#: The part of it after which what a follower has heard is told to the leader.
REPORTED = 1 / 4
#: Entries kept of what was sent in a quarter of the timeout.
_GRAINS = 6
_NEVER = float("-inf")


class Life:
    """What one connection has shown of its session.

    `timeout`: seconds that the server granted; less where the same session was granted less
    before, or somebody has said so. A leader that was elected since, or a follower that still has
    something to tell, may go by the smaller one.
    `opened`: when the connection was asked for; -inf where zktools was not there to see it.
    """

    def __init__(
        self, session_id: int | None, timeout: float, opened: float, before: Life | None = None
    ) -> None:
        self.session_id = session_id
        self.timeout = timeout
        self.is_proven = False
        """Whether a quorum has answered on this connection."""
        self.newest = _NEVER
        """When the newest request that a quorum answered was sent; of the whole session."""
        self.until = _NEVER
        """Until when the session is believed in. Where it is not proven here: by what was before,
        or, if that is sooner, because this connection was opened."""
        self._opened = opened
        self._sent: deque[float] = deque()
        if before is not None and before.session_id == session_id:
            self.timeout = min(timeout, before.timeout)
            self.newest = before.newest
            self.until = min(before.until, opened + self.timeout)

    @property
    def ends_at(self) -> float:
        """When the server ends the session if it hears nothing more, all being well."""
        return self.newest + self.timeout

    def limit(self, timeout: float) -> None:
        """The server grants no more than that, somebody says who should know."""
        if timeout < self.timeout:
            self.until -= self.timeout - timeout
            self.timeout = timeout

    def confirm(self, sent: float) -> None:
        """A quorum has answered what was sent then, on this connection."""
        self.is_proven = True
        if sent <= self.newest:
            return
        self.newest = sent
        told = sent - REPORTED * self.timeout
        if not self._sent or sent - self._sent[-1] >= REPORTED * self.timeout / _GRAINS:
            self._sent.append(sent)
        while len(self._sent) > 1 and self._sent[1] <= told:
            self._sent.popleft()
        oldest = self._sent[0] if self._sent[0] <= told else _NEVER
        counted = max(self._opened, oldest, told - _silence(self.timeout))
        self.until = min(sent + SAFE * self.timeout, counted + self.timeout)


def _silence(timeout: float) -> float:
    """How long kazoo may say nothing: a third of the timeout, and what it adds by chance."""
    return max(timeout / 3, 0.4)

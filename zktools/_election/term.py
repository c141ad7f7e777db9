"""What a leader has in hand, whatever face it leads by: a lease, and how it speaks and yields."""

from __future__ import annotations

from typing import Any

from kazoo.exceptions import NoNodeError

from zktools._election.leader import check_data, with_data
from zktools._engine.arguments import check_name
from zktools._engine.multi import refusal
from zktools._engine.steps import Steps
from zktools._queue import record
from zktools._queue.contenders import candidates
from zktools._queue.layouts import ZKTOOLS
from zktools._queue.tenure import Tenure
from zktools.exceptions import ConflictError, LockLost, MissingNodeError, translate


class AnyTerm(Tenure):
    """One term: from when it began until it is over."""

    @property
    def revoked(self) -> bool:
        """Whether to stop: asked back, destroyed, lost, or handed over. Never goes back to False.

        Who hands it over may be another thread than the one that does the work.
        """
        return super().revoked or self._hold.is_released

    def _publishing(self, data: object) -> Steps[None]:
        """Write `data` into our own node, beside what others may have written there."""
        check_data(data)
        session, path = self._hold.session, self.path
        session.check_process()
        while True:
            self._refuse_if_over()
            try:
                read = session.ask(session.client.get_async, path)
                old, stat = yield from session.answer(read, f"reading {path}")
                new = record.encode(with_data(record.decode(old) or {}, data))
                written = session.ask(session.client.set_async, path, new, stat.version)
                yield from session.answer(written, f"publishing in {path}", changes=True)
            except MissingNodeError:
                raise LockLost(f"{path} is gone: nothing was published") from None
            except ConflictError:
                continue  # somebody asked us to let go
            return

    def _handing_over(self, candidate: str) -> Steps[bool]:
        """Have `candidate` lead next: take out those between, who queue again, and let go."""
        check_name(candidate, "candidate")
        session, (folder, _, own) = self._hold.session, self.path.rpartition("/")
        session.check_process()
        doing = f"handing over {folder}"
        while True:
            self._refuse_if_over()
            queue = yield from candidates(session, folder, ZKTOOLS)
            request = session.client.transaction()
            request.check(self.path, -1)
            request.check(f"{folder}/{candidate}", -1)
            for name in _between(folder, [each.name for each in queue], own, candidate):
                request.delete(f"{folder}/{name}")
            answered = session.ask(request.commit_async)
            results: list[Any] = yield from session.answer(answered, doing, changes=True)
            refused = refusal(results)
            if refused is None:
                return (yield from self._releasing())
            if not isinstance(refused[1], NoNodeError):  # who left meanwhile is not in the next
                raise translate(refused[1], doing) from refused[1]


def _between(folder: str, names: list[str], own: str, candidate: str) -> list[str]:
    """Who waits between the leader and the candidate."""
    if own not in names:
        raise LockLost(f"{folder}/{own} is gone: nothing was done")
    if candidate == own or candidate not in names:
        raise MissingNodeError(f"{candidate!r} does not wait in {folder}: nothing was done")
    return names[names.index(own) + 1 : names.index(candidate)]

"""Ways to break zktools' recipes, in the process that calls them: the campaign must catch each."""

from __future__ import annotations

from typing import Any

from zktools._live.member import Member
from zktools._partitions import place
from zktools._partitions.balance import Balance
from zktools._queue.order import Standing


def greedy() -> None:
    """A semaphore has one permit more than it says."""
    is_free = Standing.is_free

    def more(standing: Standing, left: Any) -> bool:
        room = standing.room + 1 if standing.room > 0 else standing.room
        return is_free(standing._replace(room=room), left)

    Standing.is_free = more  # type: ignore[method-assign]


def hoarder() -> None:
    """Who has seen all items shared out once is content, and looks at them no more."""
    look, decided = Balance._look, Balance._decided
    content: set[Any] = set()

    def once(balance: Any) -> None:
        if balance not in content:
            look(balance)

    def note(balance: Any, decision: Any, epoch: int) -> None:
        decided(balance, decision, epoch)
        if decision.is_settled:
            content.add(balance)

    Balance._look, Balance._decided = once, note  # type: ignore[method-assign]


def taker() -> None:
    """Who wants an item has it at once, whoever has it: nobody is waited for."""
    blocks = place.Claim._wait_for

    def grant(claim: Any, found: Any, attempt: Any) -> None:
        if "/shares/items/" in claim.terms.folder:
            claim._grant()
        else:
            blocks(claim, found, attempt)

    place.Claim._wait_for = grant  # type: ignore[method-assign]


def leaver() -> None:
    """A member whose session has ended is not made again."""

    def stay_away(member: Any, transition: Any) -> None:
        if transition.lost:
            member._own, member._over = None, True

    Member.on_transition = stay_away  # type: ignore[method-assign]


DEFECTS = {"greedy": greedy, "hoarder": hoarder, "taker": taker, "leaver": leaver}

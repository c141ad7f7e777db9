"""Ways to break zktools' recipes, in the process that calls them: the campaign must catch each."""

from __future__ import annotations

from typing import Any

from zktools._live.member import Member
from zktools._live.roster import Roster
from zktools._partitions import place
from zktools._partitions.balance import Balance
from zktools._queue.hold import Hold
from zktools._queue.joint_hold import JointHold
from zktools._queue.order import Standing


def greedy() -> None:
    """A semaphore has one permit more than it says."""
    is_free = Standing.is_free

    def more(standing: Standing, left: Any) -> bool:
        room = standing.room + 1 if standing.room > 0 else standing.room
        return is_free(standing._replace(room=room), left)

    Standing.is_free = more  # type: ignore[method-assign]


def unweighted() -> None:
    """A semaphore counts who holds, and not how many permits each has, as kazoo's does."""

    def count(standing: Standing, left: Any) -> bool:
        return len(list(left)) <= standing.room

    Standing.is_free = count  # type: ignore[method-assign]


def half() -> None:
    """Several locks that are held as one are held for as long as any of them is."""
    JointHold.is_held = property(  # type: ignore[assignment]
        lambda joint: any(hold.is_held for hold in joint._holds)
    )


def yielder() -> None:
    """A leader that is asked to let go does so at once; the work of its term goes on."""
    ask = Hold.ask

    def let_go(hold: Hold) -> None:
        ask(hold)
        if "/elections/" in hold.path:
            hold.release_later()

    Hold.ask = let_go  # type: ignore[method-assign]


def hoarder() -> None:
    """Who has had its share once is content, and looks at the items no more."""
    look, changed = Balance._look, Balance._changed
    content: set[Any] = set()

    def once(balance: Any) -> None:
        if balance not in content:
            look(balance)

    def note(balance: Any, *change: Any) -> None:
        changed(balance, *change)
        held = [each for each in balance.places.values() if each.state is place.State.HELD]
        if len(held) * len(balance._members() or ()) >= len(balance._items):
            content.add(balance)

    Balance._look, Balance._changed = once, note  # type: ignore[method-assign]


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


def clinger() -> None:
    """Who has left is still shown among the members."""
    on_changes = Roster.on_changes

    def without_departures(roster: Roster, changes: Any) -> None:
        on_changes(roster, {path: change for path, change in changes.items() if change[1]})

    Roster.on_changes = without_departures  # type: ignore[method-assign]


DEFECTS = {
    "greedy": greedy,
    "unweighted": unweighted,
    "half": half,
    "yielder": yielder,
    "hoarder": hoarder,
    "taker": taker,
    "leaver": leaver,
    "clinger": clinger,
}

"""Who is in a group: a live folder of which only ephemeral nodes count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.outcome import Outcome
from zktools._engine.steps import Steps
from zktools._live.changes import Changes
from zktools._live.folder import Folder, State, to_tell
from zktools._live.member import Member
from zktools._live.moment import Difference
from zktools._live.subscribers import NOTHING
from zktools.exceptions import ClientUnusableError
from zktools.values import Codec, check_codec


@dataclass(frozen=True)
class MemberChanges:
    """How a group differs from the moment that was told of before; at first, all have joined."""

    joined: Mapping[str, Any]
    """Who came, with their data."""
    left: Mapping[str, Any]
    """Who is gone, with the data they had."""
    changed: Mapping[str, tuple[Any, Any]]
    """Whose data were written, before and now; equal where a member came back in a new session."""


def changes_to_tell(seen: State | None, now: State, touched: Iterable[str]) -> object:
    """What a subscriber is called with."""
    told = to_tell(seen, now, touched)
    if not isinstance(told, Changes):
        return NOTHING
    return MemberChanges(told.added, told.removed, told.changed)


class Roster(Folder):
    """A group as every face has it."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        *,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
    ) -> None:
        checked = check_codec(codec, use_json=codec is None)
        super().__init__(client, path, acl=acl, codec=checked)
        self._joined: dict[str, Member] = {}  # by this object; on the engine
        self._begin()

    # -- who is there --------------------------------------------------------------------------

    @property
    def members(self) -> dict[str, Any]:
        """Who is here, as of one moment: names, and the data of each. Costs no request."""
        return {name: entry.value for name, entry in self._state.entries.items()}

    @property
    def errors(self) -> dict[str, Exception]:
        """The nodes that cannot be read, and why; they are not among the members."""
        return dict(self._state.errors.items())

    def __len__(self) -> int:
        return len(self._state.entries)

    def __contains__(self, name: object) -> bool:
        return name in self._state.entries

    def __repr__(self) -> str:
        number = len(self._subscribers.state.entries)
        closed = ", closed" if self._closed else ""
        return f"<{type(self).__name__} {self.path} {number} members{closed}>"

    def _waiting_for(
        self, condition: int | Callable[[dict[str, Any]], object], timeout: float | None
    ) -> Steps[dict[str, Any]]:
        """The members, once there are so many, or `condition` is true of them."""
        members: dict[str, Any] = {}

        def is_met() -> bool:
            nonlocal members
            members = self.members
            if isinstance(condition, int):
                return len(members) >= condition
            return bool(condition(members))

        if isinstance(condition, bool) or not (isinstance(condition, int) or callable(condition)):
            raise TypeError(
                "condition must be a number of members, or a function of them, not "
                f"{type(condition).__name__}"
            )
        if not (yield from self._waiting_until(is_met, timeout)):
            self._check_open()
            raise TimeoutError(
                f"{self._name}: not as wanted within {timeout} s; it has {len(members)} members"
            )
        return members

    # -- what the engine tells -----------------------------------------------------------------

    def on_changes(self, changes: Difference) -> None:
        """See :class:`~zktools._live.object.LiveObject`."""
        for path, entry in changes.items():
            if path == self.path or entry is None or entry.owner or entry.is_forbidden:
                continue
            changes[path] = None  # of no session: not a member
        states = changes.copy()
        super().on_changes(changes)
        for path, entry in states.items():
            member = self._joined.get(path)
            if member is not None:
                member.on_state(entry)

    # -- being one of them ---------------------------------------------------------------------

    def _admit(self, member: Member) -> None:
        if self._closed:
            member.entered.set_exception(ClientUnusableError(f"{self._name} is closed"))
            member.left.set(False)
            return
        self._joined.setdefault(member.path, member)
        member.start()

    def _read(self, member: Member) -> Outcome:
        shown = Outcome(self._session.handler)
        self._live.settle([member.path], shown, f"reading {member.path}")
        return shown

    def _on_over(self, member: Member) -> None:
        if self._joined.get(member.path) is member:
            del self._joined[member.path]

    def _closing(self) -> Steps[None]:
        """Leave, and then as any live object."""
        try:
            members = [] if self._subscribers.is_of_parent else list(self._joined.values())
            for member in members:
                self._session.engine.post(member.leave)
            for member in members:
                yield member.left, self._session.patience
        except BaseException:
            self._shut()
            raise
        yield from super()._closing()

    def _shut(self) -> None:
        if not self._subscribers.is_of_parent:
            for member in list(self._joined.values()):
                self._session.engine.post(member.leave)
        super()._shut()

"""One's own place in a group, as every face has it."""

from __future__ import annotations

import os
import socket
import uuid
from typing import Any

from zktools._engine.arguments import check_name, check_seconds
from zktools._engine.outcome import Outcome
from zktools._engine.steps import Steps
from zktools._live.member import Member
from zktools._live.moment import child
from zktools._live.roster import Roster
from zktools.exceptions import ConflictError, NotConnectedError


class AnyMembership:
    """What is known of one's own membership, in every face."""

    def __init__(self, roster: Roster, name: str | None, data: Any, timeout: float | None) -> None:
        self._roster = roster
        self.name = default_name() if name is None else check_name(name, "name")
        self._data = data
        self._timeout = check_seconds(timeout, "timeout")
        self._session = roster._session
        self._member = Member(
            self._session,
            child(roster.path, self.name),
            roster._encoded(data, "data"),
            roster._acl,
            roster._on_over,
            roster._read,
        )

    @property
    def path(self) -> str:
        """The node that stands for this member."""
        return self._member.path

    @property
    def is_present(self) -> bool:
        """Whether the node is there, as far as is known at this moment. Costs no request.

        False while the client is cut off, in a new session until the node is made again, once left,
        and in a process forked from the one that joined.
        """
        return self._member.is_there and not self.is_of_parent

    @property
    def is_of_parent(self) -> bool:
        """Whether it was joined by a process that this one was forked from, and is that one's."""
        return self._roster._subscribers.is_of_parent

    @property
    def data(self) -> Any:
        """What the others see of it, beside the name.

        Assigning keeps it, and waits for nothing: it is written as soon as the client is connected,
        and goes along into later sessions. Of several, the last one counts.

        :raises ValueTooLargeError: it does not fit into a node.
        """
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        encoded = self._roster._encoded(data, "data")
        self._session.check_process()
        self._data = data
        self._session.engine.post(self._member.write, encoded)

    def _entering(self) -> Steps[None]:
        roster, member = self._roster, self._member
        roster._check_open()
        try:
            self._session.engine.post(roster._admit, member)
            yield member.entered, self._timeout
            self._check_entered()
            yield from self._showing()
        except BaseException:
            self._session.engine.post(member.leave)
            raise

    def _check_entered(self) -> None:
        entered = self._member.entered
        if entered.exception is not None:
            raise entered.exception
        if entered.ready():
            return
        if self._member.rival is None:
            raise NotConnectedError(f"{self.path}: not joined within {self._timeout} s")
        raise ConflictError(
            f"{self.path}: {self._member.in_the_way()}, still after {self._timeout} s: end that "
            "member, or take another name"
        )

    def _leaving(self) -> Steps[bool]:
        if self.is_of_parent:
            return False
        self._session.engine.post(self._member.leave)
        yield self._member.left, self._session.patience
        if not self._member.left.get():
            return False
        yield from self._showing()
        return True

    def _showing(self) -> Steps[None]:
        """Have the group that it was joined through show it; if that cannot be, it is so anyway."""
        shown = Outcome(self._session.handler)
        doing = f"reading {self.path}"
        self._session.engine.post(self._roster._live.settle, [self.path], shown, doing)
        yield shown, self._session.patience

    def __repr__(self) -> str:
        state = "present" if self.is_present else "not present"
        return f"<{type(self).__name__} {self.path} {state}: {self._data!r}>"


def default_name() -> str:
    """A name that nobody else has: host, process, and a random part."""
    host = "".join(c for c in socket.gethostname() if c.isalnum() or c in "-._")
    return f"{host or 'host'}-{os.getpid()}-{uuid.uuid4().hex[:8]}"

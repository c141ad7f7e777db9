"""One-shot watches on candidates of one folder, for one claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import EventType, WatchedEvent

from zktools._session import Session


class Watches:
    """Which candidates are watched, and what to do when one is deleted or changes.

    `on_deleted` and `on_changed` get the name, on the engine. A watch that fired is gone; so are
    all of them when the connection breaks.
    """

    def __init__(
        self,
        session: Session,
        folder: str,
        on_deleted: Callable[[str], None],
        on_changed: Callable[[str], None],
    ) -> None:
        self._session = session
        self._folder = folder
        self.on_deleted = on_deleted
        self.on_changed = on_changed
        self._armed: set[str] = set()

    def arm(self, names: Iterable[str], since: int) -> None:
        """Watch these, in this order, but for those that are watched already.

        A change after the zxid `since`, or an absence, fires at once.
        """
        missing = [name for name in names if name not in self._armed]
        if not missing:
            return
        self._armed.update(missing)
        paths = [f"{self._folder}/{name}" for name in missing]
        if self._session.wire.able:
            self._session.wire.set_watches(since, self._on_event, data=paths)
            return
        for path in paths:
            looked = self._session.client.get_async(path, watch=self._on_event)
            self._session.link(looked, self._looked, path, since)

    def _looked(self, result: Any, path: str, since: int) -> None:
        if result.successful():
            if result.value[1].mzxid > since:
                self._fired(EventType.CHANGED, path)
        elif isinstance(result.exception, NoNodeError):
            self._fired(EventType.DELETED, path)

    def read(self, name: str, function: Callable[..., None], *args: Any) -> None:
        """Read a candidate and watch it; then ``function(result of (data, stat), *args)``."""
        self._armed.add(name)
        path = f"{self._folder}/{name}"
        self._session.link(
            self._session.client.get_async(path, watch=self._on_event), function, *args
        )

    def dropped(self) -> None:
        """The connection broke."""
        self._armed.clear()

    def forget(self) -> None:
        """No event is wanted any more."""
        paths = [f"{self._folder}/{name}" for name in self._armed]
        self._session.wire.forget(self._on_event, paths)
        self._armed.clear()

    def _on_event(self, event: WatchedEvent) -> None:
        # kazoo's callback thread. NONE only says that the connection broke; we hear that ourselves.
        if event.type != EventType.NONE:
            self._session.engine.post(self._fired, event.type, event.path)

    def _fired(self, what: str, path: str) -> None:
        name = path.rpartition("/")[2]
        self._armed.discard(name)
        if what == EventType.DELETED:
            self.on_deleted(name)
        else:
            self.on_changed(name)

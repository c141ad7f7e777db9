"""Going back: a store of what was there at a version."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from zktools._configuration.draft import Plan, draft
from zktools._configuration.history.answers import Version, check_version
from zktools._configuration.history.comparing import way_back
from zktools._configuration.history.kept import Hidden
from zktools._configuration.history.record import check_note
from zktools._configuration.history.recording import Remark
from zktools._configuration.history.tagging import Tagging
from zktools._engine.steps import Steps
from zktools.exceptions import ConflictError

log = logging.getLogger("zktools.configuration")

#: What a rollback leaves alone without a word: nobody was to know it in the first place.
_LEFT = ("secret", "protected")


class Returning(Tagging):
    """The part of a configuration that goes back to what it was."""

    def _planning_back(self, version: Version, remove: bool, leave: bool) -> Steps[Plan]:
        """What going back would do. `leave` lets keys be that the history does not tell."""
        check_version(version)
        found = yield from self._needing_all()
        values = yield from self._values(version, found)
        entries = found.state.entries
        wish, left = way_back(values, entries, found.folder.marks, remove)
        if not leave:
            self._refuse_unknown(version, left)
        self._check_wish(wish, found.state)
        plan = draft(self.path, entries, wish)
        return replace(plan, left=tuple(sorted(left)), action=f"rollback to {version}")

    def _rolling_back(
        self, version: Version, note: object, remove: bool, leave: bool
    ) -> Steps[int]:
        checked = check_note(note)
        plan = yield from self._planning_back(version, remove, leave)
        if plan.left:
            keys = ", ".join(map(repr, plan.left))[:200]
            log.warning("%s: left alone by the %s: %s", self._name, plan.action, keys)
        return (yield from self._storing(plan.wish, None, Remark(checked, plan.action, True)))

    def _refuse_unknown(self, version: Version, left: Mapping[str, Hidden]) -> None:
        unknown = sorted(key for key, value in left.items() if value.why not in _LEFT)
        if not unknown:
            return
        error = ConflictError(
            f"{self._name}: the history does not tell what these were at {version}: "
            f"{', '.join(map(repr, unknown))[:200]}; nothing was changed, and partial=True goes "
            "back but for them"
        )
        error.keys = tuple(unknown)
        raise error

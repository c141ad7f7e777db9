"""Who may use the nodes that a store creates: those who may use the section they come into."""

from __future__ import annotations

from collections.abc import Container

from kazoo.security import ACL

from zktools._configuration.tree import parents
from zktools.exceptions import AccessDeniedError

#: What the server shows in place of a password's hash to who is no administrator of the node.
_MASKED = ":x"


def nearest(key: str, there: Container[str]) -> str:
    """Which of the nodes that are `there` a new one comes into; the root when none is."""
    return next((above for above in parents(key) if above in there), "")


def check_inherited(acl: list[ACL], path: str) -> list[ACL]:
    """The ACL of the node at `path`, if it is shown as it is."""
    if any(each.id.scheme == "digest" and each.id.id.endswith(_MASKED) for each in acl):
        raise AccessDeniedError(
            f"what is created below {path} would take its ACL, and that is shown to its "
            "administrators only: give acl="
        )
    return acl

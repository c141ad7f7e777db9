"""Who may use the nodes that a store creates: those who may use the section they come into."""

from __future__ import annotations

from collections.abc import Container, Iterable

from kazoo.security import (
    ACL,
    ANYONE_ID_UNSAFE,
    Id,
    Permissions,
    make_digest_acl_credential,
)

from zktools._configuration.tree import parents
from zktools.exceptions import AccessDeniedError

#: What the server shows in place of a password's hash to who is no administrator of the node.
_MASKED = ":x"


def nearest(key: str, there: Container[str]) -> str:
    """Which of the nodes that are `there` a new one comes into; the root when none is."""
    return next((above for above in parents(key) if above in there), "")


def check_inherited(acl: list[ACL], path: str) -> list[ACL]:
    """The ACL of the node at `path`, if it is shown as it is."""
    if any(map(_is_masked, acl)):
        raise AccessDeniedError(
            f"what is created below {path} would take its ACL, and that is shown to its "
            "administrators only: give acl="
        )
    return acl


def is_told_by(acl: Iterable[ACL], other: Iterable[ACL]) -> bool:
    """Whether all who may read under `other` may read under `acl`, as far as ACLs tell."""
    readers = [each.id for each in acl if each.perms & Permissions.READ and not _is_masked(each)]
    return all(
        ANYONE_ID_UNSAFE in readers or each.id in readers
        for each in other
        if each.perms & Permissions.READ
    )


def spelled_out(acl: Iterable[ACL], logins: Iterable[tuple[str, str]]) -> list[ACL]:
    """`acl` as the server will show it: ``auth`` stands for those who the client has logged in as.

    As far as that is known here: of passwords it is.
    """
    known = [_digest(credentials) for scheme, credentials in logins if scheme == "digest"]
    return [
        ACL(entry.perms, identity)
        for entry in acl
        for identity in (known if entry.id.scheme == "auth" else [entry.id])
    ]


def _digest(credentials: str) -> Id:
    user, _, password = credentials.partition(":")
    return Id("digest", make_digest_acl_credential(user, password))


def _is_masked(entry: ACL) -> bool:
    return bool(entry.id.scheme == "digest" and entry.id.id.endswith(_MASKED))

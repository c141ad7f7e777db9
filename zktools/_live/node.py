"""What a node of every face is made of: its arguments, and its value with its type."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_value_size
from zktools._live.cache_file import check_cache
from zktools._live.single import Single, value_of
from zktools._live.writing import either_acl
from zktools.values import Codec, check_codec

if TYPE_CHECKING:
    # Its `default` is what no argument tells the type of; checkers know the module by heart.
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")

_EPHEMERAL = 1


class AnyNode(Single, Generic[T]):
    """A node, whatever its face."""

    @overload
    def __init__(
        self: AnyNode[Any],
        client: KazooClient,
        path: str,
        default: None = ...,
        use_json: bool = ...,
        permission: Sequence[ACL] | None = ...,
        create_mode: int = ...,
        *,
        codec: None = ...,
        acl: Sequence[ACL] | None = ...,
        ephemeral: bool = ...,
        cache: str | PathLike[str] | None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        client: KazooClient,
        path: str,
        default: T | None = ...,
        use_json: bool = ...,
        permission: Sequence[ACL] | None = ...,
        create_mode: int = ...,
        *,
        codec: Codec[T] | None = ...,
        acl: Sequence[ACL] | None = ...,
        ephemeral: bool = ...,
        cache: str | PathLike[str] | None = ...,
    ) -> None: ...

    def __init__(
        self,
        client: KazooClient,
        path: str,
        default: Any = None,
        use_json: bool = False,
        permission: Sequence[ACL] | None = None,
        create_mode: int = 0,
        *,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
        ephemeral: bool = False,
        cache: str | PathLike[str] | None = None,
    ) -> None:
        checked = check_codec(codec, use_json)
        ephemeral = _check_mode(create_mode) or ephemeral
        if ephemeral and cache is not None:
            raise ValueError("cache is for what stays, and an ephemeral node goes with its session")
        # Other codecs have no text for "no value yet"; an empty node is that.
        empty = default is None and codec is not None
        super().__init__(
            client,
            path,
            default=default,
            initial=b"" if empty else check_value_size(checked.encode(default), "default"),
            acl=either_acl(permission, acl),
            codec=checked,
            ephemeral=ephemeral,
            cache=check_cache(cache),
        )
        self._begin()

    @property
    def _value(self) -> T:
        return value_of(self._state, self._default)  # type: ignore[no-any-return]


def _check_mode(create_mode: object) -> bool:
    if create_mode not in (0, _EPHEMERAL):
        raise ValueError(
            f"create_mode must be 0 (persistent) or 1 (ephemeral), not {create_mode!r}; "
            "a sequential node has no name to keep up to date"
        )
    return create_mode == _EPHEMERAL

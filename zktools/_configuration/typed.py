"""What a configuration of every face is made of: its arguments, and its model with its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, TypedDict

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._configuration.declared import secret_fields
from zktools._configuration.flags import Unit, is_on
from zktools._configuration.history.keeping import Keep, Keeping
from zktools._configuration.history.returning import Returning
from zktools._configuration.schema import Schema
from zktools._configuration.secrets import check_secret
from zktools._configuration.tree import check_key, flatten
from zktools._configuration.view import View
from zktools._engine.arguments import check_path
from zktools._live.entry import as_raised
from zktools.values import Codec

if TYPE_CHECKING:
    # Its `default`, so that the plain name stays a type; type checkers know the module by heart.
    from typing_extensions import TypeVar

    M = TypeVar("M", default=Any)
else:
    from typing import TypeVar

    M = TypeVar("M")


class Options(TypedDict, total=False):
    """What a configuration of every face may be told by name, beside its layers and its schema."""

    codec: Codec[Any] | None
    acl: Sequence[ACL] | None
    history: Keep
    secret: Iterable[str]
    author: str | None
    cache: str | PathLike[str] | None


class AnyConfiguration(Returning, Generic[M]):
    """A configuration, whatever its face."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        defaults: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        schema: type[Any] | None = None,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
        history: Keep = None,
        secret: Iterable[str] = (),
        author: str | None = None,
        cache: str | PathLike[str] | None = None,
    ) -> None:
        path = check_path(path, "path")
        self._has_schema = schema is not None
        view = View(
            flatten(defaults or {}, "defaults"),
            flatten(overrides or {}, "overrides"),
            None if schema is None else Schema(schema),
            f"{type(self).__name__} {path}",
        )
        secrets = {*check_secret(secret), *(secret_fields(schema) if schema is not None else ())}
        self._keeping = Keeping(path, history, secrets, author)
        super().__init__(client, path, view, codec, acl, cache)
        self._begin()

    def flag(self, key: str, unit: Unit | None = None, *, default: bool = False) -> bool:
        """Whether the feature `key` is on, for everybody or for a share of units.

        Its value is true, false, or a percentage from 0 to 100. Of the same flag the same units
        have it, in every process; when the percentage grows, those that had it keep it. Costs no
        request.

        Args:
            key: of the flag.
            unit: who it may be on for, such as a user's id; 7 and "7" are the same one.
            default: the answer while there is no such key.

        Raises:
            TypeError: `unit` is not a str, int, bytes or UUID, or is missing for a percentage.
            InvalidValueError: the value is something else.
        """
        try:
            value = self[check_key(key)]
        except KeyError:
            return default
        return is_on(value, key, unit)

    @property
    def model(self) -> M:
        """The tree as the schema declares it, of one moment, and the last that was valid.

        Defaults and overrides included. All readers share it: do not change it.

        Raises:
            InvalidValueError: nothing valid was found yet; `keys` names what is wrong or missing.
            AttributeError: there is no schema.
        """
        if not self._has_schema:
            raise AttributeError(f"{self._name} has no schema: make it with schema=")
        state = self._state
        if state.model is None and state.invalid is not None:
            raise as_raised(state.invalid)
        return state.model  # type: ignore[no-any-return]

"""The configuration a command is about, and how its values are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click
from click.shell_completion import CompletionItem
from kazoo.security import ACL, make_acl

from zktools._configuration.history.record import check_note
from zktools._configuration.tree import check_key, flatten, is_within, is_within_any
from zktools._engine.arguments import check_path
from zktools.cli.completing import offered, paths_below
from zktools.cli.connection import Connection, connected
from zktools.cli.problems import Problem
from zktools.cli.statuses import Status
from zktools.cli.tool import Option, ParamType
from zktools.configuration import Configuration
from zktools.exceptions import AccessDeniedError
from zktools.values import Codec, Json, Raw, Rules, Text

_CODECS: dict[str, Codec[Any]] = {"rules": Rules(use_json=True), "json": Json(), "text": Text()}


class _Path(ParamType):
    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """An absolute path."""
        try:
            return check_path(value, "PATH")
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click passes it
        incomplete: str,
    ) -> list[CompletionItem]:
        """The nodes there are, step by step."""
        wanted = incomplete or "/"
        return offered(ctx, wanted, lambda client, _: paths_below(client, "", wanted))


class _Key(ParamType):
    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """A key in flat form."""
        try:
            return check_key(value.strip("/"), "KEY")
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click passes it
        incomplete: str,
    ) -> list[CompletionItem]:
        """The keys there are at PATH, step by step."""
        path = ctx.params.get("path")
        if path is None:
            return []
        return offered(ctx, incomplete, lambda client, _: paths_below(client, path, incomplete))


class _Acl(ParamType):
    """``SCHEME:ID:PERMISSIONS``, as zkCli.sh writes it."""

    name = "acl"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ACL:
        """One entry of an ACL."""
        if isinstance(value, ACL):
            return value
        scheme, _, rest = str(value).partition(":")
        who, colon, letters = rest.rpartition(":")
        if not (scheme and colon and letters) or set(letters) - set("cdrwa"):
            self.fail("write SCHEME:ID:PERMISSIONS, such as world:anyone:r", param, ctx)
        return make_acl(
            scheme,
            who,
            read="r" in letters,
            write="w" in letters,
            create="c" in letters,
            delete="d" in letters,
            admin="a" in letters,
        )


KEY = _Key()
PATH = _Path()


def path_argument(command: Callable[..., Any]) -> Any:
    """PATH, the node of the configuration, as the argument `path`."""
    return click.argument("path", type=PATH, metavar="PATH")(command)


def codec_option(command: Callable[..., Any]) -> Any:
    """``--codec``, as the argument `codec`."""

    def choose(_ctx: click.Context, _param: click.Parameter, value: str) -> Codec[Any]:
        return _CODECS[value]

    option = click.option(
        "--codec",
        cls=Option,
        type=click.Choice(list(_CODECS)),
        default="rules",
        show_default=True,
        callback=choose,
        help="How values are stored: typed text as zktools 0.2 has it, JSON, or plain text.",
    )
    return option(command)


def acl_option(command: Callable[..., Any]) -> Any:
    """``--acl``, as the argument `acl`."""
    option = click.option(
        "--acl",
        cls=Option,
        type=_Acl(),
        multiple=True,
        metavar="SCHEME:ID:PERMISSIONS",
        help="Of keys that are created; that of their section unless given.",
    )
    return option(command)


def note_option(command: Callable[..., Any]) -> Any:
    """``--note``, as the argument `note`."""

    def check(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
        try:
            return check_note(value) or None
        except ValueError as error:
            raise click.UsageError(f"--note: {error}") from error

    option = click.option(
        "--note",
        cls=Option,
        metavar="TEXT",
        callback=check,
        help="What it is for: kept in the history of PATH, which has to have one.",
    )
    return option(command)


class Checked(Raw):
    """Bytes, where `codec` can read them."""

    def __init__(self, codec: Codec[Any]) -> None:
        self._codec = codec

    def decode(self, data: bytes, /) -> bytes:
        """`data` itself.

        :raises ValueError: the codec cannot read it.
        """
        self._codec.decode(data)
        return data

    def __repr__(self) -> str:
        return repr(self._codec)


@dataclass(frozen=True)
class Stored:
    """What is stored, at one moment."""

    path: str
    data: Mapping[str, bytes]
    """By key."""
    version: int
    errors: Mapping[str, Exception] = field(default_factory=dict)
    """Why other keys are not in it."""

    def values(self, codec: Codec[Any]) -> dict[str, Any]:
        """What it stands for."""
        return {key: codec.decode(data) for key, data in sorted(self.data.items())}

    def within(self, prefix: str) -> Stored:
        """The keys at or below `prefix` only, and what may be hidden there."""
        data = {key: data for key, data in self.data.items() if is_within(key, prefix)}
        errors = {key: error for key, error in self.errors.items() if hides(key, error, prefix)}
        return Stored(self.path, data, self.version, errors)

    def only(self, sections: AbstractSet[str]) -> Stored:
        """The keys in these sections only."""
        data = {key: data for key, data in self.data.items() if is_within_any(key, sections)}
        errors = {key: each for key, each in self.errors.items() if is_within_any(key, sections)}
        return Stored(self.path, data, self.version, errors)

    def check_there(self) -> None:
        """Raise :class:`Problem` where PATH is no node: it may be mistyped."""
        if not self.version:
            raise Problem(Status.MISSING, f"there is nothing at {self.path}; check PATH")

    def check_whole(self) -> None:
        """Raise :class:`Problem` with a status of its own where keys were left out, naming them."""
        if self.errors:
            raise Problem(Status.PARTIAL, f"left out: {self.left_out}")

    @property
    def left_out(self) -> str:
        """The keys that are not in it, with the reasons."""
        return "; ".join(f"{key or self.path}: {each}" for key, each in self.reasons.items())

    @property
    def reasons(self) -> dict[str, str]:
        """Why keys are not in it, by key."""
        return {key: why(self.errors[key]) for key in sorted(self.errors)}


def hides(key: str, error: Exception, prefix: str) -> bool:
    """Whether `key`, which cannot be read, or what may be below it, is at or below `prefix`."""
    return is_within(key, prefix) or (
        isinstance(error, AccessDeniedError) and is_within(prefix, key)
    )


def why(error: Exception) -> str:
    """Why a key cannot be read, for people."""
    if isinstance(error, AccessDeniedError):
        return "an ACL refuses to read it, and hides what is below"
    return "it cannot be decoded; try another --codec"


def encode(codec: Codec[Any], value: Any, key: str) -> bytes:
    """What to store for `value`.

    :raises Problem: it cannot be stored.
    """
    try:
        return codec.encode(value)
    except (TypeError, ValueError) as error:
        raise Problem(Status.USAGE, f"{key} cannot be stored: {error}") from error


@contextmanager
def opened(
    path: str, codec: Codec[Any] | None = None, acl: tuple[ACL, ...] = ()
) -> Iterator[Configuration]:
    """The configuration at `path`, as it was when this was called or later; values are bytes.

    Those that `codec` cannot read are in its errors.
    """
    with connected() as connection, opening(connection, path, codec, acl) as config:
        yield config


def opening(
    connection: Connection, path: str, codec: Codec[Any] | None = None, acl: tuple[ACL, ...] = ()
) -> Configuration:
    """As :func:`opened`, on a connection that there is; to be closed."""
    catch_up(connection, path)
    raw = Raw() if codec is None else Checked(codec)
    return Configuration(connection.client, path, codec=raw, acl=acl or None, history="auto")


@contextmanager
def up_to_date(path: str) -> Iterator[Connection]:
    """A connection to a server that has all that was stored at `path` when this was called."""
    with connected() as connection:
        catch_up(connection, path)
        yield connection


def catch_up(connection: Connection, path: str) -> None:
    """Have the server know all that was stored at `path` by now: another may have answered."""
    session = connection.session
    session.wait(session.ask(connection.client.sync_async, path), f"reading {path}")


def read(config: Configuration) -> Stored:
    """What is stored now."""
    while True:
        tree, errors = config.load(), config.errors
        if config.version == tree.version:
            return Stored(config.path, flatten(tree), tree.version, errors)

"""The configuration a command is about, and how its values are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from zktools._configuration.tree import check_key, flatten, is_within
from zktools._engine.arguments import check_path
from zktools.cli.connection import connected
from zktools.cli.problems import Problem
from zktools.cli.statuses import Status
from zktools.cli.tool import Option, ParamType
from zktools.configuration import Configuration
from zktools.values import Codec, Json, Raw, Rules, Text

_CODECS: dict[str, Codec[Any]] = {"rules": Rules(use_json=True), "json": Json(), "text": Text()}


class _Path(ParamType):
    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return check_path(value, "PATH")
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Key(ParamType):
    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return check_key(value.strip("/"), "KEY")
        except ValueError as error:
            self.fail(str(error), param, ctx)


KEY = _Key()


def path_argument(command: Callable[..., Any]) -> Any:
    """PATH, the node of the configuration, as the argument `path`."""
    return click.argument("path", type=_Path(), metavar="PATH")(command)


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


@dataclass(frozen=True)
class Stored:
    """What is stored, at one moment."""

    data: dict[str, bytes]
    """By key."""
    version: int

    def values(self, codec: Codec[Any]) -> dict[str, Any]:
        """What it stands for."""
        return {key: decode(codec, data, key) for key, data in sorted(self.data.items())}

    def within(self, prefix: str) -> Stored:
        """The keys at or below `prefix` only."""
        data = {key: data for key, data in self.data.items() if is_within(key, prefix)}
        return Stored(data, self.version)


def decode(codec: Codec[Any], data: bytes, key: str) -> Any:
    """The value that `data` stands for.

    :raises Problem: the codec cannot read it.
    """
    try:
        return codec.decode(data)
    except (ValueError, RecursionError) as error:
        raise Problem(
            Status.FAILED, f"{key} holds what {codec!r} cannot read: {error}; try another --codec"
        ) from error


def encode(codec: Codec[Any], tree: Mapping[str, Any]) -> dict[str, bytes]:
    """Flat form of `tree`, as it is to be stored.

    :raises Problem: a key or value cannot be stored.
    """
    try:
        flat = flatten(tree, "the file")
    except (TypeError, ValueError) as error:
        raise Problem(Status.USAGE, f"{error}; correct the file") from error
    encoded = {}
    for key, value in flat.items():
        try:
            encoded[key] = codec.encode(value)
        except (TypeError, ValueError) as error:
            raise Problem(Status.USAGE, f"{key} cannot be stored: {error}") from error
    return encoded


@contextmanager
def opened(path: str) -> Iterator[Configuration]:
    """The configuration at `path`, with values as bytes."""
    with connected() as connection, Configuration(connection.client, path, codec=Raw()) as config:
        yield config


def read(config: Configuration) -> Stored:
    """What is stored now."""
    tree = config.load()
    return Stored(flatten(tree), tree.version)

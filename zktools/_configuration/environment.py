"""Settings in environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from zktools._configuration.tree import check_key
from zktools.values import Codec, Rules, check_codec


def from_environment(
    prefix: str, environ: Mapping[str, str] | None = None, *, codec: Codec[Any] | None = None
) -> dict[str, Any]:
    """What environment variables set, for the `overrides` of a configuration.

    With the prefix ``SHOP_``, ``SHOP_DB__POOL_SIZE=10`` is ``{"db/pool_size": 10}``: names are in
    lower case, and two underscores stand for the slash.

    Args:
        prefix: that the names of the variables begin with.
        environ: the variables; ``os.environ`` by default.
        codec: how texts are read, as those in nodes are. By default the rules of 0.2, with JSON
            for lists; with a schema, ``Text()`` leaves it to the schema what a text stands for.

    Raises:
        TypeError: `prefix` is no text, or `codec` no codec.
        ValueError: `prefix` is empty; or what follows it is no key, or cannot be read.
    """
    if not isinstance(prefix, str):
        raise TypeError(f"prefix must be a str, not {type(prefix).__name__}")
    if not prefix:
        raise ValueError("prefix must not be empty: every variable would be a setting")
    codec = Rules(use_json=True) if codec is None else check_codec(codec)
    return {
        key_of_variable(name, prefix): codec.decode(os.fsencode(text))
        for name, text in (os.environ if environ is None else environ).items()
        if name.startswith(prefix)
    }


def key_of_variable(name: str, prefix: str = "") -> str:
    """The key that the environment variable `name` sets."""
    key = name[len(prefix) :].lower().replace("__", "/")
    if not key:
        raise ValueError(f"the environment variable {name} names no key behind {prefix!r}")
    return check_key(key, f"the environment variable {name}")

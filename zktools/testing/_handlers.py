"""kazoo's handlers by name, for tests that run under several of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, cast

_HANDLERS = {
    "threading": ("kazoo.handlers.threading", "SequentialThreadingHandler"),
    "gevent": ("kazoo.handlers.gevent", "SequentialGeventHandler"),
}


def handler_factory(name: str) -> Callable[[], Any]:
    """Return what makes a kazoo handler: ``KazooClient(handler=handler_factory("gevent")())``.

    Args:
        name: ``"threading"`` or ``"gevent"``.

    Raises:
        ValueError: there is no handler of that name.
        ImportError: the library it needs is not installed.
    """
    if name not in _HANDLERS:
        raise ValueError(f"no kazoo handler {name!r}; there are {', '.join(_HANDLERS)}")
    module, attribute = _HANDLERS[name]
    return cast("Callable[[], Any]", getattr(importlib.import_module(module), attribute))

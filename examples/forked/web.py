"""A WSGI program: ``gunicorn -c examples/forked/gunicorn_conf.py examples.forked.web:app``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from examples.forked import coordination


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Counts visits, over all workers and all machines."""
    number = coordination.count("/shop/visits")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"visit {number}, served by {os.getpid()}\n".encode()]

"""What gunicorn reads: ``gunicorn -c examples/forked/gunicorn_conf.py examples.forked.web:app``."""

from __future__ import annotations

from typing import Any

from examples.forked import coordination

workers = 2
preload_app = True  # or not: nothing at the top of a module starts a client


def post_fork(server: Any, worker: Any) -> None:
    """In a new worker."""
    coordination.start()


def worker_exit(server: Any, worker: Any) -> None:
    """In a worker that ends."""
    coordination.stop()

"""Tasks of Celery: ``celery -A examples.forked.jobs worker``."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown

from examples.forked import coordination

app = Celery("jobs")
app.config_from_object("celeryconfig")  # where the broker is


@worker_process_init.connect
def start(**_: Any) -> None:
    """In a new process of the pool."""
    coordination.start()


@worker_process_shutdown.connect
def stop(**_: Any) -> None:
    """In a process of the pool that ends."""
    coordination.stop()


@app.task(bind=True, max_retries=None)
def report(self: Any) -> None:
    """One at a time, on whatever machine."""
    lock = coordination.lock("nightly-report")
    if not lock.acquire(timeout=0):
        raise self.retry(countdown=1)  # do not keep a worker waiting
    try:
        coordination.count("/shop/reports")  # stands for the work
    finally:
        lock.release()

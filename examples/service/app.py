"""A web service of several replicas: flags from ZooKeeper, and one scheduler among them all.

ZOOKEEPER_HOSTS=127.0.0.1:2181 uvicorn examples.service.app:app
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from kazoo.client import KazooClient

from zktools.aio import Configuration, Lease, Node, ZkLock, client
from zktools.exceptions import LockLost, ZkToolsError

HOSTS = os.environ.get("ZOOKEEPER_HOSTS", "127.0.0.1:2181")
SESSION = float(os.environ.get("ZOOKEEPER_SESSION", "10"))  # seconds
log = logging.getLogger("shop")


async def work(lease: Lease, last: Node[str]) -> None:
    """What one replica does, and all others must not: here it says how often it has done it."""
    for done in itertools.count(1):
        async with lease.transaction() as transaction:  # refused if it is not ours any more
            transaction.set_data(last.path, b"%d %d" % (lease.token, done))
        await asyncio.sleep(0.1)


async def schedule(zk: KazooClient, last: Node[str], app: FastAPI) -> None:
    """Be the scheduler whenever no other replica is, for as long as the service runs."""
    lock = ZkLock(zk, "scheduler", "/shop/locks", identifier=f"pid {os.getpid()}")
    while True:
        try:
            async with lock as lease:
                app.state.schedules = True
                await work(lease, last)  # cancelled when the lease is lost
        except LockLost as error:
            log.warning("another replica may schedule now: %s", error)
        except ZkToolsError:
            log.exception("the scheduler failed, and tries again")
            await asyncio.sleep(1)
        finally:
            app.state.schedules = False


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client, one configuration and one scheduler for each process of the service."""
    app.state.schedules = False
    async with (
        client(HOSTS, timeout=SESSION) as zk,
        Configuration(zk, "/shop/config", {"checkout": {"enabled": False}}) as config,
        Node(zk, "/shop/last-run", default="") as last,
        asyncio.TaskGroup() as tasks,
    ):
        app.state.config = config
        scheduler = tasks.create_task(schedule(zk, last, app))
        yield
        scheduler.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/checkout")
async def checkout() -> dict[str, str]:
    """Reading a flag is looking into a dictionary: no request, no await."""
    if not app.state.config["checkout/enabled"]:
        raise HTTPException(503, "the checkout is closed")
    return {"checkout": "open"}


@app.get("/health")
async def health() -> dict[str, bool]:
    """For the load balancer, and for whoever looks for the scheduler."""
    return {"connected": app.state.config.connected, "schedules": app.state.schedules}

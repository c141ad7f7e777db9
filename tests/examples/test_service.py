"""The service of the how-to does what its page says: killed, cut off, and stopped."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from zktools import Configuration
from zktools.testing import Proxy, claim_port, wait_until

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

ROOT = Path(__file__).parents[2]
SESSION = 1.5  # seconds


class Replica:
    """One process of the service, behind a proxy of its own."""

    def __init__(self, hosts, chroot):
        self.proxy = Proxy(hosts)
        self.port = claim_port()
        environment = os.environ | {
            "ZOOKEEPER_HOSTS": self.proxy.hosts + chroot,
            "ZOOKEEPER_SESSION": str(SESSION),
        }
        uvicorn = [sys.executable, "-X", "dev", "-m", "uvicorn", "examples.service.app:app"]
        self.process = subprocess.Popen(
            [*uvicorn, "--port", str(self.port.number), "--log-level", "warning"],
            env=environment,
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, path):
        """The answer, or the status of a refusal; None while nobody answers."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port.number}{path}", timeout=5
            ) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return None

    @property
    def schedules(self):
        """Whether it says that it is the scheduler."""
        health = self.get("/health")
        return bool(health) and health["schedules"]

    def end(self, number=signal.SIGTERM):
        """End it; what it complained of."""
        self.process.send_signal(number)
        _, complaints = self.process.communicate(timeout=20)
        self.proxy.close()
        self.port.release()
        return complaints


@pytest.fixture
def replicas(zk, zk_hosts):
    """Two of them, running."""
    both = [Replica(zk_hosts, zk.chroot) for _ in range(2)]
    for replica in both:
        wait_until(lambda replica=replica: replica.get("/health"), 30)
    yield both
    for replica in both:
        if replica.process.returncode is None:
            replica.end(signal.SIGKILL)


def scheduler_and_other(replicas):
    """Who schedules, and who does not."""
    wait_until(lambda: any(r.schedules for r in replicas), 20)
    first = next(r for r in replicas if r.schedules)
    return first, next(r for r in replicas if r is not first)


def test_flags(zk, replicas):
    """A flag that is stored is seen by every replica, without a restart."""
    assert [r.get("/checkout") for r in replicas] == [503, 503]
    with Configuration(zk, "/shop/config") as config:
        config["checkout/enabled"] = True
    for replica in replicas:
        wait_until(lambda replica=replica: replica.get("/checkout") == {"checkout": "open"})


def test_the_scheduler_is_killed(zk, replicas):
    """After kill -9 the other schedules once the session is over, and goes on counting."""
    first, other = scheduler_and_other(replicas)
    assert not other.schedules
    wait_until(lambda: int(zk.get("/shop/runs")[0]) > 0)
    first.end(signal.SIGKILL)
    before = int(zk.get("/shop/runs")[0])
    wait_until(lambda: other.schedules, 20)
    wait_until(lambda: int(zk.get("/shop/runs")[0]) > before)


def test_the_scheduler_is_cut_off(replicas):
    """It stops scheduling before the other begins, and answers from what it saw last."""
    first, other = scheduler_and_other(replicas)
    first.proxy.swallow()
    seen = []

    def look():
        seen.append((other.schedules, first.schedules))  # in this order: the first asked is older
        return seen[-1][0]

    wait_until(look, 20)
    assert (True, True) not in seen
    assert first.get("/checkout") == 503
    first.proxy.heal()
    wait_until(lambda: first.get("/health")["connected"], 20)
    assert not first.schedules


def test_stopping(replicas):
    """SIGTERM: the lock is released, nothing is left pending, and the other takes over at once."""
    first, other = scheduler_and_other(replicas)
    complaints = first.end()
    wait_until(lambda: other.schedules, SESSION)
    assert "pending" not in complaints
    assert "never awaited" not in complaints
    assert "Traceback" not in complaints

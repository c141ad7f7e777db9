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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]  # processes that import much
ROOT = Path(__file__).parents[2]
SESSION = 3  # seconds: a third of it is what a busy machine may take to cancel


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
    try:
        for replica in both:
            wait_until(lambda replica=replica: replica.get("/health"), 60)
        yield both
    finally:
        for replica in both:
            if replica.process.returncode is None:
                replica.end(signal.SIGKILL)


def scheduler_and_other(replicas):
    """Who schedules, and who does not."""
    wait_until(lambda: any(r.schedules for r in replicas), 20)
    first = next(r for r in replicas if r.schedules)
    return first, next(r for r in replicas if r is not first)


def last_run(zk):
    """The token of whoever worked last, and how often it had."""
    token, done = zk.get("/shop/last-run")[0].split()
    return int(token), int(done)


def works_next(zk, before):
    """Wait until somebody works under a higher token."""
    wait_until(lambda: last_run(zk)[0] > before[0], 20)


def test_flags_and_a_partition(zk, replicas):
    """A flag reaches every replica. Cut off, the scheduler ends before the other begins.

    It goes on answering from what it saw last; connected again, it is a replica like the other.
    """
    with Configuration(zk, "/shop/config") as config:
        assert [r.get("/checkout") for r in replicas] == [503, 503]
        config["checkout/enabled"] = True
        for replica in replicas:
            wait_until(lambda replica=replica: replica.get("/checkout") == {"checkout": "open"}, 10)
        first, other = scheduler_and_other(replicas)
        first.proxy.swallow()
        seen = []

        def look():
            seen.append((other.schedules, first.schedules))  # in this order: the first is older
            return seen[-1][0]

        before = last_run(zk)
        wait_until(look, 30)
        assert (True, True) not in seen
        works_next(zk, before)
        config["checkout/enabled"] = False
        assert first.get("/checkout") == {"checkout": "open"}
        assert first.get("/health") == {"connected": False, "schedules": False}
        first.proxy.heal()
        wait_until(lambda: first.get("/checkout") == 503, 30)
        assert other.schedules
        assert not first.schedules


def test_killed_and_stopped(zk, replicas):
    """After kill -9 the other schedules; SIGTERM lets go at once, and leaves nothing pending."""
    first, other = scheduler_and_other(replicas)
    wait_until(lambda: last_run(zk)[1] > 1)
    before = last_run(zk)
    first.end(signal.SIGKILL)
    works_next(zk, before)
    complaints = other.end()
    assert zk.get_children("/shop/locks/scheduler") == []
    assert [word for word in ("pending", "never awaited", "Traceback") if word in complaints] == []

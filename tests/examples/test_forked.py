"""What the how-to shows of gunicorn and Celery runs under gunicorn and Celery."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from zktools.testing import claim_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]  # servers that start and end processes
ROOT = Path(__file__).parents[2]
PATIENCE = 40  # seconds
ASKED = 12


@pytest.fixture
def run(zk, zk_hosts, tmp_path):
    """Call it with a module and its arguments: a process in a folder of its own, ended after."""

    @contextmanager
    def running(*words):
        environment = {
            "ZOOKEEPER_HOSTS": zk_hosts + zk.chroot,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)]),
            "HOME": str(tmp_path),
        }
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=tmp_path,
                env=os.environ | environment,
                stdout=log,
                stderr=log,
            )
            try:
                yield process
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
            finally:
                process.kill()
                process.wait()

    return running


@pytest.fixture
def port():
    """A free one on loopback."""
    claimed = claim_port()
    yield claimed
    claimed.release()


def visit(port):
    """What the server answers; None while it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=20) as answer:
            return answer.read().decode()
    except OSError:
        return None


def test_gunicorn(zk, run, port):
    """Forked after the import, each worker counts with a client of its own; no count is lost."""
    pytest.importorskip("gunicorn")
    configuration = str(ROOT / "examples" / "forked" / "gunicorn_conf.py")
    at = f"127.0.0.1:{port.number}"
    with run("gunicorn", "-c", configuration, "--bind", at, "examples.forked.web:app"):
        wait_until(lambda: visit(port.number), PATIENCE)
        with ThreadPoolExecutor(4) as pool:
            said = list(pool.map(lambda _: visit(port.number), range(ASKED)))

    assert sorted(int(re.match(r"visit (\d+),", each)[1]) for each in said) == [
        *range(2, ASKED + 2)
    ]
    assert zk.get_children("/ZktoolsLocks/counting") == []


def test_celery(zk, run, tmp_path):
    """Tasks that find the lock taken are done later; each is done once."""
    celery = pytest.importorskip("celery")
    folders = dict.fromkeys(["data_folder_in", "data_folder_out"], f"{tmp_path}/queue")
    (tmp_path / "queue").mkdir()
    options = {**folders, "control_folder": f"{tmp_path}/control"}
    settings = f'broker_url = "filesystem://"\nbroker_transport_options = {options!r}\n'
    (tmp_path / "celeryconfig.py").write_text(settings)
    with celery.Celery("client", broker="filesystem://") as client:
        client.conf.broker_transport_options = options
        for _ in range(ASKED):
            client.send_task("examples.forked.jobs.report")
    with run("celery", "-A", "examples.forked.jobs", "worker", "--concurrency", "3"):
        wait_until(lambda: zk.exists("/shop/reports"), PATIENCE)
        wait_until(lambda: zk.get("/shop/reports")[0] == b"%d" % ASKED, PATIENCE)

    assert zk.get_children("/ZktoolsLocks/nightly-report") == []

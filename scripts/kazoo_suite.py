"""Run kazoo's own tests under its threading handler and under zktools', and compare.

::

    python scripts/kazoo_suite.py                    all of them, twice: half an hour
    python scripts/kazoo_suite.py -k request_queuing     arguments of pytest's

The tests are those of the sdist of the kazoo that is installed, fetched from the package index into
a folder that is removed. Exits with 0 if and only if both handlers pass the same tests, but for
those in `EXPLAINED`. Needs Debian's ZooKeeper, or one in ``ZOOKEEPER_HOME``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import venv
import xml.etree.ElementTree as ET
from importlib.metadata import version
from pathlib import Path

import kazoo.client
import kazoo.handlers.threading

from zktools.handlers import ThreadingHandler
from zktools.testing import find_zookeeper

#: Not passed under zktools' handler, and why that is nothing to a user.
EXPLAINED = {
    "test_connection_read_timeout": "has select() answer nothing before the second part of a "
    "reply is read; here the first read has brought all of it"
}
_OURS = "KAZOO_SUITE_ON_ZKTOOLS"
_NOT_OURS = ("test_gevent_handler.py", "test_eventlet_handler.py", "test_build.py")
# kazoo's tests make certificates by what later releases have dropped.
_NEEDS = ("pytest", "pytest-timeout", "pyjks", "pyopenssl<24.3", "pure_sasl", "objgraph", "gevent")
_REPOSITORY = Path(__file__).parents[1]


def pytest_configure() -> None:
    """As a plugin of pytest's in the runs: let every client have our handler, if that is asked."""
    if _OURS in os.environ:
        kazoo.client.SequentialThreadingHandler = ThreadingHandler
        kazoo.handlers.threading.SequentialThreadingHandler = ThreadingHandler


def main() -> None:
    """Run both, and say what differs."""
    with tempfile.TemporaryDirectory(prefix="zktools-kazoo-suite-") as name:
        folder = Path(name)
        source = _fetch(folder)
        python = _environment(folder)
        passed = {
            ours: _run(python, source, folder / f"{ours}.xml", ours=ours) for ours in (False, True)
        }
    print(f"passed under kazoo's handler {len(passed[False])}, under zktools' {len(passed[True])}")
    differing = sorted(passed[False] ^ passed[True])
    for test in differing:
        print(test, EXPLAINED.get(test.rpartition(".")[2], "differs"), sep=": ")
    sys.exit(any(test.rpartition(".")[2] not in EXPLAINED for test in differing))


def _fetch(folder: Path) -> Path:
    wanted = f"kazoo=={version('kazoo')}"
    options = ("--no-deps", "--no-binary", ":all:", "--dest", str(folder))
    subprocess.run([sys.executable, "-m", "pip", "download", *options, wanted], check=True)
    (archive,) = folder.glob("kazoo-*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def _environment(folder: Path) -> str:
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv/bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *_NEEDS], check=True)
    return python


def _run(python: str, source: Path, report: Path, *, ours: bool) -> set[str]:
    """The names of the tests that passed."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, (source, _REPOSITORY / "scripts", _REPOSITORY))),
        "ZOOKEEPER_CLASSPATH": os.pathsep.join(find_zookeeper().classpath),
        "ZOOKEEPER_VERSION": os.environ.get("ZOOKEEPER_VERSION", "3.8.0"),
        **({_OURS: "1"} if ours else {}),
    }
    ignored = [f"--ignore=kazoo/tests/{file}" for file in _NOT_OURS]
    options = ["-p", Path(__file__).stem, "-q", "--timeout=150", f"--junit-xml={report}", *ignored]
    tests = [python, "-m", "pytest", *options, "kazoo/tests", *sys.argv[1:]]
    subprocess.run(tests, cwd=source, env=environment, check=False)
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - our own run's
    return {f"{case.get('classname')}.{case.get('name')}" for case in cases if len(case) == 0}


if __name__ == "__main__":
    main()

"""The race of benchmarks/ runs: every scenario once, with figures that mean nothing."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zktools.testing._install import ZooKeeperNotFoundError, find_zookeeper

ROOT = Path(__file__).parents[2]
TABLES = (
    "cycle",
    "follow",
    "handover",
    "idle_locks",
    "imports",
    "load",
    "readers",
    "recipes",
    "requests",
    "setting",
)


def can_start_zookeeper():
    """Say whether there is one on this machine."""
    try:
        find_zookeeper()
    except ZooKeeperNotFoundError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not can_start_zookeeper(), reason="the benchmarks start servers of their own")
@pytest.mark.timeout(240)  # some dozens of processes, one after the other
def test_every_scenario_runs_and_feeds_the_documentation(tmp_path):
    """One round of everything gives results and each table that docs/performance.rst includes."""
    peers = ["--peers", "zktools", "kazoo", "limit"]
    command = [sys.executable, "-m", "benchmarks", "--plan", "smoke", *peers]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--output", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "acquire + release, loopback: zktools" in done.stdout

    results = json.loads((tmp_path / "results.json").read_text())
    requests = [r["requests"] for r in results["locks"]["cycle"] if r["peer"] == "zktools"]
    assert all(counts["create2"] == counts["delete"] == 1.0 for counts in requests if counts)
    ours, theirs = results["recipes"]["shares"]
    assert (ours["moved"], ours["paused"]) == (3, 0)
    assert theirs["paused"] > 0
    assert results["recipes"]["semaphore"][0]["requests"] == 3
    for table in TABLES:
        with (tmp_path / f"{table}.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        assert rows, table
        assert all(len(row) == len(header) for row in rows), table


@pytest.mark.slow
@pytest.mark.skipif(not can_start_zookeeper(), reason="the benchmarks start servers of their own")
def test_the_awaiting_face_is_measured():
    """One round of the faces, and a small crowd, all of whom have their turn."""
    command = [sys.executable, "-m", "benchmarks.awaiting", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--waiters", "20", "--locks", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "zktools.aio" in done.stdout
    assert "20 tasks waiting for 2 locks" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not can_start_zookeeper(), reason="the benchmarks start servers of their own")
def test_large_folders():
    """Each size has its line, and so has each kind of change; a DataWatch has one."""
    command = [sys.executable, "-m", "benchmarks.large", "--keys", "20", "30"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loads, changes = done.stdout.split("\n\n")
    assert len(loads.splitlines()) == 1 + 2
    assert len(changes.splitlines()) == 1 + 2 * 4 + 1

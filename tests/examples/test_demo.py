"""The demo is the first thing people see: it has to work, and must not lie."""

import subprocess
import sys
from pathlib import Path

import pytest

from examples.demo import __main__ as demo

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_demo_proves_every_claim_and_leaves_nothing_behind(zk_hosts, zk_client_factory):
    """`make demo` ends with status 0, all claims ticked, and its folder deleted."""
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        env={"ZKTOOLS_TEST_HOSTS": zk_hosts, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=50,
    )
    root = zk_client_factory()
    root.chroot = ""

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✔") >= len(demo.SCENES)
    assert "✘" not in done.stdout
    assert done.stderr == ""
    assert [name for name in root.get_children("/") if name.startswith("demo-")] == []


def test_demo_fails_when_a_claim_does_not_hold(zk_hosts, monkeypatch, capsys):
    """One claim that is not borne out is shown as such and makes the status 1."""

    def lying(stage):
        """Somebody lies."""
        yield "the sun is a cube", False
        yield "there is a report", stage.zk.exists("/demo/report") is not None

    monkeypatch.setenv("ZKTOOLS_TEST_HOSTS", zk_hosts)
    monkeypatch.setattr(demo, "SCENES", (lying,))

    assert demo.main() == 1
    shown = capsys.readouterr().out
    assert "✘ the sun is a cube" in shown
    assert "✔ there is a report" in shown
    assert "1 of 2 claims held" in shown


@pytest.mark.slow
def test_demo_counts_what_never_happens_as_a_failed_claim(zk_hosts, monkeypatch, capsys):
    """A scene that waits in vain is a failed claim, not a crash or a success."""

    def waiting(stage):
        """Nobody comes."""
        monkeypatch.setattr("examples.demo.stage.LIMIT", 0.2)
        stage.history.wait(stage.history.mark(), "ana", "flies")
        yield "she flew", True

    monkeypatch.setenv("ZKTOOLS_TEST_HOSTS", zk_hosts)
    monkeypatch.setattr(demo, "SCENES", (waiting,))

    assert demo.main() == 1
    assert "in vain: ana flies" in capsys.readouterr().out

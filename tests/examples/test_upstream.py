"""What the documentation says of kazoo and ZooKeeper alone still happens."""

import subprocess
import sys

import pytest

from examples import upstream


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("case", upstream.CASES)
def test_it_happens(case):
    """Each reproduction reproduces. If one does no more, upstream is mended: say so there."""
    done = subprocess.run(
        [sys.executable, "-m", "examples.upstream", case],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr

"""What type checkers make of zktools, on a sample program as users write them."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = str(Path(__file__).with_name("sample.py"))
CHECKERS = {"mypy": ["--strict"], "pyright": ["--pythonpath", sys.executable]}


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_the_sample_program_is_typed(checker):
    """What is right is accepted with the types it should have, what is wrong is refused.

    The checkers are in the dependency group `types`; ``make types`` runs them as well.
    """
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed: pip install --group types")

    done = subprocess.run(
        [sys.executable, "-m", checker, *CHECKERS[checker], SAMPLE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr

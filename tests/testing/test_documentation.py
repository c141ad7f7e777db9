"""The page about testing shows tests that pass."""

import re
import textwrap
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("installed_zookeeper")

PAGE = Path(__file__).parents[2] / "docs" / "testing.rst"


@pytest.mark.slow
def test_the_pages_tests_pass(pytester, monkeypatch):
    """Each example that is a test, put into a file of its own, passes as it stands."""
    monkeypatch.delenv("ZKTOOLS_TEST_HOSTS", raising=False)
    blocks = re.findall(r"code-block:: python\n\n((?:   .*\n|\n)+)", PAGE.read_text())
    tests = [textwrap.dedent(block) for block in blocks if "def test_" in block]
    pytester.makepyfile(**{f"test_{number}": text for number, text in enumerate(tests)})

    result = pytester.runpytest_subprocess("--strict-markers", "-W", "error")

    assert len(tests) == 9
    result.assert_outcomes(passed=len(tests) + 1)  # one of them runs under two handlers

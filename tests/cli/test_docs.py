"""What the documentation says of zooky is what zooky does."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from docs.screens.__main__ import HERE
from docs.screens.capture import words
from docs.screens.help import FOLDER, helps
from zktools.cli.app import zooky
from zktools.cli.statuses import RunStatus, Status

CONNECTION = [p for p in zooky.params if getattr(p, "section", "") == "Connection"]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "zooky.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize("status", [*Status, *RunStatus])
def test_every_status_is_documented(status):
    """With its number and its meaning."""
    assert (
        f"   * - {int(status)}\n     - {status.meaning.partition('; the command was not')[0]}"
        in PAGE
    )


@pytest.mark.parametrize("option", CONNECTION)
def test_every_connection_option_is_documented(option):
    """And the variable of the environment that stands for it."""
    assert f"``{option.opts[0]}``" in PAGE
    assert option.envvar is None or f"``{option.envvar}``" in PAGE


@pytest.mark.skipif(not version("click").startswith("8.5"), reason="click words its help anew")
@pytest.mark.parametrize(("path", "text"), [pytest.param(*h, id=h[0].stem) for h in helps()])
def test_help_in_the_documentation_is_the_real_one(path, text):
    """`python -m docs.screens` writes it anew."""
    assert path.read_text(encoding="utf-8") == text
    assert f"screens/help/{path.name}" in PAGE


def test_no_help_of_commands_that_are_gone():
    """Nothing is left behind in the folder."""
    assert {path for path, _ in helps()} == set(FOLDER.iterdir())


@pytest.mark.slow
@pytest.mark.timeout(180)  # a server, and a dozen programs one after the other
def test_screens_in_the_documentation_are_those_of_today(tmp_path):
    """`python -m docs.screens` captures them anew: they say what zooky says, but for numbers."""
    subprocess.run([sys.executable, "-m", "docs.screens", tmp_path], check=True, cwd=ROOT)
    captured = {path.name: words(path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()}

    assert captured == {
        path.name: words(path.read_text(encoding="utf-8")) for path in HERE.glob("*.svg")
    }
    assert all(f"image:: screens/{name}" in PAGE for name in captured)

"""Nothing public is left out of the reference."""

import importlib
import re

import pytest

from tests.docs.examples import ROOT


def documented():
    """The full names that the reference's pages ask autodoc for."""
    pages = ROOT.glob("docs/reference/*.rst")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    return set(re.findall(r"^\.\. auto\w+:: (\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("module", ["zktools", "zktools.testing"])
def test_every_public_name_is_in_the_reference(module):
    """A name that can be imported from a public module has its place in docs/reference/."""
    public = {f"{module}.{name}" for name in importlib.import_module(module).__all__}

    assert public - documented() == set()

"""The documentation says nothing that does not run."""

import pytest

from tests.docs import examples


@pytest.mark.parametrize("page", examples.pages())
def test_examples_of_a_page_run_as_shown(page, zk, zk_hosts, tmp_path, monkeypatch):
    """A reader can type each page's examples from top to bottom, and sees what the page shows."""
    monkeypatch.chdir(tmp_path)  # some write files
    examples.run(page, zk_hosts + zk.chroot)

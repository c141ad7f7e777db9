"""The documentation says nothing that does not run."""

import pytest

from tests.docs import examples


@pytest.mark.parametrize("page", examples.pages())
def test_examples_of_a_page_run_as_shown(page, zk, zk_hosts):
    """A reader can type each page's examples from top to bottom, and sees what the page shows."""
    examples.run(page, zk_hosts + zk.chroot)

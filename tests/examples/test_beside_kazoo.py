"""The comparison in the README can be repeated by anybody."""

import pytest

from examples import beside_kazoo


@pytest.mark.slow
def test_comparison_shows_what_the_readme_says(zk_server, capsys):
    """In each situation of the README's table zktools does what one would want."""
    fine = beside_kazoo.main(zk_server.hosts)

    assert fine, capsys.readouterr().out

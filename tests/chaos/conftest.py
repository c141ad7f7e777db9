"""What the campaigns' tests share."""

import pytest

from tests.chaos.servers import servers


@pytest.fixture(scope="session")
def campaigns_servers(tmp_path_factory):
    """As a campaign has them, for all tests."""
    with servers(tmp_path_factory.getbasetemp()) as ensemble:
        yield ensemble


@pytest.fixture
def zk_ensemble(campaigns_servers):
    """The same, mended after each."""
    yield campaigns_servers
    campaigns_servers.heal()

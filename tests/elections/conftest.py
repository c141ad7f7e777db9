import pytest

from tests.elections.faces import Awaited
from tests.locks.conftest import face, pytest_generate_tests
from tests.locks.faces import Kind
from zktools import Election, aio

__all__ = ["face", "pytest_generate_tests"]

NAME = "scheduler"
FOLDER = f"/ZktoolsElections/{NAME}"


@pytest.fixture
def elections(face):
    """A function: an election of the present test's face; all are closed in the end."""
    made = []

    def make(client, identifier=None):
        if Kind.loop is None:
            made.append(Election(client, NAME, identifier=identifier))
        else:
            made.append(Awaited(Kind.loop, aio.Election(client, NAME, identifier=identifier)))
        return made[-1]

    yield make
    for election in made:
        election.close()


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session of two seconds."""
    return zk_client_factory(zk_proxy.hosts, timeout=2.0)

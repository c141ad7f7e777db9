import pytest

from tests.groups.faces import Maker
from tests.locks.conftest import face, pytest_generate_tests
from tests.locks.faces import Kind

__all__ = ["face", "pytest_generate_tests"]

PATH = "/shop/workers"


@pytest.fixture
def groups(face):
    """A function: a group of the present test's face; all are closed in the end."""
    made = []

    def make(client, path=PATH, **kw):
        made.append(Maker(Kind.loop)(client, path, **kw))
        return made[-1]

    yield make
    for group in made:
        group.close()


@pytest.fixture
def group(zk, groups):
    """The group, as the first client has it."""
    return groups(zk)


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session of a few seconds."""
    return zk_client_factory(zk_proxy.hosts, timeout=4.0)

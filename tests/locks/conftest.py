import pytest

from tests.locks.awaiting import Loop
from tests.locks.faces import Kind, ZkLock
from tests.locks.support import NAME

#: Each face, and the handler of its clients.
FACES = {"threads": "threading", "gevent": "gevent", "asyncio": "threading"}


def pytest_generate_tests(metafunc):
    """Run what is marked ``every_face`` with each face, or with each but one."""
    marker = metafunc.definition.get_closest_marker("every_face")
    if marker is not None:
        faces = {
            face: handler for face, handler in FACES.items() if face != marker.kwargs.get("but")
        }
        metafunc.parametrize("face,zk_handler", faces.items(), ids=faces, indirect=True)


@pytest.fixture(autouse=True)
def face(request, caplog):
    """Which face the test runs with: that for threads unless told otherwise.

    The loop of the awaiting face may not complain of anything.
    """
    face = getattr(request, "param", "threads")
    if face != "asyncio":
        yield face
        return
    Kind.loop = Loop()
    yield face
    Kind.loop.close()
    Kind.loop = None
    assert [r.getMessage() for r in caplog.get_records("call") if r.name == "asyncio"] == []


@pytest.fixture
def lock(zk):
    """A lock of the first client."""
    return ZkLock(zk, NAME)


@pytest.fixture
def rival(other):
    """The same lock, of the second client."""
    return ZkLock(other, NAME)


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session of a second."""
    return zk_client_factory(zk_proxy.hosts, timeout=1.0)


@pytest.fixture
def far_lock(far):
    """The same lock, of the client behind the proxy."""
    return ZkLock(far, NAME)

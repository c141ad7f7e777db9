import pytest

from tests.locks.conftest import face, pytest_generate_tests
from tests.locks.faces import Kind
from tests.partitions.faces import make
from zktools.testing import wait_until

__all__ = ["face", "pytest_generate_tests"]

PATH = "/shop/shards"
ITEMS = [f"shard-{number}" for number in range(12)]


@pytest.fixture
def member(face):
    """A function: a member of the present test's face, started; all are stopped in the end."""
    made = []

    def start(client, name, items=ITEMS, *, before=lambda _: None, **kw):
        made.append(make(Kind.loop, client, PATH, items, name=name, **kw))
        before(made[-1])
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.stop(5)


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session of a second."""
    return zk_client_factory(zk_proxy.hosts, timeout=1.0)


class Told(list):
    """What a member was told: of each item, in order."""

    def __init__(self, member):
        member.on_assigned(lambda item, lease: self.append(("assigned", item, lease.token)))
        member.on_revoked(lambda item, lease: self.append(("revoked", item, lease.token)))


def shared(members, items=ITEMS):
    """Wait until they have all items among them, as evenly as can be; how many each has."""
    low, high = len(items) // len(members), -(-len(items) // len(members))

    def is_shared():
        loads = [len(one.mine) for one in members]
        held = sorted(item for one in members for item in one.mine)
        return held == sorted(items) and low <= min(loads) and max(loads) <= high

    wait_until(is_shared, 15, what=f"{members} to share {len(items)} items")
    return [len(one.mine) for one in members]


def tokens(member):
    """What it holds: the token of each lease."""
    return {item: lease.token for item, lease in member.mine.items()}

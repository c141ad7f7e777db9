"""A view is late: what was acknowledged before a call is not undone by it, nor overlooked."""

import pytest

from tests.live.support import contents, eventually
from zktools.configuration import Configuration
from zktools.exceptions import ConflictError, NotConnectedError, OutcomeUnknownError
from zktools.testing import wait_until

pytestmark = pytest.mark.usefixtures("wire")

LATE = 0.3  # seconds from the server to the client behind the proxy


@pytest.fixture
def late(zk, far, zk_proxy):
    """Two configurations of the same tree, and a function that makes the first one's view late."""
    zk.ensure_path("/c")
    far_away, near = Configuration(far, "/c"), Configuration(zk, "/c")

    def settle():
        zk_proxy.delay(0)
        wait_until(lambda: far_away.version == near.version)
        zk_proxy.delay(to_client=LATE)

    yield far_away, near, settle
    zk_proxy.heal()


@pytest.mark.slow
def test_what_a_late_view_shows_already_is_stored_all_the_same(zk, late):
    """Who stores last wins, whatever the view says."""
    far_away, near, settle = late
    near.store({"x": 1, "y": 1})
    settle()
    near.store({"x": 2})
    far_away.store({"x": 1})
    assert zk.get("/c/x")[0] == b"1"

    near.store({}, remove=["x"])
    far_away.store({"x": 1, "y": 1})
    assert contents(zk, "/c") == {"x": b"1", "y": b"1"}


def test_with_a_version_a_late_view_is_refused(zk, late):
    """Also where there seems to be nothing to do."""
    far_away, near, settle = late
    near.store({"x": 1})
    settle()
    version = far_away.version
    near.store({"x": 2})
    with pytest.raises(ConflictError) as caught:
        far_away.store({"x": 1}, version=version)

    assert caught.value.keys == ("x",)
    assert zk.get("/c/x")[0] == b"2"


@pytest.mark.slow
def test_without_a_connection_nothing_is_said_to_be_stored(zk, far, zk_proxy):
    """What is shown is no answer."""
    config = Configuration(far, "/c")
    config.store({"x": 1})
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not config.connected)
    for keywords in ({}, {"replace": True}, {"remove": ["y"]}, {"version": config.version}):
        with pytest.raises((NotConnectedError, OutcomeUnknownError)):
            config.store({"x": 1}, **keywords)
    zk_proxy.heal()


@pytest.mark.slow
@pytest.mark.parametrize("keywords", [{"replace": True}, {"remove": ["x", "y"]}])
def test_what_came_before_the_call_is_removed_too(zk, late, keywords):
    """A late view has not seen it yet."""
    far_away, near, settle = late
    near.store({"x": 1})
    settle()
    near.store({"y": 1})
    far_away.store({}, **keywords)

    assert contents(zk, "/c") == {}


def made_again(near, key, value, others=()):
    """Remove `key` and what is in `others`, and make them again with the same versions."""
    near.store({}, remove=[key, *others])
    near.store({key: value, **dict.fromkeys(others, 1)})


@pytest.mark.slow
@pytest.mark.parametrize("key", ["x", "s/x"])
def test_a_key_that_was_made_again_is_another_one(zk, late, key):
    """With the same number of writes, and in a section that was made again: still a conflict."""
    far_away, near, settle = late
    near.store({key: 1, "s/y": 1})
    settle()
    version = far_away.version
    made_again(near, key, 5, ["s/y"])
    for tree in ({key: 2}, {key: 1}):
        with pytest.raises(ConflictError) as caught:
            far_away.store(tree, version=version)
        assert key in caught.value.keys
    assert zk.get(f"/c/{key}")[0] == b"5"


@pytest.mark.slow
def test_without_a_version_what_was_made_again_is_overruled(zk, late):
    """A check of a version alone would take it for what is wanted."""
    far_away, near, settle = late
    near.store({"x": 1, "y": 1})
    settle()
    made_again(near, "x", 5)
    far_away.store({"x": 1, "y": 2})

    assert contents(zk, "/c") == {"x": b"1", "y": b"2"}
    eventually(near.copy, {"x": 1, "y": 2})


def test_a_removal_that_came_with_a_write_to_its_section_is_a_conflict(zk, other):
    """One zxid stands for both."""
    config = Configuration(zk, "/c")
    version = config.store({"s": {"": "own", "x": 1}})
    transaction = other.transaction()
    transaction.set_data("/c/s", b"new")
    transaction.delete("/c/s/x")
    transaction.commit()
    config.wait_for("s", lambda value: value == "new", timeout=10)
    with pytest.raises(ConflictError):
        config.store({"s/x": 2}, version=version)


def test_the_removal_of_all_is_a_conflict(zk, other):
    """Nothing is left that could tell of it."""
    config = Configuration(zk, "/c")
    version = config.store({"x": 1})
    other.delete("/c", recursive=True)
    eventually(config.load, {})
    for replace in (True, False):
        with pytest.raises(ConflictError):
            config.store({"x": 2}, version=version, replace=replace)
    assert config.store({"x": 2}, version=config.version)


@pytest.mark.slow
@pytest.mark.parametrize(
    "store",
    [
        lambda config: config.store({"keep": 1}, replace=True),
        lambda config: config.store({}, remove=["s/x"]),
        lambda config: config.store({}, remove=["s"]),
        lambda config: config.store({"new": 1}),
        lambda config: config.store({"keep": 2}),
    ],
)
def test_the_version_that_a_store_answers_is_its_own(zk, late, store):
    """Not a later one of somebody else's, whose change the next store would then overrule."""
    far_away, near, settle = late
    near.store({"keep": 1, "s": {"x": 1, "y": 1}, "z": 1})
    settle()
    send = far_away._transaction.send

    def and_then(ops):
        result = send(ops)
        result.rawlink(lambda _: zk.set_async("/c/keep", b"theirs"))
        return result

    far_away._transaction.send = and_then
    version = store(far_away)
    del far_away._transaction.send
    eventually(lambda: near["keep"], "theirs")
    with pytest.raises(ConflictError):
        far_away.store({"keep": "mine"}, version=version)
    assert zk.get("/c/keep")[0] == b"theirs"


def test_ones_own_version_is_no_conflict(zk):
    """Whatever was stored before."""
    config = Configuration(zk, "/c")
    version = config.store({"s": {"x": 1}, "t": {"x": 1}})
    version = config.store({}, remove=["s/x"], version=version)
    assert "s" not in zk.get_children("/c")
    version = config.store({"t/y": 1}, version=version)
    version = config.store({"t": {"x": 1}}, replace=True, version=version)
    version = config.store({"s/x": 1}, version=version)
    version = config.store({"s/x": 1}, version=version)
    assert config.store({}, replace=True, version=version) > version

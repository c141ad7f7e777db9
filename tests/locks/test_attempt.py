"""What a claim takes for the answer to its create: only what names its folder and its GUID."""

import pytest

from tests.locks.support import FOLDER, NAME, queue
from zktools._engine.session import session_of
from zktools._queue import candidacy
from zktools._queue.attempt import Attempt, Fate
from zktools._queue.layouts import ZKTOOLS
from zktools.locks import ZkLock
from zktools.testing import wait_until

GUID = "6f0c4f0b9a5a4d0c8a51f9d2f7a0b3c1"


@pytest.fixture
def created(zk):
    """A function: make such a candidate; what kazoo answers, once it is there."""

    def create(folder, guid, name="lock-{}-"):
        zk.ensure_path(folder)
        result = zk.create_async(
            f"{folder}/{name.format(guid)}", ephemeral=True, sequence=True, include_data=True
        )
        result.wait()
        return result

    return create


@pytest.mark.parametrize(
    ("folder", "guid", "fate"),
    [
        (FOLDER, GUID, Fate.MADE),
        (FOLDER, GUID[::-1], Fate.UNKNOWN),
        (f"{FOLDER}-other", GUID, Fate.UNKNOWN),
        (f"{FOLDER}/below", GUID, Fate.UNKNOWN),
    ],
    ids=["ours", "another GUID", "another lock", "below"],
)
def test_the_answer_to_a_create(zk, created, folder, guid, fate):
    """That of another's create tells nothing of ours: a listing will."""
    attempt = Attempt(ZKTOOLS, FOLDER, GUID, zk.client_id[0], 0)
    attempt.learn(created(folder, guid))

    assert attempt.fate is fate
    assert (attempt.czxid > 0) is (fate is Fate.MADE)


def test_an_answer_that_names_no_candidate(zk, created):
    """A node of any other kind is not ours either."""
    attempt = Attempt(ZKTOOLS, FOLDER, GUID, zk.client_id[0], 0)
    attempt.learn(created(FOLDER, GUID, "something-{}-"))

    assert attempt.fate is Fate.UNKNOWN


@pytest.mark.parametrize("folder", [FOLDER, f"{FOLDER}-other"])
def test_a_claim_that_is_told_of_anothers_node(zk, other, created, monkeypatch, caplog, folder):
    """It finds its own by the GUID and holds by that alone; the other is left in peace."""
    foreign = created(folder, GUID).get()
    create = candidacy.create_and_list

    def answered_with_anothers(*args):
        *request, (function, rest), listed = args

        def swapped(result, *rest):
            result.value = foreign
            function(result, *rest)

        create(*request, (swapped, rest), listed)

    monkeypatch.setattr(candidacy, "create_and_list", answered_with_anothers)
    lock = ZkLock(other, NAME)
    if folder == FOLDER:
        assert not lock.acquire(timeout=0)
        wait_until(lambda: queue(zk) == [foreign[0].rpartition("/")[2]])  # ours is being deleted
    else:
        assert lock.acquire(timeout=5)
        assert lock.lease.path == f"{FOLDER}/{queue(zk)[0]}"
        assert lock.lease.token == zk.exists(lock.lease.path).czxid
        lock.release()
    assert zk.exists(foreign[0])
    assert "was answered with" in caplog.text


@pytest.mark.parametrize("is_known", [True, False])
def test_a_listing_that_is_older_than_a_release(zk, monkeypatch, is_known):
    """Who was ahead then, and has let go by the same client, is not waited for."""
    name = f"lock-{GUID}-0000000000"
    before = candidacy.create_and_list

    def listed_before(*args):
        *request, (function, rest) = args

        def with_the_other(result, *rest):
            result.value.append(name)
            function(result, *rest)

        before(*request, (with_the_other, rest))

    zk.ensure_path(FOLDER)
    zk.create(f"{FOLDER}/{name[:-10]}", sequence=True)  # so that ours is behind it
    zk.delete(f"{FOLDER}/{name}")
    monkeypatch.setattr(candidacy, "create_and_list", listed_before)
    if is_known:
        session_of(zk).departures.gone.append(name)

    assert ZkLock(zk, NAME).acquire(timeout=0) is is_known


def test_a_release_is_known_to_its_client(zk):
    """By the name that was deleted."""
    lock = ZkLock(zk, NAME)
    with lock as lease:
        assert not session_of(zk).departures.gone

    assert lease.path == f"{FOLDER}/{session_of(zk).departures.gone[0]}"

"""The README says of kazoo's Lock, and of ours, what they are; and its links lead somewhere."""

import inspect
import re

import kazoo.version
import pytest
from kazoo.client import KazooClient
from kazoo.recipe.lock import Lock, ReadLock, WriteLock

import zktools
from tests.docs.examples import ROOT

README = (ROOT / "README.rst").read_text(encoding="utf-8")


def parameters(function):
    """The names of a function's parameters."""
    return set(inspect.signature(function).parameters)


def test_kazoos_lock_is_as_the_table_says():
    """What has "no" in the README's table is not there, and the last two lines are."""
    assert parameters(Lock.acquire) == {"self", "blocking", "timeout", "ephemeral"}
    assert not {"__call__", "revoke", "token", "transaction", "lost", "on_lost"} & set(dir(Lock))
    assert issubclass(ReadLock, Lock)
    assert issubclass(WriteLock, Lock)
    assert callable(Lock.cancel)
    for recipe in ("Semaphore", "Election", "Barrier", "Party", "Queue"):
        assert hasattr(KazooClient("127.0.0.1:1"), recipe)


def test_ours_is_as_the_table_says():
    """What has "yes" is there."""
    assert {"timeout", "revoke", "grace"} <= parameters(zktools.ZkLock.acquire)
    assert {"timeout", "revoke", "grace"} <= parameters(zktools.ZkLock.__call__)
    assert {"token", "transaction", "lost", "check"} <= set(dir(zktools.Lease))
    assert {"on_revoke", "cancel"} <= set(dir(zktools.ZkLock))


def test_the_version_that_the_table_names_is_the_one_it_was_made_with():
    """A new kazoo may behave otherwise: then the table has to be looked at again."""
    if not kazoo.version.__version__.startswith("2.11"):
        pytest.skip("made with kazoo 2.11")
    assert "kazoo 2.11 ``Lock``" in README


def test_links_of_the_readme_lead_somewhere():
    """Each link that is not to the network names a file of the repository."""
    targets = re.findall(r"<((?!https?:)[^<>\s]+)>`__", README)

    assert [target for target in targets if not (ROOT / target).exists()] == []
    assert len(targets) > 15

"""What is read belongs to who reads it."""

import pytest

from tests.live.support import Calls
from zktools._live.entry import UNKEPT
from zktools.node import Node, NodeDict
from zktools.values import Json


def test_a_value_is_ones_own(zk, other):
    """Changing a list changes nothing that others read, nor that they are told of a change."""
    node = Node(zk, "/node", [1], codec=Json())
    node.value = [1, 0]
    calls = node.subscribe(Calls())
    node.value.append(2)
    calls[0].append(3)
    assert node.value == [1, 0]
    other.set("/node", b"[true, false]")
    calls.wait_for([True, False])
    assert [type(each) for each in calls[-1]] == [bool, bool]


def test_an_update_that_fails_half_way_changes_nothing(zk):
    """What the function did to the value it was given is its own affair."""
    node = Node(zk, "/node", {"a": 1}, use_json=True)

    def change(value):
        value["a"] = 99
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        node.update(change)
    assert node.value == {"a": 1}


def test_a_default_is_ones_own(zk, other):
    """What was passed in, and what is given out, may be changed."""
    default = {"tags": ["x"]}
    node = Node(zk, "/node", default, codec=Json())
    default["tags"].append("y")
    other.delete("/node")
    Calls.wait_for(node.subscribe(Calls()), {"tags": ["x"]})
    node.value["tags"].append("z")
    assert node.value == {"tags": ["x"]}


def test_the_values_of_a_dictionary_are_ones_own(zk):
    """Whatever way they are read."""
    hosts = NodeDict(zk, "/hosts", codec=Json())
    hosts["db"] = ["a"]
    calls = hosts.subscribe(Calls())
    hosts["db"].append("b")
    hosts.copy()["db"].append("b")
    next(iter(hosts.values())).append("b")
    dict(hosts.items())["db"].append("b")
    calls[0].added["db"].append("b")
    assert hosts.setdefault("db", []) == ["a"]
    assert hosts["db"] == ["a"]


def test_what_a_subscriber_is_told_at_first_is_kept_for_nobody(zk):
    """Ten thousand values that nobody else asks for take no memory; one that is read, stays."""
    rates = NodeDict(zk, "/rates")
    rates.update(a="x", b="y")
    assert rates.subscribe(Calls())[0].added == {"a": "x", "b": "y"}
    assert rates["a"] == "x"
    entries = rates._state.entries
    assert (entries["a"].kept, entries["b"].kept) == ("x", UNKEPT)

"""What is handed out belongs to who gets it; and dictionaries that are values are no sections."""

from dataclasses import dataclass, field

import pytest

from tests.live.support import Calls, contents, eventually
from zktools.configuration import Configuration
from zktools.node import Changes
from zktools.values import Json, Raw

pytestmark = pytest.mark.usefixtures("wire")


def spoil(value):
    """Change whatever can be changed in it."""
    if isinstance(value, dict):
        for each in list(value.values()):
            spoil(each)
        value["spoilt"] = True
    elif isinstance(value, (list, tuple)):
        for each in value:
            spoil(each)
        if isinstance(value, list):
            value.append("spoilt")


def test_nobody_shares_what_was_handed_out(zk, other):
    """Neither readers nor subscribers nor whoever gave the defaults."""
    base = {"tags": ["x"], "limits": {"": {"low": [1]}}}
    config = Configuration(zk, "/c", defaults=base, codec=Json())
    config.store({"hosts": ["a", "b"], "deep": {"": {"list": [1, {"a": [2]}]}}})
    before = repr(config.copy())
    calls = config.subscribe(Calls())
    config.wait_for("hosts", lambda hosts: spoil(hosts) or True)
    for read in (
        config.load,
        config.as_dict,
        config.copy,
        lambda: [config[key] for key in config],
        lambda: list(config.values()),
        lambda: config.wait_for("hosts"),
        lambda: [calls[0].added],
        lambda: base,
    ):
        spoil(read())
        assert repr(config.copy()) == before

    config.store({"hosts": ["a", "b", "spoilt"]})
    calls.wait_for(Changes({}, {"hosts": (["a", "b"], ["a", "b", "spoilt"])}, {}))


def test_a_change_of_a_loaded_list_is_told_to_all(zk, other):
    """It was not in anybody's state before it was stored."""
    config, elsewhere = Configuration(zk, "/c"), Configuration(other, "/c")
    config.store({"hosts": ["a"]})
    elsewhere.wait_for("hosts")
    calls = [one.subscribe(Calls()) for one in (config, elsewhere)]
    tree = config.load()
    tree["hosts"].append("b")
    config.store(tree, version=tree.version)
    for each in calls:
        each.wait_for(Changes({}, {"hosts": (["a"], ["a", "b"])}, {}))


def test_a_value_of_another_type_is_another_value(zk):
    """True is not 1, in lists neither."""
    config = Configuration(zk, "/c", codec=Json())
    config.store({"a": [1, {"b": 0}]})
    calls = config.subscribe(Calls())
    config.store({"a": [True, {"b": False}]})
    calls.wait_for(Changes({}, {"a": ([1, {"b": 0}], [True, {"b": False}])}, {}))


def test_an_object_that_is_a_value_stays_one(zk):
    """What was loaded is stored as it was: it does not turn into a section beside itself."""
    for key, data in {"db": b'{"host": "x"}', "flags": b"{}", "": b'{"own": 1}'}.items():
        zk.ensure_path("/c")
        zk.create(f"/c/{key}", data) if key else zk.set("/c", data)
    config = Configuration(zk, "/c")
    tree = config.load()

    assert tree == {"": {"own": 1}, "db": {"": {"host": "x"}}, "flags": {"": {}}}
    assert config.as_dict() == tree
    assert config.store(tree, replace=True) == config.version == tree.version
    tree["db"][""]["host"] = "y"
    tree["db"]["port"] = 1
    config.store(tree, version=tree.version)
    assert config["db"] == {"host": "y"}
    assert config["db/port"] == 1
    assert config.load() == tree
    assert contents(zk, "/c") == {"db": b'{"host": "y"}', "flags": b"{}"}


def test_an_assignment_stores_one_value(zk):
    """Whatever it is; a dictionary for a section that is there is a mistake."""
    config = Configuration(zk, "/c")
    for value in ({}, {"a": 1}, [], [{"b": {}}], "", "text", None):
        config["limits"] = value
        assert config["limits"] == value
        assert contents(zk, "/c/limits") == {}
    config["db/host"] = "h"
    with pytest.raises(ValueError, match=r"'db' is a section: store"):
        config["db"] = {"host": "i"}
    assert config["db/host"] == "h"


@dataclass
class Limits:
    """A section, or an object."""

    low: float


@dataclass
class Shop:
    """Takes either."""

    limits: Limits
    more: dict[str, int] = field(default_factory=dict)


def test_a_schema_takes_an_object_in_the_place_of_a_section(zk, other):
    """What is wrong in it is wrong with its key."""
    config = Configuration(zk, "/c", schema=Shop)
    config.store({"limits": {"": {"low": 1}}, "more": {"": {"a": 1}}})
    assert config.model == Shop(Limits(1.0), {"a": 1})
    other.set("/c/limits", b'{"low": "x"}')
    eventually(lambda: list(config.errors), ["limits"])
    assert config.model == Shop(Limits(1.0), {"a": 1})


def test_values_of_a_codec_of_ones_own_are_copied_where_that_can_be(zk):
    """And shared where not."""

    class Box(list):
        """Can be copied."""

    class Odd(Box):
        def __deepcopy__(self, memo):
            raise RuntimeError

    class Boxes(Raw):
        kind = Box

        def decode(self, data, /):
            """A box of bytes."""
            return self.kind([data])

    codec = Boxes()
    config = Configuration(zk, "/c", codec=codec)
    config["a"] = b"1"
    config["a"].append(2)
    assert config["a"] == [b"1"]
    Boxes.kind = Odd
    config["a"] = b"2"
    assert config["a"] is config["a"]

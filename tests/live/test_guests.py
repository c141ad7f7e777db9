"""What users' functions raise where they run on the engine ends nothing: no pass, no other news."""

import gevent
import pytest

from tests.live.support import Calls, eventually
from zktools.configuration import Configuration
from zktools.exceptions import InvalidValueError
from zktools.node import Node, NodeDict

pytestmark = pytest.mark.usefixtures("wire")


class NamelessError(Exception):
    """Cannot even be told of."""

    def __str__(self):
        raise SystemExit(4)


RAISED = [SystemExit, gevent.Timeout, NamelessError]
KINDS = pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)


class Lists:
    """A codec for lists of texts, for which some are too much."""

    def __init__(self, kind):
        self.kind = kind
        self.calls = 0

    def __repr__(self):
        raise self.kind

    def encode(self, value):
        """The bytes of a list."""
        return ",".join(value).encode()

    def decode(self, data):
        """The list; never of ``bad``, not at first of ``once``, and of ``later`` only at first."""
        self.calls += data in (b"once", b"later")
        is_first = self.calls == 1
        if data == b"bad" or (data == b"once" and is_first) or (data == b"later" and not is_first):
            raise self.kind
        return data.decode().split(",")


@KINDS
@pytest.mark.parametrize("make", [Node, NodeDict, Configuration])
def test_a_codec_that_raises_anything(zk, other, kind, make):
    """The value is in error; the object and those beside it go on with what comes next."""
    other.ensure_path("/shown")
    path, node = ("/shown", "/shown") if make is Node else ("/shown", "/shown/key")
    if make is not Node:
        other.create(node, b"a")
    beside = Node(zk, "/beside", 0)
    live = make(zk, path, codec=Lists(kind))

    def read():
        try:
            return live.value if make is Node else live["key"]
        except InvalidValueError as error:
            return type(error)

    def write(data, number):
        transaction = other.transaction()
        transaction.set_data(node, data)
        transaction.set_data("/beside", b"%d" % number)
        transaction.commit()

    write(b"bad", 1)
    eventually(lambda: (read(), beside.value), (InvalidValueError, 1))
    write(b"b,c", 2)
    eventually(lambda: (read(), beside.value), (["b", "c"], 2))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, gevent.Timeout])
def test_what_is_raised_into_a_codec_and_meant_for_others(zk, other, kind):
    """A signal or a timeout under gevent that comes while a value is decoded hides no value."""
    node = Node(zk, "/node", [], codec=Lists(kind))
    calls = node.subscribe(Calls())
    other.set("/node", b"once")
    calls.wait_for(["once"])


@KINDS
def test_a_codec_that_raises_the_second_time(zk, other, kind):
    """A configuration decodes what it has tried already: then that is its error, and it goes on."""
    other.create("/config/key", b"a", makepath=True)
    config = Configuration(zk, "/config", codec=Lists(kind))
    other.set("/config/key", b"later")
    eventually(lambda: type(config.errors.get("key")), InvalidValueError)
    other.set("/config/key", b"b")
    eventually(config.copy, {"key": ["b"]})
    assert not config.errors


@KINDS
def test_a_validator_that_raises_anything(zk, other, kind):
    """Readers keep what was valid last; what comes next is shown, here and beside it."""
    pydantic = pytest.importorskip("pydantic")

    class Shop(pydantic.BaseModel):
        size: int = 0

        @pydantic.field_validator("size")
        @classmethod
        def check(cls, value):
            if value == 13:
                raise kind
            return value

    config = Configuration(zk, "/config", schema=Shop)
    beside = Node(zk, "/beside", 0)
    config.store({"size": 1})
    for size, shown in ((13, 1), (14, 14)):
        transaction = other.transaction()
        transaction.set_data("/config/size", b"%d" % size)
        transaction.set_data("/beside", b"%d" % size)
        transaction.commit()
        wanted = (shown, size == 13, size)
        eventually(lambda: (config.model.size, bool(config.errors), beside.value), wanted)

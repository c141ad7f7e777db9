"""A folder of nodes as a dictionary."""

import logging
from contextlib import suppress

import pytest
from kazoo.exceptions import NodeExistsError, NoNodeError

from tests.live.support import Calls, contents, eventually
from zktools.exceptions import AccessDeniedError, ConflictError, InvalidValueError
from zktools.node import Changes, NodeDict, ZkNodeDict
from zktools.testing import wait_until
from zktools.values import Json, Text

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]


def test_the_path_is_created_with_its_parents(zk):
    """An empty folder is an empty dictionary."""
    assert NodeDict(zk, "/shop/rates") == {}
    assert zk.exists("/shop/rates")


def test_a_mapping_in_every_respect(zk):
    """Each operation of a dict does what it does to a dict, here and on the server."""
    rates = NodeDict(zk, "/rates")
    rates["eur"] = 1
    rates.update({"usd": 2}, gbp=3)
    rates.update([("sek", 4)])
    assert rates == {"eur": 1, "usd": 2, "gbp": 3, "sek": 4}
    assert rates.pop("sek") == 4
    assert rates.pop("sek", None) is None
    assert rates.setdefault("eur", 9) == 1
    assert rates.setdefault("chf", 5) == 5
    del rates["gbp"]
    assert sorted(rates) == ["chf", "eur", "usd"]
    assert sorted(rates.items()) == [("chf", 5), ("eur", 1), ("usd", 2)]
    assert sorted(rates.values()) == [1, 2, 5]
    assert len(rates) == 3
    assert "eur" in rates
    assert "gbp" not in rates
    assert rates.get("gbp") is None
    assert rates.copy() == {"chf": 5, "eur": 1, "usd": 2}
    assert contents(zk, "/rates") == {"chf": b"5", "eur": b"1", "usd": b"2"}
    name, value = rates.popitem()
    assert name not in rates
    assert value in (1, 2, 5)
    rates.clear()
    assert rates == {}
    assert contents(zk, "/rates") == {}


@pytest.mark.parametrize("use", [lambda d: d["no"], lambda d: d.pop("no"), lambda d: d.popitem()])
def test_what_is_missing_is_a_key_error(zk, use):
    """As in a dict."""
    with pytest.raises(KeyError):
        use(NodeDict(zk, "/rates"))


def test_deleting_what_is_missing_is_a_key_error(zk):
    """As in a dict."""
    rates = NodeDict(zk, "/rates")
    with pytest.raises(KeyError):
        del rates["no"]


def test_changes_of_others_arrive(zk, other):
    """Keys come, change and go as the nodes do."""
    rates = NodeDict(zk, "/rates")
    other.create("/rates/eur", b"1")
    eventually(rates.copy, {"eur": 1})
    other.set("/rates/eur", b"2")
    eventually(rates.copy, {"eur": 2})
    other.delete("/rates/eur")
    eventually(rates.copy, {})


def test_a_transaction_is_one_batch(zk, other):
    """What somebody changed at once comes in one call, with the values before and now."""
    rates = NodeDict(zk, "/rates")
    rates.update(eur=1, usd=2)
    calls = rates.subscribe(Calls())
    transaction = other.transaction()
    transaction.create("/rates/gbp", b"3")
    transaction.set_data("/rates/eur", b"4")
    transaction.delete("/rates/usd")
    transaction.commit()
    calls.wait_for(Changes({"gbp": 3}, {"eur": (1, 4)}, {"usd": 2}))

    assert calls[0] == Changes({"eur": 1, "usd": 2}, {}, {})
    assert len(calls) == 2


def test_an_update_is_one_batch(zk, other):
    """Everybody sees all of an update at once; and all of a clear."""
    rates, far = NodeDict(zk, "/rates"), NodeDict(other, "/rates")
    calls = far.subscribe(Calls())
    many = {f"k{number}": number for number in range(200)}
    rates.update(many)
    calls.wait_for(Changes(many, {}, {}))
    rates.clear()
    calls.wait_for(Changes({}, {}, many))

    assert len(calls) == 3


def test_an_update_over_the_limit_is_split_and_says_so(zk, caplog):
    """It takes several transactions, in order, and the log has a warning."""
    rates = NodeDict(zk, "/rates")
    big = {f"k{number}": "x" * 300_000 for number in range(5)}
    with caplog.at_level(logging.WARNING, "zktools"):
        rates.update(big)

    assert rates == big
    assert "5 changes take 2 transactions" in caplog.text


@pytest.mark.slow
def test_more_keys_than_one_transaction_takes(zk, other):
    """Two thousand are created, written and removed, in parts; another object sees them all."""
    rates, far = NodeDict(zk, "/rates"), NodeDict(other, "/rates")
    for value in "ab":
        many = {f"k{number:04}": 600 * value for number in range(2000)}
        rates.update(many)
        assert rates == many
        eventually(far.copy, many, timeout=30)
    rates.clear()
    assert not rates
    eventually(far.copy, {}, timeout=30)


def test_an_update_finds_keys_that_come_and_go_meanwhile(zk, other):
    """Whether to create or to set is decided again when somebody was faster."""
    rates = NodeDict(zk, "/rates")
    rates["eur"] = 1
    going = [True]

    def flip():
        while going:
            with suppress(NoNodeError):
                other.delete("/rates/eur")
            with suppress(NodeExistsError):
                other.create("/rates/eur", b"0")

    task = zk.handler.spawn(flip)
    for number in range(20):
        rates.update(eur=number, usd=number)
        assert rates["usd"] == number
    going.clear()
    task.join()


def test_of_several_who_pop_one_gets_it(zk, other):
    """No value is handed out twice, none is lost."""
    one, two = NodeDict(zk, "/jobs"), NodeDict(other, "/jobs")
    one.update({f"job{number}": number for number in range(20)})
    eventually(lambda: len(two), 20)
    taken = []

    def take(jobs):
        while True:
            try:
                taken.append(jobs.popitem()[1])
            except KeyError:
                return

    for task in [zk.handler.spawn(take, jobs) for jobs in (one, two)]:
        task.join()

    assert sorted(taken) == list(range(20))


def test_a_deleted_folder_is_an_empty_dictionary(zk, other):
    """It goes on when the folder is there again; writing makes it again."""
    rates = NodeDict(zk, "/shop/rates")
    rates["eur"] = 1
    other.delete("/shop", recursive=True)
    eventually(rates.copy, {})
    other.ensure_path("/shop/rates")
    other.create("/shop/rates/usd", b"2")
    eventually(rates.copy, {"usd": 2})
    other.delete("/shop", recursive=True)
    rates["gbp"] = 3
    assert rates["gbp"] == 3
    other.delete("/shop", recursive=True)
    rates.update(chf=4)
    assert rates["chf"] == 4


def test_a_key_that_may_not_be_read_leaves_the_others_alone(zk, root, secret, monkeypatch):
    """It is in errors, not in the dictionary; asking for it raises; granted, it appears."""
    monkeypatch.setattr("zktools._live.tree.FORBIDDEN_RETRY", (0.1, 60))
    root.ensure_path("/rates")
    root.create("/rates/open", b"1")
    root.create("/rates/secret", b"2", acl=secret)
    rates = NodeDict(zk, "/rates")

    assert rates == {"open": 1}
    assert isinstance(rates.errors["secret"], AccessDeniedError)
    with pytest.raises(AccessDeniedError, match="/rates/secret"):
        _ = rates["secret"]
    root.set("/rates/open", b"3")
    eventually(rates.copy, {"open": 3})
    zk.add_auth("digest", "root:secret")
    eventually(rates.copy, {"open": 3, "secret": 2})
    assert rates.errors == {}


def test_a_key_that_cannot_be_decoded_leaves_the_others_alone(zk, other):
    """It is in errors until it is written again."""
    rates = NodeDict(zk, "/rates", codec=Json())
    calls = rates.subscribe(Calls())
    other.create("/rates/bad", b"{")
    other.create("/rates/good", b"[1]")
    calls.wait_for(Changes({"good": [1]}, {}, {}))
    assert rates.copy() == {"good": [1]}
    with pytest.raises(InvalidValueError, match="/rates/bad"):
        _ = rates["bad"]
    other.set("/rates/bad", b"2")
    calls.wait_for(Changes({"bad": 2}, {}, {}))


def test_a_child_with_children_of_its_own(zk, other):
    """It is a key like any other; deleting it is refused with a reason."""
    other.ensure_path("/rates/folder/leaf")
    rates = NodeDict(zk, "/rates", codec=Text())
    assert rates == {"folder": ""}
    for use in (lambda: rates.__delitem__("folder"), lambda: rates.pop("folder"), rates.clear):
        with pytest.raises(ConflictError):
            use()
    assert rates == {"folder": ""}


def test_text_of_any_language_as_key_and_value(zk):
    """Paths and values are UTF-8."""
    words = NodeDict(zk, "/words", codec=Text())
    words.update({"größe": "大小", "a b": "c d"})
    assert words == {"größe": "大小", "a b": "c d"}


def test_the_root_node_as_a_dictionary(zk):
    """Even the client's root will do."""
    root = NodeDict(zk, "/")
    root["a"] = 1
    assert root == {"a": 1}


def test_the_name_of_0_2(zk):
    """A program for 0.2 finds its class."""
    rates = ZkNodeDict(zk, "/rates")
    rates["eur"] = 1
    assert rates["eur"] == 1


def test_many_children(zk, wire):
    """Hundreds of keys are there at once, and follow a transaction over all of them in one call."""
    rates = NodeDict(zk, "/rates")
    rates.update({f"k{number:03}": number for number in range(300)})
    with NodeDict(zk, "/rates") as again:
        assert len(again) == 300
        calls = again.subscribe(Calls())
        rates.update({f"k{number:03}": -1 for number in range(300)})
        wait_until(lambda: len(calls) > 1)
        assert len(calls[1].changed) == 300
        assert len(calls) == 2

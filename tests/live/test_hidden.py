"""What a reader may not see, or cannot decode, is neither absent nor replaced nor removed."""

import pytest
from kazoo.security import make_acl

from tests.live.support import errors_of, eventually
from zktools.exceptions import AccessDeniedError, InvalidValueError
from zktools.node import Node, NodeDict
from zktools.testing import Op, wait_until
from zktools.values import Json

pytestmark = pytest.mark.usefixtures("wire")

#: Everything but reading.
BLIND = [make_acl("world", "anyone", create=True, write=True, delete=True, admin=True)]
OPEN = [make_acl("world", "anyone", all=True)]


@pytest.fixture
def blinded(far, zk, zk_proxy):
    """A dictionary whose folder cannot be listed any more, and has a key that it does not know."""
    rates = NodeDict(far, "/rates")
    rates["eur"] = 1
    zk.set_acls("/rates", BLIND)
    zk.create("/rates/usd", b"2")
    zk_proxy.cut()  # the server does not tell; reading all again does
    wait_until(lambda: rates.errors)
    return rates


def test_writing_before_it_is_known_that_a_folder_cannot_be_listed(far, zk):
    """The server told nobody; a key that cannot be created is there."""
    rates = NodeDict(far, "/rates")
    zk.set_acls("/rates", BLIND)
    zk.create("/rates/usd", b"2")
    zk.create("/rates/chf", b"2")
    rates["usd"] = 3
    rates.update(chf=4)

    assert [zk.get(f"/rates/{key}")[0] for key in ("usd", "chf")] == [b"3", b"4"]


def test_a_folder_that_cannot_be_listed_says_so(blinded):
    """Keys that were known go on; of any other it is not said that it is missing."""
    assert isinstance(blinded.errors[""], AccessDeniedError)
    assert blinded == {"eur": 1}
    for ask in (
        lambda: blinded["usd"],
        lambda: blinded.get("usd", 0),
        lambda: blinded.pop("usd", 0),
        lambda: blinded.setdefault("usd", 0),
    ):
        with pytest.raises(AccessDeniedError, match="/rates"):
            ask()


def test_writing_into_a_folder_that_cannot_be_listed_ends(blinded, zk, zk_proxy):
    """Whether to set or to create is told by the server, in a few requests."""
    before = zk_proxy.requests
    blinded["usd"] = 3
    blinded["chf"] = 4
    blinded.update(usd=5, sek=6, eur=7)
    sent = (zk_proxy.requests - before).total()

    assert sent < 60
    assert [zk.get(f"/rates/{key}")[0] for key in ("usd", "chf", "sek", "eur")] == [
        b"5",
        b"4",
        b"6",
        b"7",
    ]


@pytest.mark.slow
def test_an_update_of_many_keys_in_a_folder_that_cannot_be_listed(blinded, zk, zk_proxy):
    """They are looked for together: the number of transactions does not grow with theirs."""
    for number in range(150):
        zk.create(f"/rates/k{number}", b"0")
    before = zk_proxy.requests
    blinded.update({f"k{number}": 1 for number in range(200)})

    assert (zk_proxy.requests - before)[Op.MULTI] <= 3
    assert zk.get("/rates/k0")[0] == zk.get("/rates/k199")[0] == b"1"


def test_removing_in_a_folder_that_cannot_be_listed(blinded, zk):
    """What was seen of it cannot be made sure of; by its name a key goes."""
    for remove in (lambda: blinded.pop("eur"), blinded.popitem, blinded.clear):
        with pytest.raises(AccessDeniedError, match="/rates"):
            remove()
    del blinded["usd"]
    with pytest.raises(KeyError):
        del blinded["usd"]

    assert zk.exists("/rates/eur")


@pytest.fixture
def hidden(root, secret, other):
    """A dictionary with a key that can be read, one that is forbidden, and one of no JSON."""
    root.ensure_path("/rates")
    root.create("/rates/secret", b"1", acl=secret)
    root.create("/rates/broken", b"{")
    root.create("/rates/open", b"2")
    return NodeDict(other, "/rates", codec=Json())


@pytest.mark.parametrize(
    ("key", "error"), [("secret", AccessDeniedError), ("broken", InvalidValueError)]
)
def test_no_default_stands_in_for_what_is_there(hidden, root, key, error):
    """Asking for it raises why, with a default too; it stays."""
    for ask in (
        lambda: hidden[key],
        lambda: hidden.get(key, 0),
        lambda: hidden.pop(key),
        lambda: hidden.pop(key, 0),
        lambda: hidden.setdefault(key, 0),
    ):
        with pytest.raises(error, match=f"/rates/{key}"):
            ask()
    assert root.exists(f"/rates/{key}")


def test_clear_leaves_what_was_not_seen(hidden, root):
    """It is removed by its name only."""
    hidden.clear()
    assert sorted(root.get_children("/rates")) == ["broken", "secret"]
    with pytest.raises(KeyError):
        hidden.popitem()
    del hidden["broken"]
    del hidden["secret"]
    assert root.get_children("/rates") == []


def test_what_was_not_seen_can_be_replaced(hidden, root):
    """Storing says what it is to be, whatever it was."""
    hidden["broken"] = {"good": True}
    assert hidden["broken"] == {"good": True}
    hidden.update(broken=3, new=4)
    assert root.get("/rates/broken")[0] == b"3"


def test_removing_takes_the_permission_to_create(zk, other):
    """Without it nobody could be sure what is removed; the error says what is needed."""
    zk.ensure_path("/rates")
    zk.create("/rates/eur", b"1")
    rates = NodeDict(other, "/rates")
    zk.set_acls("/rates", [make_acl("world", "anyone", read=True, delete=True, admin=True)])
    for remove in (lambda: rates.pop("eur"), rates.popitem, rates.clear):
        with pytest.raises(AccessDeniedError, match="permissions to create and to delete"):
            remove()
    del rates["eur"]

    assert zk.get_children("/rates") == []


@pytest.mark.slow
def test_a_node_that_is_hidden_later(far, zk, zk_proxy):
    """No default and no empty listing stand in for it; it comes back when it may be read."""
    node = Node(far, "/node", 1)
    zk.create("/node/child")
    eventually(lambda: list(node.children), ["child"])
    zk.set_acls("/node", BLIND)
    zk.set("/node", b"2")
    zk.create("/node/more")
    zk_proxy.cut()
    wait_until(lambda: errors_of(far, [lambda: node.value])[0])
    for ask in (
        lambda: node.value,
        lambda: list(node.children),
        lambda: "child" in node.children,
        lambda: node.update(lambda value: value),
    ):
        with pytest.raises(AccessDeniedError, match="/node"):
            ask()
    zk.set_acls("/node", OPEN)
    eventually(lambda: (errors_of(far, [lambda: node.value]), node.exists), ([None], True))
    assert node.value == 2

"""What a store creates is for those who may use the section it comes into."""

import pytest
from kazoo.security import OPEN_ACL_UNSAFE, make_acl

from zktools.configuration import Configuration
from zktools.exceptions import AccessDeniedError

pytestmark = pytest.mark.usefixtures("wire")

READ = make_acl("world", "anyone", read=True, create=True)


def acl_of(client, path):
    """Who may use it."""
    return client.get_acls(path)[0]


@pytest.fixture
def guarded(root, secret):
    """A section that `root` alone may use, in a tree that is open to all."""
    root.ensure_path("/c")
    root.create("/c/db", b"", acl=secret)
    root.create("/c/db/password", b"x", acl=secret)
    return Configuration(root, "/c")


def test_new_keys_take_their_sections_acl(root, guarded, secret):
    """At any depth; beside an open section they stay open."""
    guarded.store({"db": {"user": "u", "deep": {"er": 1}}, "open": {"x": 1}})

    for path in ("/c/db/user", "/c/db/deep", "/c/db/deep/er"):
        assert acl_of(root, path) == secret
    for path in ("/c/open", "/c/open/x"):
        assert acl_of(root, path) == OPEN_ACL_UNSAFE


def test_a_new_tree_takes_the_acl_of_what_is_above(root, secret):
    """Also the nodes between."""
    root.create("/c", b"", acl=secret)
    Configuration(root, "/c/a/shop")["x/y"] = 1

    for path in ("/c/a", "/c/a/shop", "/c/a/shop/x", "/c/a/shop/x/y"):
        assert acl_of(root, path) == secret


def test_what_is_said_counts(root, guarded):
    """acl=, and the client's own."""
    mine = [make_acl("world", "anyone", read=True, write=True, create=True)]
    Configuration(root, "/c", acl=mine)["db/mine"] = 1
    root.default_acl = mine
    Configuration(root, "/c")["db/clients"] = 1

    assert acl_of(root, "/c/db/mine") == acl_of(root, "/c/db/clients") == mine


@pytest.mark.parametrize("readable", [True, False])
def test_an_acl_that_is_not_shown_is_not_guessed(root, other, secret, readable):
    """It is refused, with the remedy; the server shows others no hashes of passwords."""
    more = make_acl("world", "anyone", read=readable, create=True, write=True)
    root.create("/c", b"", acl=[*secret, more])
    if not readable:
        with pytest.raises(AccessDeniedError):
            Configuration(other, "/c")
        return
    config = Configuration(other, "/c")
    with pytest.raises(AccessDeniedError, match="give acl="):
        config["x"] = 1
    assert root.get_children("/c") == []
    Configuration(other, "/c", acl=[READ])["x"] = 1


def test_a_section_that_is_made_anew_meanwhile(root, guarded, secret, monkeypatch):
    """The ACL is that of the section which it comes into."""
    ask = guarded._acl_of

    def late(path):
        monkeypatch.setattr(guarded, "_acl_of", ask)
        root.delete("/c/db", recursive=True)
        return (yield from ask(path))

    monkeypatch.setattr(guarded, "_acl_of", late)
    guarded["db/user"] = "u"
    assert acl_of(root, "/c/db/user") == OPEN_ACL_UNSAFE


def test_who_may_write_values_only_writes_them_with_a_version(root, other, secret):
    """Without the permissions for more than that, less is checked."""
    values = make_acl("world", "anyone", read=True, write=True)
    look = make_acl("world", "anyone", read=True)
    root.create("/c", b"", acl=[*secret, look])
    root.create("/c/x", b"1", acl=[*secret, values])
    config = Configuration(other, "/c")
    version = config.store({"x": 2}, version=config.version)

    assert config.store({"x": 3}, version=version) > version
    assert root.get("/c/x")[0] == b"3"


def test_who_may_remove_only_removes(root, other, secret):
    """The version that was made cannot be told then: the one before is."""
    removing = make_acl("world", "anyone", read=True, delete=True)
    root.create("/c", b"", acl=[*secret, removing])
    root.create("/c/x", b"1", acl=[*secret, removing])
    config = Configuration(other, "/c")
    version = config.version

    assert config.store({}, remove=["x"]) == version
    assert root.get_children("/c") == []

"""What may not be read, or cannot be decoded, is nobody's to remove, and no default hides it."""

from dataclasses import dataclass

import pytest
from kazoo.security import make_acl

from tests.live.support import Calls, contents, eventually
from zktools.configuration import Configuration
from zktools.exceptions import AccessDeniedError, InvalidValueError
from zktools.node import Changes
from zktools.testing import wait_until
from zktools.values import Json

pytestmark = pytest.mark.usefixtures("wire")

WRITE = make_acl("world", "anyone", write=True)


@pytest.fixture
def mixed(root, secret):
    """A tree in which `root` alone may read a password, and JSON cannot read a certificate."""
    root.ensure_path("/c/db")
    for key, data in {"x": b"1", "db/host": b'"h"', "cert": b"-----BEGIN"}.items():
        root.create(f"/c/{key}", data)
    root.create("/c/db/password", b'"s3cret"', acl=secret)
    return "/c"


@pytest.mark.parametrize("versioned", [True, False])
def test_replacing_leaves_alone_what_was_not_seen(root, other, mixed, versioned):
    """Whoever loads, changes and replaces does not remove what load() could not show."""
    config = Configuration(other, mixed, codec=Json())
    tree = config.load()
    assert (tree, sorted(config.errors)) == (
        {"x": 1, "db": {"host": "h"}},
        ["cert", "db/password"],
    )
    del tree["db"]
    config.store(tree, replace=True, version=tree.version if versioned else None)

    assert contents(root, mixed) == {"x": b"1", "cert": b"-----BEGIN", "db": b""}
    assert contents(root, f"{mixed}/db") == {"password": b'"s3cret"'}


def test_removing_a_section_with_something_unseen_in_it_is_refused(root, other, mixed):
    """The error names it; what can be seen beside it can be removed, named or not."""
    config = Configuration(other, mixed, codec=Json())
    for remove in (["db"], ["x", "db/password"]):
        with pytest.raises(AccessDeniedError, match="'db/password'"):
            config.store({}, remove=remove)
    config.store({}, remove=["db/host"])

    assert contents(root, f"{mixed}/db") == {"password": b'"s3cret"'}
    assert sorted(contents(root, mixed)) == ["cert", "db", "x"]


def test_what_cannot_be_decoded_is_removed_by_its_name_only(other, mixed):
    """Named, it goes, at the version that was seen."""
    other.create(f"{mixed}/tls/key", b"-----BEGIN", makepath=True)
    config = Configuration(other, mixed, codec=Json())
    with pytest.raises(InvalidValueError, match="'tls/key'"):
        config.store({}, remove=["tls"])
    config.store({}, remove=["tls/key", "cert"])

    assert sorted(contents(other, mixed)) == ["db", "x"]


def test_a_version_of_what_was_never_seen_cannot_be_checked(root, other, mixed):
    """Written without a version it may be; with one it is refused."""
    root.set_acls(f"{mixed}/db/password", [*root.get_acls(f"{mixed}/db/password")[0], WRITE])
    config = Configuration(other, mixed, codec=Json())
    with pytest.raises(AccessDeniedError, match="'db/password'"):
        config.store({"db/password": "mine"}, version=config.version)
    config.store({"db/password": "mine"})

    assert root.get(f"{mixed}/db/password")[0] == b'"mine"'


def test_no_default_stands_for_what_cannot_be_read(root, other, mixed, secret):
    """Asking raises, and subscribers are told that the value is gone."""
    config = Configuration(
        other, mixed, defaults={"x": 5, "cert": "d", "db/password": "d", "s/a": 5}, codec=Json()
    )
    calls = config.subscribe(Calls())

    assert config.copy() == {"x": 1, "db/host": "h", "s/a": 5}
    with pytest.raises(AccessDeniedError):
        config.get("db/password", "given")
    with pytest.raises(InvalidValueError):
        config.get("cert", "given")
    root.set("/c/x", b"{")
    calls.wait_for(Changes({}, {}, {"x": 1}))
    root.create("/c/s", b"", acl=secret)
    calls.wait_for(Changes({}, {}, {"s/a": 5}))


@pytest.mark.slow
def test_what_an_acl_hides_is_not_said_to_be_missing(root, other, secret):
    """Below a section that may not be read nobody knows what there is: asking raises."""
    root.ensure_path("/c")
    root.create("/c/s", b"", acl=secret)
    root.create("/c/s/a", b"1")
    config = Configuration(other, "/c", defaults={"s": {"a": 5, "b": 6}, "t": 7})

    assert config.copy() == {"t": 7}
    for key in ("s", "s/a", "s/b", "s/deep/er"):
        with pytest.raises(AccessDeniedError):
            config.get(key, "given")
    assert config.get("u/v", "given") == "given"
    root.set_acls("/c/s", root.get_acls("/c")[0])
    eventually(config.copy, {"s/a": 1, "s/b": 6, "t": 7}, 20)


@dataclass
class Database:
    """With a default for what others may not read."""

    host: str
    password: str = "none"


@dataclass
class Shop:
    """Knows nothing of certificates."""

    db: Database
    x: int = 0


def test_neither_does_the_schemas_default(root, other, mixed, secret):
    """A field that may not be read makes it invalid; what the schema does not want does not."""
    root.delete(f"{mixed}/cert")
    root.create(f"{mixed}/hidden", b"", acl=secret)
    config = Configuration(other, mixed, schema=Shop, codec=Json())

    with pytest.raises(InvalidValueError, match="'db/password': an ACL refuses to read it"):
        _ = config.model
    assert list(config.errors) == ["db/password", "hidden"]
    root.delete(f"{mixed}/db/password")
    wait_until(lambda: "db/password" not in config.errors, 20)
    assert config.model == Shop(Database("h"), 1)

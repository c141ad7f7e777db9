"""Who stored what: records beside a configuration, written with the values and read again."""

from dataclasses import dataclass

import pytest
from kazoo.exceptions import NoAuthError
from kazoo.security import CREATOR_ALL_ACL, make_acl
from pydantic import SecretStr

from tests.live.support import eventually
from zktools import Node, NodeDict
from zktools._configuration.history import folder as places
from zktools.configuration import Changes, Configuration, Hidden, Plan
from zktools.exceptions import (
    AccessDeniedError,
    ConflictError,
    InvalidValueError,
    MissingNodeError,
    ValueTooLargeError,
)

ROOT = places.ROOT


@pytest.fixture
def config(zk):
    """With a history."""
    return Configuration(zk, "/config/shop", history=5, author="me")


@pytest.fixture
def three(config):
    """With three versions."""
    config.store({"db": {"host": "a", "port": 1}, "motd": "hello"}, note="begin")
    config.store({"db": {"host": "b", "user": "u"}}, remove=["db/port"])
    config["motd"] = "bye"
    return config


def changes(record):
    """What a record says, as text."""
    return {key: tuple(map(text, both)) for key, both in record.changes.items()}


def text(value):
    """Bytes as text."""
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.usefixtures("wire")
def test_each_store_leaves_a_record(zk, config):
    """Who, when, why, what; with a number that is one more than that of the one before."""
    config.store({"db": {"host": "a", "port": 1}}, note="begin")
    config["db/host"] = "b"
    config.apply(config.plan({}, remove=["db/port"]), note="tidy")
    newest, second, first = config.history()

    assert [each.version for each in (first, second, newest)] == [1, 2, 3]
    assert changes(first) == {"db/host": (None, "a"), "db/port": (None, "1")}
    assert changes(second) == {"db/host": ("a", "b")}
    assert changes(newest) == {"db/port": ("1", None)}
    assert (first.note, second.note, newest.note) == ("begin", "", "tidy")
    assert (first.author, first.action, first.is_whole) == ("me", "store", True)
    stat = zk.get(f"{ROOT}/config%2Fshop/v0000000003-{len_of(zk, 3)}")[1]
    assert stat.ctime == newest.when.timestamp() * 1000
    assert stat.czxid == config.version


def len_of(zk, number):
    """The bytes of a record."""
    names = zk.get_children(f"{ROOT}/config%2Fshop")
    return next(int(n.rpartition("-")[2]) for n in names if n.startswith(f"v{number:010d}"))


def test_a_record_and_what_it_prints(three):
    """For people."""
    newest, second, first = three.history()

    assert str(second).splitlines()[1:] == [
        '  ~ db/host = "a" -> "b"',
        '  - db/port = "1"',
        '  + db/user = "u"',
    ]
    assert str(first).startswith(f"1 {first.when:%Y-%m-%d %H:%M:%S} UTC me store: begin\n")
    assert len(three.history()) == 3
    assert three.history()[:2] == (newest, second)


def test_nothing_to_do_leaves_no_record(three):
    """Neither does a store that is refused."""
    three.store({"motd": "bye"})
    with pytest.raises(ConflictError):
        three.store({"motd": "x"}, version=1)
    assert len(three.history()) == 3


def test_readers_see_nothing_of_it(zk, three):
    """Neither of the tree, nor of the section above, nor its children."""
    keys = {"db/host", "db/user", "motd"}

    assert set(Configuration(zk, "/config/shop")) == keys
    assert set(Configuration(zk, "/config")) == {f"shop/{key}" for key in keys}
    assert set(NodeDict(zk, "/config/shop")) == {"db", "motd"}
    assert list(Node(zk, "/config").children) == ["shop"]


def test_old_records_go(zk, config):
    """No more are kept than was said, by the last who stored."""
    for number in range(8):
        config["x"] = number
    assert [record.version for record in config.history()] == [8, 7, 6, 5, 4]
    Configuration(zk, "/config/shop", history=2)["x"] = 8
    assert [record.version for record in config.history()] == [9, 8]
    with pytest.raises(MissingNodeError, match=r"no version 1 .*the oldest is 8, the newest 9"):
        config.at(1)


def test_no_more_bytes_are_kept_than_the_limit(config, monkeypatch):
    """Old ones go for a large new one."""
    monkeypatch.setattr(places, "MAX_BYTES", 4000)
    for number in range(4):
        config["x"] = f"{number}" * 700
    sizes = [len(str(record)) for record in config.history()]
    assert [record.version for record in config.history()] == [4, 3]
    assert sum(sizes) < 4000


def test_a_large_store_is_stored_all_the_same(zk, config):
    """Its record is cut down: to marks, and to how many keys there were."""
    config["first"] = 1
    half = {f"k{number}": "x" * 20_000 for number in range(30)}
    config.store({"small": 1, "half": half}, note="half")
    many = {f"{'key' * 600}{number}": "" for number in range(300)}
    Configuration(zk, "/config/many", history=3).store({"many": many}, note="many")
    newest, first = config.history()

    assert (newest.note, newest.is_whole, newest.cut) == ("half", False, 0)
    assert newest.changes["small"] == (None, b"1")
    assert newest.changes["half/k0"][1].why == "large"
    assert config.at(2)["half"]["k0"] == "x" * 20_000  # it is still so
    assert config.at(1) == {"first": 1}
    (cut,) = Configuration(zk, "/config/many").history()
    assert (cut.note, cut.cut, cut.changes) == ("many", 300, {})
    assert first.is_whole


def test_the_largest_store_that_passes_alone(zk, config):
    """Passes with a record as well."""
    config["x"] = ""
    key = "/config/shop/y"
    sizes = config._transaction
    from zktools._live.transaction import Op  # noqa: PLC0415

    room = sizes_left(sizes.size(Op("create", key)))
    config.store({"y": "y" * room}, note="n" * 1000)
    assert config.history()[0].note == "n" * 1000
    with pytest.raises(ValueTooLargeError):
        config.store({"z": "z" * (room + 1)})


def sizes_left(taken):
    """Bytes of a value in a transaction of which `taken` is taken."""
    from zktools._engine.arguments import MAX_VALUE  # noqa: PLC0415

    return MAX_VALUE - taken


def test_what_was_stored_at_a_version(three):
    """A tree of that moment."""
    assert three.at(1) == {"db": {"host": "a", "port": 1}, "motd": "hello"}
    assert three.at(2) == {"db": {"host": "b", "user": "u"}, "motd": "hello"}
    assert three.at(3) == three.load()
    assert (three.at(2).version, three.at(2).unknown) == (2, {})
    for version, error in ((0, MissingNodeError), (4, MissingNodeError), ("x", MissingNodeError)):
        with pytest.raises(error):
            three.at(version)
    with pytest.raises(TypeError, match="version"):
        three.at(None)


def test_what_differs(three):
    """Between two versions, either way round, and between one and now."""
    assert three.diff(1, 2) == Changes({"db/user": "u"}, {"db/host": ("a", "b")}, {"db/port": 1})
    assert three.diff(2, 1) == Changes({"db/port": 1}, {"db/host": ("b", "a")}, {"db/user": "u"})
    assert three.diff(2) == Changes({}, {"motd": ("hello", "bye")}, {})
    assert not three.diff(3)


def test_going_back(zk, three):
    """A store with a record of its own, that removes nothing unless it is told to."""
    seen = []
    other = Configuration(zk, "/config/shop")
    other.subscribe(seen.append)
    three.rollback(1, note="it broke")
    eventually(lambda: len(seen), 2)

    assert three.load() == {"db": {"host": "a", "port": 1, "user": "u"}, "motd": "hello"}
    record = three.history()[0]
    assert (record.version, record.action, record.note) == (4, "rollback to 1", "it broke")
    assert seen[1].keys == {"db/host", "db/port", "motd"}
    three.rollback(1, remove=True)
    assert three.load() == three.at(1)
    three.rollback(3, remove=True)
    assert three.load() == {"db": {"host": "b", "user": "u"}, "motd": "bye"}


def test_going_back_in_two_steps(zk, three):
    """A plan to look at, that is refused when somebody was faster; and kept in a file."""
    plan = three.plan_rollback(1)
    assert str(plan).splitlines() == [
        '~ db/host = "b" -> "a"',
        '+ db/port = "1"',
        '~ motd = "bye" -> "hello"',
    ]
    three["db/host"] = "c"
    with pytest.raises(ConflictError):
        three.apply(plan)
    plan = Plan.from_json(three.plan_rollback(1).to_json())
    Configuration(zk, "/config/shop").apply(plan, note="by hand")
    record = three.history()[0]
    assert (record.action, record.note) == ("rollback to 1", "by hand")


def test_going_back_is_checked(zk, three):
    """By the schema of who does it."""

    @dataclass
    class Database:
        user: str
        host: str

    @dataclass
    class Shop:
        db: Database

    strict = Configuration(zk, "/config/shop", schema=Shop, history=5)
    with pytest.raises(InvalidValueError):
        strict.rollback(1, remove=True)
    assert three.history()[0].version == 3


def test_versions_with_names(three):
    """They keep their trees when the records are gone."""
    assert three.tag("release-7", note="good") == 3
    assert three.tag("first", 1) == 1
    for number in range(9):
        three["motd"] = number
    assert three.history().tags == {"release-7": 3, "first": 1}
    assert three.at("first") == {"db": {"host": "a", "port": 1}, "motd": "hello"}
    assert three.diff("first", "release-7").keys == {"db/host", "db/port", "db/user", "motd"}
    three.rollback("release-7")
    assert three["motd"] == "bye"
    assert three.history()[0].action == "rollback to release-7"
    three.tag("here")
    assert three.history()[0].tags == ("here",)
    with pytest.raises(ConflictError, match="already"):
        three.tag("here")
    three.untag("here")
    with pytest.raises(MissingNodeError, match="no tag 'here'"):
        three.untag("here")
    for name, error in (("12", ValueError), ("now", ValueError), ("", ValueError), (12, TypeError)):
        with pytest.raises(error, match="tag"):
            three.tag(name)


def test_what_others_wrote_without_a_record_is_noticed(zk, other, three, caplog):
    """By who looks, and by the next record; what was there before is not made up."""
    theirs = Configuration(other, "/config/shop")
    theirs.store({"db": {"host": "theirs"}, "new": 1})
    history = three.history()
    assert (history.unrecorded, history[0].version) == ({"db/host", "new"}, 3)
    assert three.at(3).unknown == {"new": Hidden("new")}
    assert three.at(3)["db"]["host"] == "b"

    eventually(lambda: three.get("new"), 1)
    three["motd"] = "again"
    record = three.history()[0]
    assert record.unrecorded == {"db/host": b"theirs", "new": b"1"}
    assert record.made == {"new"}
    assert "! db/host was changed without a record before" in str(record)
    assert "was changed without a record: 'db/host', 'new'" in caplog.text
    assert not three.history().unrecorded
    assert three.at(4)["db"]["host"] == "theirs"
    three["motd"] = "and again"
    assert not three.history()[0].unrecorded


def test_what_others_removed_without_a_record(other, three):
    """It is said that something was; a version from before has it."""
    other.delete("/config/shop/db/host")
    eventually(lambda: "db/host" in three, False)
    assert three.history().lost == {"db"}
    assert three.at(3)["db"] == {"host": "b", "user": "u"}
    three["motd"] = "again"
    assert three.history()[0].lost == {"db"}
    assert three.at(4)["db"] == {"user": "u"}
    assert three.at(4).unknown == {"db/host": Hidden("unrecorded")}
    three.rollback(3)
    assert three["db/host"] == "b"


def test_going_back_where_the_history_does_not_tell(zk, other, three):
    """Is refused, with the keys; told to, it goes back but for them."""
    theirs = Configuration(other, "/config/shop")
    late = Configuration(zk, "/config/late", history=3)
    theirs = Configuration(other, "/config/late")
    theirs.store({"a": 1, "b": 1})
    late["b"] = 2
    theirs["a"] = 2
    eventually(lambda: late["a"], 2)
    late["b"] = 3
    with pytest.raises(ConflictError, match=r"'a'.*partial=True") as caught:
        late.rollback(1)
    assert caught.value.keys == ("a",)
    late.rollback(1, partial=True)
    assert late.load() == {"a": 2, "b": 2}


def test_secrets_are_not_told(zk, config):
    """Neither those of a schema, nor those that were named; to nobody who reads the records."""

    @dataclass
    class Database:
        password: SecretStr
        host: str = "a"

    @dataclass
    class Shop:
        db: Database

    shop = Configuration(zk, "/config/shop", schema=Shop, history=9, secret=["keys"])
    shop.store({"db": {"password": "hunter1", "host": "a"}, "keys": {"api": "hunter2"}})
    shop.store({"db": {"password": "hunter3", "host": "b"}})
    shop.tag("t")
    config["motd"] = "x"
    shop.store({"db": {"password": "hunter4", "host": "c"}})
    told = "".join(map(str, config.history()))
    for name in zk.get_children(f"{ROOT}/config%2Fshop"):
        told += zk.get(f"{ROOT}/config%2Fshop/{name}")[0].decode()
    told += zk.get(f"{ROOT}/config%2Fshop/tag-t/tree")[0].decode()

    assert "hunter" not in told
    assert "~ db/password = (secret) -> (secret)" in told
    assert config.at(2)["db"] == {"host": "b"}
    assert {key: each.why for key, each in config.at(2).unknown.items()} == {
        "db/password": "secret",
        "keys/api": "secret",
    }
    assert set(config.diff(1, 2).changed) == {"db/host", "db/password"}


def test_what_one_program_marks_is_secret_for_all(zk, config):
    """Who stores without a schema does not tell it either; where it is much, whole sections are."""
    Configuration(zk, "/config/shop", history=9, secret=["db/password"])["x"] = 1
    config.store({"db": {"password": "hunter", "host": "a"}})
    assert config.history()[0].changes["db/password"][1].why == "secret"
    assert config.history().secret == {"db/password"}
    assert config.history()[0].changes["db/host"] == (None, b"a")
    many = [f"db/section{number}/password" for number in range(100)]
    Configuration(zk, "/config/shop", history=9, secret=many)["x"] = 2
    config["db/host"] = "b"
    assert config.history()[0].changes["db/host"][1].why == "secret"


def test_going_back_leaves_secrets_alone(zk, caplog):
    """And says which are not as they were."""
    config = Configuration(zk, "/c", history=5, secret=["db/password", "key"])
    config.store({"db": {"password": "one", "host": "a"}, "key": "k"})
    config.store({"db": {"password": "two", "host": "b"}})
    assert config.plan_rollback(1).left == ("db/password",)
    config.rollback(1, remove=True)

    assert config.load() == {"db": {"password": "two", "host": "a"}, "key": "k"}
    assert "left alone by the rollback to 1: 'db/password'" in caplog.text
    assert "two" not in caplog.text


def test_a_record_tells_nobody_more_than_the_tree(root, zk, secret):
    """What an ACL hides from some who may read the history is kept as a mark."""
    config = Configuration(root, "/c", history=5)
    config.store({"db": {"host": "a"}})
    root.create("/c/secret", b"", acl=secret)
    config.store({"secret": {"key": "hunter1"}, "db": {"host": "b"}})
    config.store({"secret": {"key": "hunter2"}})
    told = "".join(map(str, Configuration(zk, "/c").history()))

    assert "hunter" not in told
    assert "(fewer may read it than may read the history)" in told
    assert config.at(3).unknown == {}
    assert config.history().unrecorded == set()


def test_the_history_of_a_protected_tree_is_protected(root, other, secret):
    """It takes the tree's ACL."""
    root.create("/c", b"", acl=secret)
    config = Configuration(root, "/c", history=5)
    config.store({"x": "hunter"})

    assert root.get_acls(f"{ROOT}/c")[0] == secret
    assert config.history()[0].changes == {"x": (None, b"hunter")}
    name = root.get_children(f"{ROOT}/c")[0]
    assert root.get_acls(f"{ROOT}/c/{name}")[0] == secret
    assert other.get_children(ROOT) == ["c"]


def test_a_history_of_whoever_made_it(root, other):
    """With an ACL of the creator's alone, who sees all of it, and nobody else."""
    config = Configuration(root, "/c", history=5, acl=CREATOR_ALL_ACL)
    config.store({"x": "one"})
    config.store({"x": "two"})

    assert config.history()[1].changes == {"x": (None, b"one")}
    assert config.at(1) == {"x": "one"}
    with pytest.raises(AccessDeniedError):
        Configuration(other, "/c")
    with pytest.raises(NoAuthError):
        other.get_children(f"{ROOT}/c")


def test_auto_keeps_what_others_keep(zk, three):
    """And begins nothing."""
    Configuration(zk, "/config/shop", history="auto")["x"] = 1
    Configuration(zk, "/other", history="auto")["x"] = 1

    assert three.history()[0].version == 4
    assert zk.get_children(ROOT) == ["config%2Fshop"]
    assert len(Configuration(zk, "/other").history()) == 0
    with pytest.raises(MissingNodeError, match="note"):
        Configuration(zk, "/other", history="auto").store({"x": 2}, note="why")
    with pytest.raises(MissingNodeError, match="has no history: make it with history="):
        Configuration(zk, "/other").rollback(1)


def test_two_who_store_at_a_time_make_different_versions(zk, other, config):
    """Whoever comes second reads the history again."""
    theirs = Configuration(other, "/config/shop", history=20)
    mine = Configuration(zk, "/config/shop", history=20)

    def many(config, key):
        for number in range(10):
            config[key] = number

    tasks = [zk.handler.spawn(many, *pair) for pair in ((mine, "a"), (theirs, "b"), (mine, "c"))]
    for task in tasks:
        task.join()
    records = mine.history()[::-1]
    assert [record.version for record in records] == [*range(12 - 1, 31)]
    assert not any(record.unrecorded or record.lost for record in records)
    assert mine.at(30) == {"a": 9, "b": 9, "c": 9}


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"history": 0}, ValueError, "history must be from 1 to 1000"),
        ({"history": 1001}, ValueError, "history must be from 1 to 1000"),
        ({"history": True}, TypeError, "history must be how many"),
        ({"history": "all"}, TypeError, "history must be how many"),
        ({"secret": "db"}, TypeError, "secret must be several"),
        ({"secret": ["/db"]}, ValueError, "each part of each key in secret"),
        ({"author": ""}, ValueError, "author"),
        ({"author": 1}, TypeError, "author"),
    ],
)
def test_wrong_arguments(zk, arguments, error, match):
    """Are errors at the call."""
    with pytest.raises(error, match=match):
        Configuration(zk, "/c", **arguments)


def test_more_wrong_arguments(zk, config):
    """Nothing is stored."""
    for path in ("/", "/ZktoolsHistory", "/ZktoolsHistory/c"):
        with pytest.raises(ValueError, match="cannot have a history"):
            Configuration(zk, path, history=1)
    with pytest.raises(ValueError, match="make it with history="):
        Configuration(zk, "/c").store({"x": 1}, note="why")
    with pytest.raises(ValueError, match="note has 1001 bytes"):
        config.store({"x": 1}, note="x" * 1001)
    with pytest.raises(TypeError, match="note"):
        config.store({"x": 1}, note=1)
    assert zk.exists("/config") is None


def test_what_is_no_history_is_refused(zk, config):
    """Before anything is stored."""
    zk.create(f"{ROOT}/config%2Fshop", b"theirs", makepath=True)
    with pytest.raises(ValueError, match="no history"):
        config["x"] = 1
    assert zk.exists("/config/shop") is None


def test_who_may_only_read_may_look(zk, root, secret):
    """And cannot store, as nothing can be recorded."""
    look = make_acl("world", "anyone", read=True)
    root.create("/c", b"", acl=[*secret, look])
    Configuration(root, "/c", history=5)["x"] = 1
    assert Configuration(zk, "/c").history()[0].changes == {"x": (None, b"1")}


def test_long_paths_have_a_history(zk):
    """Each its own."""
    one, two = (Configuration(zk, f"/{'x' * 300}{n}", history=3) for n in (1, 2))
    one["x"] = two["y"] = 1
    assert [len(each.history()) for each in (one, two)] == [1, 1]

"""What a store would do, kept, and carried out if nothing has changed; and sections replaced."""

import pytest

from tests.live.support import contents, eventually
from zktools.configuration import Configuration, Plan
from zktools.exceptions import ConflictError, InvalidValueError
from zktools.values import Json

pytestmark = pytest.mark.usefixtures("wire")

TREE = {"db": {"host": "a", "port": 1}, "features": {"x": True}, "motd": "hello"}
WANTED = {"db": {"host": "b", "user": "u"}, "features": {"x": True}}


@pytest.fixture
def config(zk):
    """With something in it."""
    config = Configuration(zk, "/c")
    config.store(TREE)
    return config


def test_a_plan_says_what_will_be_done(zk, config):
    """It can be printed, and asked whether there is anything to do; nothing is done."""
    version = config.version
    plan = config.plan(WANTED, replace=["db", "features"])

    assert str(plan).splitlines() == [
        '~ db/host = "a" -> "b"',
        '- db/port = "1"',
        '+ db/user = "u"',
    ]
    assert (bool(plan), plan.version, config.load()) == (True, version, TREE)
    assert not config.plan(TREE, replace=True)
    assert str(config.plan({})) == "nothing to do"


def test_a_plan_is_carried_out_by_another_process(zk, other, config):
    """Out of a file."""
    text = config.plan(WANTED, replace=["db"], remove=["motd"]).to_json()
    elsewhere = Configuration(other, "/c")
    plan = Plan.from_json(text)

    assert plan == config.plan(WANTED, replace=["db"], remove=["motd"])
    version = elsewhere.apply(plan)
    assert elsewhere.load() == WANTED
    assert elsewhere.version == version
    with pytest.raises(ConflictError):
        elsewhere.apply(plan)


@pytest.mark.parametrize("key", ["db/host", "db/port", "db/new", "db/user", "db"])
def test_a_plan_is_refused_when_what_it_is_about_has_changed(zk, other, config, key):
    """Changed, removed or made by anybody; and other sections are not what it is about."""
    plan = config.plan(WANTED, replace=["db"])
    other.ensure_path(f"/c/{key}")
    other.set(f"/c/{key}", b"theirs")
    eventually(lambda: config.get(key), "theirs")
    with pytest.raises(ConflictError):
        config.apply(plan)
    assert config[key] == "theirs"

    plan = config.plan(WANTED, replace=["db"])
    config["motd"] = "bye"
    config.apply(plan)
    assert config.load() == {**WANTED, "motd": "bye"}


def test_a_key_removed_meanwhile_from_a_section_is_a_conflict(zk, other, config):
    """So is the removal of the whole section."""
    for path in ("/c/db/port", "/c/db"):
        plan = config.plan(WANTED, replace=["db"])
        other.delete(path, recursive=True)
        eventually(lambda: "db/port" in config, False)
        with pytest.raises(ConflictError):
            config.apply(plan)


def test_only_the_sections_named_are_replaced(zk, config):
    """A value is a section of itself; an empty one is removed."""
    config.store({"db": {"host": "b"}}, replace=["db", "motd"])
    assert config.load() == {"db": {"host": "b"}, "features": {"x": True}}
    config.store({}, replace=["db", "nothing"])
    assert config.load() == {"features": {"x": True}}
    assert zk.get_children("/c") == ["features"]


def test_what_cannot_be_read_stays_and_is_named(zk, config):
    """In a plan, too."""
    zk.create("/c/db/cert", b"-----")
    careful = Configuration(zk, "/c", codec=Json())
    plan = careful.plan({"db": {"port": 2}}, replace=["db"])

    assert plan.left == ("db/cert", "db/host")
    assert "db/cert cannot be read, and stays" in str(plan)
    careful.apply(plan)
    assert contents(zk, "/c/db") == {"cert": b"-----", "host": b"a", "port": b"2"}
    with pytest.raises(InvalidValueError):
        careful.plan({}, remove=["db"])


@pytest.mark.parametrize("text", ["", "{}", "[]", "1", '{"path": "x"}', "null"])
def test_what_is_no_plan_is_refused(zk, config, text):
    """Neither is one for another configuration."""
    with pytest.raises(ValueError, match="no plan"):
        Plan.from_json(text)
    plan = Configuration(zk, "/d").plan({"a": 1})
    with pytest.raises(ValueError, match="for the configuration /d, not for /c"):
        config.apply(plan)
    with pytest.raises(TypeError, match="plan must be a Plan"):
        config.apply(text)
    with pytest.raises(TypeError, match="replace must be several keys"):
        config.store({}, replace="db")

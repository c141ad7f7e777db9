"""A configuration that has to be as a type declares it."""

import traceback
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import pydantic
import pytest
from pydantic_core import PydanticCustomError

from tests.live.support import Calls, eventually
from zktools.configuration import Configuration, from_environment
from zktools.exceptions import InvalidValueError
from zktools.node import Changes
from zktools.testing import wait_until
from zktools.values import Json, Text

pytestmark = pytest.mark.usefixtures("wire")


@dataclass
class Database:
    """A section."""

    host: str
    pool_size: int = 5


@dataclass
class Shop:
    """A tree, declared without pydantic."""

    db: Database
    hosts: list[str] = field(default_factory=list)
    opened: date | None = None
    limits: dict[str, float] = field(default_factory=dict)


class StrictDatabase(pydantic.BaseModel):
    """A section with a rule for one value."""

    host: str
    pool_size: int = pydantic.Field(5, ge=1)


class StrictShop(pydantic.BaseModel):
    """A tree with a rule over several keys."""

    db: StrictDatabase
    low: int = 0
    high: int = 10

    @pydantic.model_validator(mode="after")
    def ordered(self):
        """Refuse limits in the wrong order."""
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


TREE = {"db": {"host": "db1", "pool_size": 10}}


@pytest.fixture
def shop(zk):
    """A valid configuration."""
    shop = Configuration(zk, "/config/shop", schema=StrictShop)
    shop.store(TREE)
    return shop


def test_a_dataclass(zk, other):
    """Values arrive as objects of the declared types, sections as objects of theirs."""
    config = Configuration(zk, "/config", schema=Shop)
    config.store(
        {
            "db/host": "db1",
            "hosts": ["a", "b"],
            "opened": date(2012, 2, 16),
            "limits": {"low": 0.5, "high": -2},
        }
    )
    wanted = Shop(Database("db1", 5), ["a", "b"], date(2012, 2, 16), {"low": 0.5, "high": -2.0})

    assert config.model == wanted
    assert Configuration(other, "/config", schema=Shop).model == wanted


def test_the_model_follows(shop, other):
    """It is replaced at each change, and of one moment."""
    first = shop.model
    Configuration(other, shop.path).store({"db": {"host": "db2"}, "low": 3})
    eventually(lambda: shop.model.low, 3)

    assert shop.model.db.host == "db2"
    assert first.db.host == "db1"


@pytest.mark.parametrize(
    ("tree", "keys", "why"),
    [
        ({"db/pool_size": 0}, ("db/pool_size",), "greater than or equal to 1"),
        ({"db/pool_size": "many", "low": "x"}, ("db/pool_size", "low"), "valid integer"),
        ({"db/host/port": 1}, ("db/host",), "valid string"),
        ({"low": 11}, ("",), "a rule of the schema refuses it"),
    ],
)
def test_what_does_not_fit_is_not_sent(zk, shop, tree, keys, why):
    """A store that would break the schema, with what is there already, names the keys."""
    version = shop.version
    with pytest.raises(InvalidValueError, match=why) as caught:
        shop.store(tree)

    assert caught.value.keys == keys
    assert zk.get(f"{shop.path}/db/pool_size")[0] == b"10"
    assert shop.version == version
    assert not shop.errors


def test_the_words_of_validators_are_apart(zk, caplog):
    """They may hold what was found, and messages get into logs; who asks for them gets them."""

    class Careful(pydantic.BaseModel):
        password: str = "long enough"
        kind: Literal["a"] = "a"

        @pydantic.field_validator("password")
        @classmethod
        def check(cls, password):
            """Say it aloud."""
            if len(password) < 10:
                raise ValueError(f"{password} is too short")
            if password.startswith("custom"):
                raise PydanticCustomError("weak", f"{password} is weak")
            assert password != "hunter2hunter2", f"{password} is known"
            return password if password != "zero division" else 1 / 0

    config = Configuration(zk, "/config", schema=Careful)
    for password in ("hunter2", "custom hunter2", "hunter2hunter2"):
        with pytest.raises(InvalidValueError) as caught:
            config["password"] = password
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))
        assert password in caught.value.words["password"]
        zk.ensure_path("/config")
        zk.create("/config/password", password.encode())
        wait_until(lambda: config.errors)
        assert "hunter2" not in repr(config.errors)
        zk.delete("/config/password")
        wait_until(lambda: not config.errors)
    assert "hunter2" not in caplog.text


def test_replacing_is_checked_for_what_is_missing(shop):
    """What would be removed is missing, whatever is there now."""
    with pytest.raises(InvalidValueError) as caught:
        shop.store({"db": {"pool_size": 3}}, replace=True)

    assert caught.value.keys == ("db/host",)
    assert shop.load() == TREE


def test_values_are_checked_as_they_will_be_read(zk):
    """The rules of 0.2 make a number of the text 00123: that is refused, and JSON keeps it."""
    with pytest.raises(InvalidValueError, match="'db/host': Input should be a valid string"):
        Configuration(zk, "/config", schema=Shop).store({"db/host": "00123"})

    config = Configuration(zk, "/config", schema=Shop, codec=Json())
    config.store({"db/host": "00123"})
    assert config.model.db.host == "00123"


def test_an_invalid_change_is_not_shown(zk, shop, caplog):
    """The last valid values stay for every reader; the log and `errors` say why, load() what."""
    calls = shop.subscribe(Calls())
    zk.set(f"{shop.path}/db/pool_size", b"secret-but-wrong")
    wait_until(lambda: shop.errors)
    zk.set(f"{shop.path}/db/host", b"db2")
    eventually(lambda: shop.load()["db"]["host"], "db2")

    assert (shop.model.db.host, shop.model.db.pool_size) == ("db1", 10)
    assert shop.copy() == {"db/host": "db1", "db/pool_size": 10}
    assert list(shop.errors) == ["db/pool_size"]
    assert f"Configuration {shop.path} does not fit its schema: 'db/pool_size'" in caplog.text
    assert "secret" not in caplog.text
    assert len(calls) == 1

    zk.set(f"{shop.path}/db/pool_size", b"11")
    calls.wait_for(Changes({}, {"db/host": ("db1", "db2"), "db/pool_size": (10, 11)}, {}))
    assert shop.model.db == StrictDatabase(host="db2", pool_size=11)
    assert not shop.errors
    assert len(calls) == 2


def test_a_store_that_repairs_is_accepted(zk, shop):
    """What is invalid is in nobody's way who stores what is right."""
    zk.set(f"{shop.path}/db/pool_size", b"many")
    wait_until(lambda: shop.errors)
    with pytest.raises(InvalidValueError, match="db/pool_size"):
        shop.store({"low": 1})
    shop.store({"db/pool_size": 7})

    assert shop.model.db.pool_size == 7


def test_what_was_deleted_is_an_invalid_change_too(zk, shop):
    """A value that has to be there stays shown when somebody deletes its node."""
    zk.delete(f"{shop.path}/db/host")
    wait_until(lambda: shop.errors)

    assert shop.model.db.host == "db1"
    assert list(shop.errors) == ["db/host"]


def test_the_schemas_default_does_not_stand_for_what_cannot_be_decoded(zk, other):
    """A broken value is an invalid change, though the field has a default."""
    config = Configuration(zk, "/config", schema=Shop, codec=Json())
    config.store(TREE)
    other.set("/config/db/pool_size", b"{")
    wait_until(lambda: config.errors)

    assert config.model.db.pool_size == 10
    config.store({"db/pool_size": 11})
    assert config.model.db.pool_size == 11
    assert not config.errors


def test_before_anything_valid_was_found(zk, other):
    """Readers get an error that names what is missing; storing a valid tree ends that."""
    config = Configuration(zk, "/config", schema=Shop)
    for read in (lambda: config.model, lambda: config["hosts"], lambda: config.get("hosts")):
        with pytest.raises(InvalidValueError, match="'db': Field required") as caught:
            read()
        assert caught.value.keys == ("db",)
    assert config.copy() == {}
    with pytest.raises(InvalidValueError):
        config.store({"hosts": ["a"]})
    assert not zk.exists("/config")
    Configuration(other, "/config").store(TREE)

    assert config.wait_for("db/host", timeout=10) == "db1"
    assert config.model.db.pool_size == 10


def test_defaults_fill_and_overrides_cover(zk):
    """The model is made of all layers; what is stored has to be valid behind an override too."""
    config = Configuration(
        zk,
        "/config",
        defaults={"db/host": "localhost"},
        overrides={"db/pool_size": 99},
        schema=StrictShop,
    )
    assert config.model.db == StrictDatabase(host="localhost", pool_size=99)
    with pytest.raises(InvalidValueError, match="db/pool_size"):
        config.store({"db/pool_size": 0})
    config.store({"db": {"host": "db1", "pool_size": 5}})

    assert config.model.db == StrictDatabase(host="db1", pool_size=99)
    assert config.load()["db"]["pool_size"] == 5


def test_a_validator_that_fails_is_an_invalid_change(zk, other, caplog):
    """Whatever it raises; readers go on with what was valid."""

    class Fragile(pydantic.BaseModel):
        number: int = 1

        @pydantic.field_validator("number")
        @classmethod
        def check(cls, number):
            """Fail for some numbers."""
            return number if number < 10 else number / 0

    config = Configuration(zk, "/config", schema=Fragile)
    config["number"] = 2
    other.set("/config/number", b"11")
    wait_until(lambda: config.errors)

    assert config.model.number == 2
    assert "ZeroDivisionError" in caplog.text
    config["number"] = 3
    assert config.model.number == 3


def test_union_members_are_no_keys(zk):
    """An error names the key, not the alternatives that pydantic tried."""

    @dataclass
    class Either:
        size: int | bool | None = None

    config = Configuration(zk, "/config", schema=Either)
    with pytest.raises(InvalidValueError) as caught:
        config["size"] = "large"
    assert caught.value.keys == ("size",)


def test_overrides_from_the_environment(zk, monkeypatch):
    """Names in lower case, two underscores for the slash, values as those in nodes."""
    monkeypatch.setenv("SHOP_DB__POOL_SIZE", "7")
    monkeypatch.setenv("SHOP_HOSTS", '["a"]')
    monkeypatch.setenv("OTHER", "1")
    overrides = from_environment("SHOP_")
    config = Configuration(zk, "/config", defaults=TREE, overrides=overrides, schema=Shop)

    assert overrides == {"db/pool_size": 7, "hosts": ["a"]}
    assert config.model == Shop(Database("db1", 7), ["a"])


def test_text_from_the_environment_is_for_the_schema_to_understand(zk):
    """With Text() a number may be text, and the schema makes numbers where they are declared."""
    environ = {"SHOP_DB__HOST": "00123", "SHOP_DB__POOL_SIZE": "7"}
    overrides = from_environment("SHOP_", environ, codec=Text())

    assert Configuration(zk, "/config", overrides=overrides, schema=Shop).model.db == Database(
        "00123", 7
    )

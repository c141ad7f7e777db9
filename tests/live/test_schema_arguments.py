"""What a schema, and overrides from the environment, may be."""

import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.live.support import Calls
from zktools.configuration import Configuration, from_environment


@dataclass
class Shop:
    """A tree."""

    host: str = "localhost"


@pytest.mark.parametrize("schema", [3, Shop(), "Shop", [Shop]])
def test_what_is_no_schema_is_refused(zk, schema):
    """At the call, before anything is sent."""
    with pytest.raises(TypeError, match="schema must be a dataclass or a pydantic model"):
        Configuration(zk, "/config", schema=schema)


def test_what_pydantic_cannot_use_is_refused(zk):
    """With the reason, in one line."""

    @dataclass
    class Strange:
        client: Calls = None

    with pytest.raises(TypeError, match="schema: pydantic cannot use Strange") as caught:
        Configuration(zk, "/config", schema=Strange)
    assert "\n" not in str(caught.value)


def test_there_is_no_model_without_a_schema(zk):
    """The error says how to get one."""
    config = Configuration(zk, "/config")
    with pytest.raises(AttributeError, match="schema="):
        _ = config.model


def test_without_pydantic():
    """One line says what to install; without a schema nothing is missed."""
    program = """
import sys
sys.modules["pydantic"] = None
import zktools
from zktools._configuration.schema import Schema
Schema(dict)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == (
        "ImportError: schema= needs pydantic 2: pip install 'zktools[schema]'"
    )


@pytest.mark.parametrize(
    ("prefix", "name", "error", "match"),
    [
        ("", "A", ValueError, "prefix must not be empty"),
        (3, "A", TypeError, "prefix must be a str"),
        ("SHOP_", "SHOP_", ValueError, "variable SHOP_ names no key"),
        ("SHOP_", "SHOP_DB__", ValueError, "the environment variable SHOP_DB__"),
    ],
)
def test_variables_that_are_no_settings(prefix, name, error, match):
    """The error names the variable."""
    with pytest.raises(error, match=match):
        from_environment(prefix, {name: "1"})

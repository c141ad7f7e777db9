"""The rooms of the package, as CONTRIBUTING.rst describes them, stay apart."""

import ast
import graphlib
import subprocess
import sys

import pytest

from docs.pictures.imports import imports, modules, parsed, uses

PURE = [
    "_configuration.history.kept",
    "_configuration.history.record",
    "_engine.life",
    "_live.bounds",
    "_partitions.assignment",
    "_queue.order",
    "values",
]
FOUNDATIONS = {"exceptions", "hooks", "values"}  # public, and for every room to use
PAGES = {"jinja2", "starlette", "uvicorn"}  # what the extra `web` installs
CHANGING = ("clear", "conditional", "prune", "remove", "revoke")
CHANGING += ("config.changing", "config.importing", "config.after")
WALL_CLOCK = {"time", "localtime", "gmtime", "time_ns"}


# What each wing may import beside the foundations.
WINGS = {
    "_engine": set(),
    "_queue": {"_engine"},
    "_live": {"_engine"},
    "_configuration": {"_engine", "_live"},
    "_threads": {"_engine", "_queue"},
    "_election": {"_engine", "_queue", "_live"},
    "_partitions": {"_engine", "_queue", "_live"},
}


MODULES = modules()


def is_private(module):
    """Whether a module belongs to the engine."""
    return module.split(".")[0].startswith("_") and module != "__init__"


def test_imports_go_one_way():
    """No two modules import each other, not even by way of others."""
    tuple(graphlib.TopologicalSorter({m: uses(m) for m in MODULES}).static_order())


@pytest.mark.parametrize("module", [m for m in MODULES if is_private(m)])
def test_engine_does_not_know_what_stands_on_it(module):
    """A private module imports private ones and the foundations only."""
    above = {used for used in uses(module) if not is_private(used)}

    assert above <= FOUNDATIONS


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_knows_only_those_it_stands_on(wing):
    """The engines do not know each other, and what both stand on knows neither."""
    rooms = {module for module in MODULES if module.split(".")[0] == wing}
    used = {name.split(".")[0] for module in rooms for name in uses(module)}

    assert rooms
    assert used - FOUNDATIONS - {wing} <= WINGS[wing]


def test_every_private_wing_has_its_walls():
    """A new wing is named above, with what it may know."""
    assert {m.split(".")[0] for m in MODULES if is_private(m)} == set(WINGS)


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] == "testing"])
def test_testing_stands_alone(module):
    """zktools.testing is for users of plain kazoo too: it uses nothing else of zktools."""
    assert {used.split(".")[0] for used in uses(module)} <= {"testing"}


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.split(".")[0] not in {"cli", "testing"}]
)
def test_nothing_imports_the_tools_around_the_library(module):
    """The library knows neither zooky nor its own test kit."""
    assert {used.split(".")[0] for used in uses(module)}.isdisjoint({"cli", "testing"})


def test_what_pages_take_is_taken_by_pages_alone():
    """The rest of zooky does without the libraries of its pages, and does not stand on them."""
    for module in [m for m in MODULES if not m.startswith("cli.web")]:
        assert {name.split(".")[0] for name in imports(module)}.isdisjoint(PAGES), module
        assert not any(used.startswith("cli.web") for used in uses(module)), module


def test_pages_change_nothing():
    """They use no module of zooky's that does, and none of the locks."""
    pages = [module for module in MODULES if module.startswith("cli.web")]
    used = set().union(*(uses(module) for module in pages))

    assert used
    assert used.isdisjoint({f"cli.{name}" for name in CHANGING})
    assert not any(name.startswith(("cli.run", "locks", "semaphore", "multilock")) for name in used)


@pytest.mark.parametrize("module", PURE)
def test_decisions_are_pure(module):
    """What decides does no input or output and reads no clock: all its cases can be tested."""
    roots = {name.split(".")[0] for name in imports(module)}

    assert roots.isdisjoint({"kazoo", "logging", "os", "socket", "threading", "time"})
    assert uses(module) <= FOUNDATIONS | set(PURE)


@pytest.mark.parametrize("module", MODULES)
def test_nobody_reads_the_wall_clock(module):
    """Deadlines are measured on the monotonic clock, in the tools around the library too."""
    read = {
        node.attr
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "time"
    }

    assert read.isdisjoint(WALL_CLOCK)
    assert imports(module).isdisjoint({f"time.{name}" for name in WALL_CLOCK})


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith("_engine.wire")])
def test_kazoos_private_parts_are_used_in_one_room(module):
    """Outside `_engine.wire` nobody reaches into a client, a connection or a handler of kazoo's.

    Not by `getattr` with a private name either, which ruff lets pass.
    """
    reached = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(value=ast.Name(owner) | ast.Attribute(attr=owner), attr=name):
                pass
            case ast.Call(ast.Name("getattr"), [_, ast.Constant(str(name)), *_]):
                owner = "client"
            case _:
                continue
        if owner.lstrip("_") in {"client", "connection", "handler"} and is_hidden(name):
            reached.add(ast.unparse(node))

    assert not reached


def is_hidden(name):
    """Whether an attribute is private by its name."""
    return name.startswith("_") and not name.endswith("__")


@pytest.mark.slow
def test_importing_zktools_takes_kazoo_alone():
    """The extras' libraries are imported by what needs them, never by any public name."""
    program = "import sys; from zktools import *; print(*{n.split('.')[0] for n in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "kazoo" in loaded
    assert loaded.isdisjoint({"click", "gevent", "pydantic", "pytest", "rich", "tomli_w", "yaml"})
    assert loaded.isdisjoint(PAGES)


def test_the_package_itself_takes_nothing():
    """``import zktools``, which pytest does in every run for the plugin, loads not even kazoo."""
    program = "import sys, zktools; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "kazoo" not in done.stdout.split()


def test_every_public_name_is_there_and_documented():
    """What ``zktools`` exports exists, and has a docstring."""
    import zktools  # noqa: PLC0415

    for name in zktools.__all__:
        assert getattr(zktools, name).__doc__, name

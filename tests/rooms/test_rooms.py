"""The rooms of the package, as CONTRIBUTING.rst describes them, stay apart."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "zktools"
PURE = ["_queue.order", "values"]
FOUNDATIONS = {"exceptions", "hooks", "values"}  # public, and for every room to use
WALL_CLOCK = {"time", "localtime", "gmtime", "time_ns"}


# What each wing may import beside the foundations.
WINGS = {
    "_engine": set(),
    "_queue": {"_engine"},
    "_live": {"_engine"},
    "_configuration": {"_engine", "_live"},
}


def modules():
    """The name of each module below ``zktools``, without that prefix, and its file."""
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__") or "__init__", file


MODULES = dict(modules())


def imports(module):
    """What a module imports when it runs, at whatever place: full names, types only left out."""
    found = set()
    for node in running(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def running(tree):
    """Walk a syntax tree, but not into ``if TYPE_CHECKING:``."""
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from running(child)


def rooms_used(module):
    """The modules of zktools that a module imports."""
    used = set()
    for name in imports(module):
        inside = name.removeprefix("zktools.") if name.startswith("zktools.") else None
        while inside and inside not in MODULES:
            inside = inside.rpartition(".")[0]
        if inside:
            used.add(inside)
    return used - {module}


def is_private(module):
    """Whether a module belongs to the engine."""
    return module.split(".")[0].startswith("_") and module != "__init__"


def test_imports_go_one_way():
    """No two modules import each other, not even by way of others."""
    tuple(graphlib.TopologicalSorter({m: rooms_used(m) for m in MODULES}).static_order())


@pytest.mark.parametrize("module", [m for m in MODULES if is_private(m)])
def test_engine_does_not_know_what_stands_on_it(module):
    """A private module imports private ones and the foundations only."""
    above = {used for used in rooms_used(module) if not is_private(used)}

    assert above <= FOUNDATIONS


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_knows_only_those_it_stands_on(wing):
    """The engines do not know each other, and what both stand on knows neither."""
    rooms = {module for module in MODULES if module.split(".")[0] == wing}
    used = {name.split(".")[0] for module in rooms for name in rooms_used(module)}

    assert rooms
    assert used - FOUNDATIONS - {wing} <= WINGS[wing]


def test_every_private_wing_has_its_walls():
    """A new wing is named above, with what it may know."""
    assert {m.split(".")[0] for m in MODULES if is_private(m)} == set(WINGS)


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] == "testing"])
def test_testing_stands_alone(module):
    """zktools.testing is for users of plain kazoo too: it uses nothing else of zktools."""
    assert {used.split(".")[0] for used in rooms_used(module)} <= {"testing"}


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.split(".")[0] not in {"cli", "testing"}]
)
def test_nothing_imports_the_tools_around_the_library(module):
    """The library knows neither zooky nor its own test kit."""
    assert {used.split(".")[0] for used in rooms_used(module)}.isdisjoint({"cli", "testing"})


@pytest.mark.parametrize("module", PURE)
def test_decisions_are_pure(module):
    """What decides does no input or output and reads no clock: all its cases can be tested."""
    roots = {name.split(".")[0] for name in imports(module)}

    assert roots.isdisjoint({"kazoo", "logging", "os", "socket", "threading", "time"})
    assert rooms_used(module) <= FOUNDATIONS


@pytest.mark.parametrize("module", MODULES)
def test_nobody_reads_the_wall_clock(module):
    """Deadlines are measured on the monotonic clock, in the tools around the library too."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    read = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "time"
    }

    assert read.isdisjoint(WALL_CLOCK)
    assert imports(module).isdisjoint({f"time.{name}" for name in WALL_CLOCK})


def test_importing_zktools_takes_kazoo_alone():
    """The extras' libraries are imported by what needs them, never by any public name."""
    program = "import sys; from zktools import *; print(*{n.split('.')[0] for n in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "kazoo" in loaded
    assert loaded.isdisjoint({"click", "gevent", "pydantic", "pytest", "rich", "tomli_w", "yaml"})


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

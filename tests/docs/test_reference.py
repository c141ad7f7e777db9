"""Nothing public is left out of the reference."""

import importlib
import inspect
import re
from typing import TypeVar

import pytest

from tests.docs.examples import ROOT

MODULES = [
    "zktools",
    "zktools.aio",
    "zktools.configuration",
    "zktools.contenders",
    "zktools.election",
    "zktools.exceptions",
    "zktools.group",
    "zktools.hooks",
    "zktools.lease",
    "zktools.locking",
    "zktools.locks",
    "zktools.multilock",
    "zktools.node",
    "zktools.partitions",
    "zktools.semaphore",
    "zktools.testing",
    "zktools.values",
]
UNLISTED = {"candidates", "check_codec", "contenders", "decoded", "emit", "translate"}
DIRECTIVE = re.compile(r"^\.\. auto(\w+):: (\S+)\n((?:   .*\n)*)", re.MULTILINE)


def public(module):
    """The public names of a module: those it lists, or else those it defines."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__
        ]
    found = {name for name in names if not name.startswith("_")} - UNLISTED
    return {name for name in found if not isinstance(getattr(module, name), TypeVar)}


def documented():
    """The objects that the reference's pages ask autodoc for."""
    for page in ROOT.glob("docs/reference/*.rst"):
        for kind, target, options in DIRECTIVE.findall(page.read_text(encoding="utf-8") + "\n"):
            if kind != "module":
                module, _, name = target.rpartition(".")
                yield getattr(importlib.import_module(module), name)
            elif ":no-members:" not in options:
                yield from members(importlib.import_module(target), options)


def members(module, options):
    """The objects that an ``automodule`` shows."""
    listed = re.search(r":members: (.+)", options)
    names = listed[1].split(", ") if listed else public(module)
    return [getattr(module, name) for name in names]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_in_the_reference(name):
    """What can be imported from a public module has its place in docs/reference/."""
    module = importlib.import_module(name)
    shown = {id(thing) for thing in documented()}

    missing = {name for name in public(module) if id(getattr(module, name)) not in shown}

    assert missing == set()


def test_every_public_module_is_looked_at():
    """A module that is added without an underscore has to be in the list above."""
    files = [file for file in (ROOT / "zktools").glob("*.py") if not file.name.startswith("_")]
    packages = {"zktools", "zktools.aio", "zktools.testing"}  # zktools.cli is a program

    assert packages | {f"zktools.{file.stem}" for file in files} == set(MODULES)


def test_every_public_name_has_a_docstring():
    """And so do the public methods and properties of classes."""
    bare = []
    for name in MODULES:
        module = importlib.import_module(name)
        for thing in (getattr(module, each) for each in public(module)):
            if inspect.isclass(thing):
                parts = [p for n, p in vars(thing).items() if not n.startswith("_")]
                candidates = [
                    thing,
                    *(p for p in parts if inspect.isroutine(p) or isinstance(p, property)),
                ]
                bare += [f"{name}: {c!r}" for c in candidates if not inspect.getdoc(c)]
    assert bare == []

"""Nothing public is left out of the reference."""

import importlib
import inspect
import pkgutil
import re
from typing import TypeVar

import pytest

from tests.docs.examples import ROOT

UNLISTED = {"candidates", "check_codec", "contenders", "decoded", "emit", "translate"}
PROGRAMS = {"zktools.cli", "zktools.testing.plugin"}
DIRECTIVE = re.compile(r"^\.\. auto(\w+):: (\S+)\n((?:   .*\n)*)", re.MULTILINE)


def modules(package="zktools"):
    """The names of a package and of all below it, but for those with an underscore."""
    yield package
    for each in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if each.name in PROGRAMS or each.name.rpartition(".")[2].startswith("_"):
            continue
        yield from modules(each.name) if each.ispkg else [each.name]


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


@pytest.mark.parametrize("name", [*modules()])
def test_every_public_name_is_in_the_reference(name):
    """What can be imported from a public module has its place in docs/reference/."""
    module = importlib.import_module(name)
    shown = {id(thing) for thing in documented()}

    missing = {name for name in public(module) if id(getattr(module, name)) not in shown}

    assert missing == set()


def test_modules_of_packages_are_looked_at():
    """Also those that stand beside no other."""
    assert {"zktools.locks", "zktools.handlers", "zktools.handlers.gevent"} <= {*modules()}


def test_every_public_name_has_a_docstring():
    """And so do the public methods and properties of classes."""
    bare = []
    for name in modules():
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

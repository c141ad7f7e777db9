"""Who imports whom in the package, read from its source: for the walls' test and the drawing."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "zktools"


@cache
def modules() -> dict[str, Path]:
    """The file of each module below ``zktools``, by its name without that prefix."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__") or "__init__"] = file
    return found


def parsed(module: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports when it runs, at whatever place: full names, types only left out."""
    found: set[str] = set()
    for node in _running(parsed(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a syntax tree, but not into ``if TYPE_CHECKING:``."""
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from _running(child)


@cache
def uses(module: str) -> frozenset[str]:
    """The modules of zktools that a module imports."""
    used = set()
    for name in imports(module):
        inside = name.removeprefix("zktools.") if name.startswith("zktools.") else ""
        while inside and inside not in modules():
            inside = inside.rpartition(".")[0]
        if inside:
            used.add(inside)
    return frozenset(used - {module})


def room_of(module: str) -> str:
    """The file or folder directly below ``zktools`` that a module is in."""
    return module.split(".", maxsplit=1)[0]

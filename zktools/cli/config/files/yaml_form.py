"""YAML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import yaml

from zktools.cli.config.files.form import FileError, Form, Parsed

#: Values that a file may make. Aliases stand for what they name, over and over: a few lines can
#: stand for more than there is memory.
_LIMIT = 1_000_000
_MERGE = "tag:yaml.org,2002:merge"
_STR = "tag:yaml.org,2002:str"

# Those of libyaml are many times faster, and PyYAML may have been built without it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _parse(text: str) -> Parsed:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return Parsed({})
        reader = _Reader()
        reader.size(root)
        lines = reader.lines(root)  # before what is merged is put among what is written
        return Parsed(loader.construct_document(root), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        raise FileError(f"no YAML: {error.problem or error.context}", line) from error
    except yaml.YAMLError as error:
        raise FileError(f"no YAML: {error}") from error
    finally:
        loader.dispose()


class _Reader:
    """Looks at what is written before anything is made of it."""

    def __init__(self) -> None:
        self._sizes: dict[int, int | None] = {}  # of nodes; None while one is looked at

    def size(self, node: yaml.Node) -> int:
        """How many values `node` stands for."""
        if isinstance(node, yaml.ScalarNode):
            return 1
        known = self._sizes.get(id(node), 0)
        if known is None:
            raise FileError("an alias names what it is itself in", _line(node))
        if not known:
            self._sizes[id(node)] = None
            known = 1 + sum(map(self.size, _inside(node)))
            if known > _LIMIT:
                raise FileError(f"aliases make more than {_LIMIT:,} values of it", _line(node))
            self._sizes[id(node)] = known
        return known

    def lines(self, root: yaml.Node) -> dict[str, int]:
        """In which line each key stands."""
        found: dict[str, int] = {}
        if isinstance(root, yaml.MappingNode):
            self._collect(root, "", found)
        return found

    def _collect(self, mapping: yaml.MappingNode, above: str, found: dict[str, int]) -> None:
        names: set[str] = set()
        for key, value in mapping.value:
            if key.tag == _MERGE:
                continue
            name = _name(key)
            if name in names:
                raise FileError(f"the key {name!r} stands there twice", _line(key))
            names.add(name)
            path = f"{above}/{name}" if above and name else above or name
            found[path] = _line(key)
            if isinstance(value, yaml.MappingNode):
                self._collect(value, path, found)


def _name(key: yaml.Node) -> str:
    if isinstance(key, yaml.ScalarNode) and key.tag == _STR:
        return str(key.value)
    shown = key.value if isinstance(key, yaml.ScalarNode) else "?"
    raise FileError(f"the key {shown!r} is no text to YAML; put it in quotes", _line(key))


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _render(tree: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    text: str = yaml.dump(
        tree,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=not ascii_only,
        default_flow_style=False,
    )
    return text


def render_for_terminal(tree: Mapping[str, Any]) -> str:
    """With what is not plainly visible as escapes."""
    return _render(tree, ascii_only=True)


def _takes(value: Any) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, list):
        return all(map(_takes, value))
    if isinstance(value, dict):
        return all(_takes(each) for pair in value.items() for each in pair)
    return value is None or isinstance(value, (bool, int, float, bytes, dt.date, dt.datetime))


YAML = Form(_parse, _render, _takes)

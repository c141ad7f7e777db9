"""``.env`` and ``.properties``: one line for each key, and all values text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from zktools._configuration.environment import key_of_variable
from zktools.cli.config.files.form import FileError, Form, Parsed

_BARE = re.compile(r"[\w./:@%+,-]*", re.ASCII)
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)", re.ASCII | re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_ESCAPED = {each: f"\\{letter}" for letter, each in _ESCAPES.items()}


def _collect(pairs: Iterable[tuple[int, str, str]]) -> Parsed:
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    for line, key, value in pairs:
        if key in values:
            raise FileError(f"the key {key!r} stands there twice", line)
        values[key], lines[key] = value, line
    return Parsed(values, lines, is_text=True)


def _takes(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


# -- .env --------------------------------------------------------------------------------------


def _parse_env(text: str) -> Parsed:
    return _collect(_assignments(text))


def _assignments(text: str) -> Iterable[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(written)
        if match is None:
            name = written.partition("=")[0]
            raise FileError(f"{name!r} is no NAME=VALUE", number)
        yield number, key_of_variable(match[1]), _unquoted(match[2], match[1], number)


def _unquoted(written: str, name: str, line: int) -> str:
    quote = written[:1]
    if quote not in {"'", '"'}:
        return re.split(r"\s#", written, maxsplit=1)[0].rstrip()
    inside = r"[^']*" if quote == "'" else r'(?:[^"\\]|\\.)*'
    match = re.fullmatch(rf"{quote}({inside}){quote}\s*(?:#.*)?", written, re.DOTALL)
    if match is None:
        raise FileError(f"the quotes of {name} do not close", line)
    return match[1] if quote == "'" else _unescaped(match[1])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)


def _render_env(values: Mapping[str, Any]) -> str:
    return "".join(f"{_variable(key)}={_quoted(values[key])}\n" for key in values)


def _quoted(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    if value.isprintable() and "'" not in value:
        return f"'{value}'"
    escaped = re.sub(r'[\\"$`]', r"\\\g<0>", value)
    return '"' + "".join(_ESCAPED.get(each, each) for each in escaped) + '"'


def _variable(key: str) -> str:
    return key.replace("/", "__").upper()


def _is_variable(key: str) -> bool:
    name = _variable(key)
    try:
        return bool(re.fullmatch(r"[A-Z_][A-Z0-9_]*", name)) and key_of_variable(name) == key
    except ValueError:
        return False  # underscores that would be read as slashes


# -- .properties -------------------------------------------------------------------------------


def _parse_properties(text: str) -> Parsed:
    return _collect(_properties(text))


def _properties(text: str) -> Iterable[tuple[int, str, str]]:
    for number, line in _logical_lines(text):
        match = re.fullmatch(
            r"((?:[^\\:=\s]|\\.)*)(?:[ \t\f]*[:=][ \t\f]*|[ \t\f]+|$)(.*)", line, re.DOTALL
        )
        if match is None or not match[1]:
            raise FileError("there is no key before the value", number)
        yield number, _decoded(match[1], number).replace(".", "/"), _decoded(match[2], number)


def _logical_lines(text: str) -> Iterable[tuple[int, str]]:
    """Lines without comments, and with those that a backslash continues put together."""
    begun, line = 0, ""
    for number, each in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        written = each.lstrip(" \t\f")
        if not begun and (not written or written[0] in "#!"):
            continue
        begun = begun or number
        line += written
        if (len(line) - len(line.rstrip("\\"))) % 2:
            line = line[:-1]
            continue
        yield begun, line
        begun, line = 0, ""
    if begun:
        yield begun, line


def _decoded(written: str, line: int) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1] is not None:
            return chr(int(match[1], 16))
        if match[2] == "u":
            raise FileError("\\u has to be followed by four hexadecimal digits", line)
        return _ESCAPES.get(match[2], match[2])

    text = re.sub(r"\\(?:u([0-9A-Fa-f]{4})|(.))", one, written, flags=re.DOTALL)
    try:
        # Java writes characters beyond 16 bits as two.
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise FileError("half a character (a surrogate) stands alone", line) from None


def _render_properties(values: Mapping[str, Any]) -> str:
    return "".join(
        f"{_java(key.replace('/', '.'), is_key=True)}={_java(values[key])}\n" for key in values
    )


def _java(text: str, *, is_key: bool = False) -> str:
    special = r"[\\:=#! ]" if is_key else r"\\|^ "
    escaped = re.sub(special, r"\\\g<0>", text)
    return "".join(map(_java_character, escaped))


def _java_character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if " " <= character <= "~":
        return character
    units = character.encode("utf-16-be")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{each}" for each in pairs)


def _is_property(key: str) -> bool:
    return bool(key) and "." not in key


def _form(
    parse: Callable[[str], Parsed],
    render: Callable[[Mapping[str, Any]], str],
    takes_key: Callable[[str], bool],
) -> Form:
    return Form(parse, render, _takes, takes_key, is_text=True)


ENV = _form(_parse_env, _render_env, _is_variable)
PROPERTIES = _form(_parse_properties, _render_properties, _is_property)

"""From facts to HTML, with all text made harmless.

Whatever a template prints goes through :func:`_finalize`: what is not plainly visible is written as
on a terminal, and Jinja escapes the rest. No template has to think of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from zktools.cli import describing
from zktools.cli.config.presenting import readable, shown
from zktools.cli.durations import in_words, local_time, seconds_since
from zktools.cli.escaping import escaped
from zktools.cli.list_locks import full_name

FOLDER = Path(__file__).parent
_GAP = Markup("\0")  # where an age goes; no template has one, and none comes through escaping
_LONGEST = 2000  # characters of a text, unless a template cuts it sooner


@dataclass(frozen=True)
class Fragment:
    """A part of a page. Ages grow without anything having happened, so they are apart."""

    parts: tuple[str, ...]
    ages: tuple[str, ...]
    """Between the parts."""

    @property
    def html(self) -> str:
        """All of it."""
        spans = [f'<span class="age">{escape(age)}</span>' for age in self.ages]
        return "".join(text for pair in zip(self.parts, [*spans, ""], strict=True) for text in pair)


class Rendering:
    """The templates."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            cut=cut, exact=_exact, lines=_lines, clock=local_time, readable=readable, shown=shown
        )
        self._environment.globals.update(
            link=link,
            process=describing.process,
            own_name=describing.own_name,
            thread=describing.thread,
            first_of=describing.first_of,
            asked_by=describing.asked_by,
            full_name=full_name,
            ago=lambda moment: in_words(seconds_since(moment)),
        )

    def fragment(self, template: str, facts: Mapping[str, Any]) -> Fragment:
        """A part that changes. In the template, ``age(text)`` is text that grows older."""
        ages: list[str] = []

        def age(text: str) -> Markup:
            ages.append(escaped(text))
            return _GAP

        html = self._environment.get_template(template).render(age=age, **facts)
        return Fragment(tuple(html.split(_GAP)), tuple(ages))

    def page(self, template: str, facts: Mapping[str, Any]) -> str:
        """A whole page."""
        return self._environment.get_template(template).render(facts)


def _finalize(value: object) -> object:
    return value if isinstance(value, Markup) else escaped(cut(value))


def cut(value: object, longest: int = _LONGEST) -> str:
    """Text of so many characters at the most; that more was there is said."""
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… and {len(text) - longest} characters more"


def _lines(value: object, longest: int = _LONGEST) -> Markup:
    """Text of several lines, each made harmless."""
    return Markup("\n").join(escape(escaped(line)) for line in cut(value, longest).split("\n"))


def _exact(value: object) -> Markup:
    """As it is, for what a form sends back."""
    return escape(str(value))


def link(page: str, /, **query: object) -> Markup:
    """An address on this server, safe in an attribute."""
    given = {name: str(value) for name, value in query.items() if value not in ("", None)}
    asked = urlencode(given, safe="/", errors="replace", quote_via=quote)
    return escape(f"{page}?{asked}" if asked else page)

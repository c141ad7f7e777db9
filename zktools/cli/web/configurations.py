"""Configurations: what is stored, who stored what and when, and what differs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from zktools._configuration.history.record import lines as record_lines
from zktools._configuration.tree import flatten
from zktools.cli.config.history import NOW, VERSION
from zktools.cli.config.opening import read
from zktools.cli.config.presenting import readable, shown_data, type_name
from zktools.cli.connection import Connection
from zktools.cli.web.browsing import Browsing
from zktools.cli.web.looks import Source
from zktools.cli.web.opened import Opened, Stored, history_of
from zktools.cli.web.options import Options
from zktools.cli.web.scene import Query, Scene, path_in
from zktools.cli.web.veil import Veil
from zktools.configuration import Changes, Configuration, Past

_ROWS = 1000
_RECORDS = 100


class Configurations:
    """The pages."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection = connection
        self._codec = options.codec
        self._secrets = options.secrets
        self._browsing = Browsing(connection, options)

    def values(self, query: Query) -> Scene:
        """Keys and values."""
        path = path_in(query)
        if not path:
            return self._browsing.scene(query, "configuration", "Configuration")
        check_given(path)
        wanted = query.get("q", "").strip()
        form = {"page": "configuration", "path": path, "q": wanted}

        def facts(stored: Stored) -> Mapping[str, Any]:
            veil = Veil(stored.history, self._secrets)
            found = {
                key: veil.over(key, data)
                for key, data in sorted(stored.now.data.items())
                if wanted.lower() in key.lower()
            }
            return {
                **form,
                "values": self._rows(dict(list(found.items())[:_ROWS])),
                "more": max(len(found) - _ROWS, 0),
                "left_out": stored.now.reasons,
                "history": stored.history,
            }

        return self._scene(path, query, "values.html", facts, self._stored(path), form)

    def history(self, query: Query) -> Scene:
        """Who stored what, newest first."""
        path = check_given(path_in(query))
        form = {"page": "configuration/history", "path": path}

        def facts(stored: Stored) -> Mapping[str, Any]:
            history = stored.history
            veil = Veil(history, self._secrets)
            show = partial(shown_data, self._codec)
            records = () if history is None else history.records
            before = [*(each.version for each in records[1:]), None]
            told = [
                (each, older, record_lines(veil.over_record(each), show))
                for each, older in zip(records[:_RECORDS], before, strict=False)
            ]
            more = max(len(records) - _RECORDS, 0)
            return {**form, "records": told, "more": more, "history": history}

        return self._scene(path, query, "history.html", facts, self._stored(path), form)

    def differences(self, query: Query) -> Scene:
        """What differs between two versions, or between one and now."""
        path = check_given(path_in(query))
        one, other = query.get("a", "").strip(), query.get("b", "").strip() or NOW
        if not one:
            raise ValueError("a must be a version or a tag to compare with")
        form = {"page": "configuration/differences", "path": path, "a": one, "b": other}
        first, second = VERSION(one), None if other == NOW else VERSION(other)

        def compare(config: Configuration) -> tuple[Changes[Any], Stored]:
            return config.diff(first, second), Stored(read(config), history_of(config))

        def facts(found: tuple[Changes[Any], Stored]) -> Mapping[str, Any]:
            changes, stored = found
            veil = Veil(stored.history, self._secrets)
            both = {
                **{key: (None, new) for key, new in changes.added.items()},
                **changes.changed,
                **{key: (old, None) for key, old in changes.removed.items()},
            }
            rows = [
                (key, *(self._text(veil.over(key, each)) for each in both[key]))
                for key in sorted(both)
            ]
            return {**form, "rows": rows[:_ROWS], "more": max(len(rows) - _ROWS, 0)}

        source = self._opened(("differences", path, one, other), path, compare)
        return self._scene(path, query, "differences.html", facts, source, form)

    def at(self, query: Query) -> Scene:
        """What was stored at a version."""
        path = check_given(path_in(query))
        version = query.get("version", "").strip()
        if not version:
            raise ValueError("version must be a number of the history, or a tag")
        form = {"page": "configuration/at", "path": path, "version": version}

        def look(config: Configuration) -> tuple[Past, Stored]:
            return config.at(VERSION(version)), Stored(read(config), history_of(config))

        def facts(found: tuple[Past, Stored]) -> Mapping[str, Any]:
            past, stored = found
            veil = Veil(stored.history, self._secrets)
            data = {**flatten(past), **past.unknown}
            values = {key: veil.over(key, data[key]) for key in sorted(data)[:_ROWS]}
            more = max(len(data) - _ROWS, 0)
            return {**form, "values": self._rows(values), "more": more, "lost": sorted(past.lost)}

        source = self._opened(("at", path, version), path, look)
        return self._scene(path, query, "at.html", facts, source, form)

    def _stored(self, path: str) -> Source[Any]:
        def look(config: Configuration) -> Stored:
            return Stored(read(config), history_of(config))

        return self._opened(("configuration", path), path, look)

    def _opened(self, key: tuple[str, ...], path: str, look: Any) -> Source[Any]:
        opened = Opened(self._connection, path, self._codec, look)
        return Source(key, opened, opened.close)

    def _scene(
        self, path: str, query: Query, template: str, facts: Any, source: Source[Any], form: Any
    ) -> Scene:
        shown = {"a": query.get("a", ""), "b": query.get("b", ""), "q": "", **form}
        return Scene(
            f"Configuration: {path}", source, template, facts, "configuration_form.html", shown
        )

    def _rows(self, values: Mapping[str, Any]) -> list[tuple[str, str, str, bool]]:
        """Key, type and text; and whether the text stands for something that is not shown."""
        return [(key, *self._row(value)) for key, value in values.items()]

    def _row(self, data: Any) -> tuple[str, str, bool]:
        if not isinstance(data, bytes):
            return "", str(data), True
        try:
            value = self._codec.decode(data)
            return type_name(value), readable(value), False
        except (ValueError, RecursionError):
            return "", shown_data(self._codec, data), True

    def _text(self, data: Any) -> str | None:
        return None if data is None else self._row(data)[1]


def check_given(path: str) -> str:
    """The path of a page that is nothing without one."""
    if path in ("", "/"):
        raise ValueError("path must be that of a configuration; / would be all there is")
    return path

"""What the tab key offers, as ZooKeeper knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem
from kazoo.client import KazooClient

from zktools.cli.settings import Settings, settings_of

_PATIENCE = 1.0  # seconds: somebody has pressed the tab key and waits


def offered(
    ctx: click.Context, incomplete: str, ask: Callable[[KazooClient, Settings], Iterable[str]]
) -> list[CompletionItem]:
    """What `ask` answers and begins so; nothing where ZooKeeper does not answer at once."""
    try:
        words = _asked(settings_of(ctx), ask)
    except Exception:  # noqa: BLE001 - a shell waits: it must get an answer, not a traceback
        return []
    fitting = [word for word in words if word.startswith(incomplete)]
    return [CompletionItem(word) for word in fitting if _is_harmless(word)]


def _asked(settings: Settings, ask: Callable[[KazooClient, Settings], Iterable[str]]) -> list[str]:
    from zktools.cli.connection import disconnect, make_client, quiet_logs  # noqa: PLC0415

    client = make_client(settings)
    with quiet_logs():
        try:
            client.start(_PATIENCE)
            return sorted(ask(client, settings))
        finally:
            disconnect(client)


def paths_below(client: KazooClient, above: str, incomplete: str) -> list[str]:
    """The next steps from `incomplete`, a path below `above`; where there is one, those behind it.

    So that a shell goes on to the next component, in the place of ending the word.
    """
    folder, slash, begun = incomplete.rpartition("/")
    prefix = folder + slash
    names = [name for name in _children(client, above, prefix) if name.startswith(begun)]
    found = [prefix + name for name in names]
    if len(found) == 1:
        below = f"{found[0]}/"
        found += [below + name for name in _children(client, above, below)]
    return found


def _children(client: KazooClient, above: str, path: str) -> list[str]:
    whole = "/".join(part for part in f"{above}/{path}".split("/") if part)
    names: list[str] = client.get_children(f"/{whole}")
    return names


def _is_harmless(word: str) -> bool:
    # It is about to be put into a shell's command line.
    return word.isprintable() and not set(word) & set(" \t'\"\\$`;&|<>()*?![]{}#~")

"""Where zooky's own options end and the command begins."""

from __future__ import annotations

from collections.abc import Sequence

import click


def end_own_options(command: click.Command, ctx: click.Context, words: Sequence[str]) -> list[str]:
    """The words, with ``--`` behind zooky's own options: the rest is left to the command.

    As :manpage:`flock(1)` does. Own options stand before NAME, or between it and the command; the
    first word behind NAME that is no option begins the command.
    """
    ctx.allow_interspersed_args = False
    own = click.Command(None, params=[p for p in command.params if isinstance(p, click.Option)])
    before, rest = _split(own, ctx, words)
    if not rest:
        return before
    between, program = _split(own, ctx, rest[1:])
    return [*before, *between, "--", rest[0], *program]


def _split(
    own: click.Command, ctx: click.Context, words: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The options at the front, and the words behind them."""
    _, rest, _ = own.make_parser(ctx).parse_args(list(words))
    options = list(words[: len(words) - len(rest)])
    if options[-1:] == ["--"]:
        options.pop()
    return options, rest

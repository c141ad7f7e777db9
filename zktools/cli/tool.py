"""How zooky's commands are put together: help in sections, errors in one line."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from zktools.cli.problems import Problem, debugging, problem_of
from zktools.cli.statuses import Status

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # not generic in click before 8.4


class Option(click.Option):
    """An option that the help shows under a heading of its own."""

    def __init__(self, *args: Any, section: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class _Sections(click.Command):
    """Examples are words for a shell; what comes behind two spaces and # is said of them."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What it does, and examples."""
        super().format_help_text(ctx, formatter)
        if self.examples:
            with formatter.section("Examples" if len(self.examples) > 1 else "Example"):
                for example in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                title = getattr(param, "section", "Options")
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)
        if any(param.type.name == "duration" for param in self._shown(ctx)):
            formatter.write_paragraph()
            formatter.write_text("DURATION is written 500ms, 10s, 1m30s, 2h, 1d.")
        if any(getattr(param, "hidden", False) for param in self.get_params(ctx)):
            formatter.write_paragraph()
            formatter.write_text("Logging in, TLS, SASL and timeouts: see zooky --help.")

    def _shown(self, ctx: click.Context) -> list[click.Parameter]:
        return [each for each in self.get_params(ctx) if not getattr(each, "hidden", False)]


class Command(_Sections):
    """One command of zooky."""


class Group(_Sections, click.Group):
    """Commands under one name.

    Args:
        places: the module and the variable of each command, by its name. It is imported when it is
            used: most of the time that zooky takes to start is that of the libraries.
    """

    command_class = Command

    def __init__(self, *args: Any, places: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = dict(places or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """In the order in which they were given, so that what belongs together stands together."""
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, if there is one."""
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, variable = place.partition(":")
        found: click.Command = getattr(importlib.import_module(f"zktools.cli.{module}"), variable)
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands first: that is what somebody who asks for help looks for."""
        self.format_commands(ctx, formatter)
        _Sections.format_options(self, ctx, formatter)


class Tool(Group):
    """All of zooky: whatever is raised inside becomes one line and an exit status."""

    def main(  # type: ignore[override] # it never returns, in any mode
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,
    ) -> None:
        """Run, and end the process."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a terminal that lacks a character gets an escape
                stream.reconfigure(errors="backslashreplace")
        extra.pop("standalone_mode", None)
        try:
            status = super().main(args, prog_name, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(Status.USAGE)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx is not None else "zooky"
            Problem(Status.USAGE, f"{one_line(error)}; see {command} --help").show()
            sys.exit(Status.USAGE)
        except Problem as problem:
            problem.show()
            sys.exit(problem.status)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(Status.INTERRUPTED)
        sys.exit(status if isinstance(status, int) else Status.OK)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see to what it raises."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError) as error:
            if isinstance(error, Problem):
                error.as_json = bool(ctx.meta.get(AS_JSON))
            raise
        except Exception as error:
            if debugging():
                raise
            problem = problem_of(error)
            problem.as_json = bool(ctx.meta.get(AS_JSON))
            raise problem from error


#: Where a context keeps whether its command speaks JSON.
AS_JSON = "zktools.cli.as_json"


def one_line(error: click.ClickException) -> str:
    """What is wrong, ready to be followed by the remedy."""
    return error.format_message().rstrip(".").replace("\n", " ")

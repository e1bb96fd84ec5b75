"""The root of the command tree, and the one place that turns errors into words and exit codes."""

import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import click

from fanlight.cli.access import access
from fanlight.cli.audit import audit
from fanlight.cli.bench import bench
from fanlight.cli.connect import connect
from fanlight.cli.demo import demo
from fanlight.cli.dialog import dialog
from fanlight.cli.doctor import doctor
from fanlight.cli.host import host
from fanlight.cli.identity import identity
from fanlight.cli.namespace import namespace
from fanlight.cli.options import home_option
from fanlight.cli.policy import policy
from fanlight.cli.sessions import sessions
from fanlight.errors import FanlightError

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(context_settings=_CONTEXT)
@click.version_option(version("fanlight"), prog_name="fanlight")
@home_option
@click.pass_context
def fanlight(context: click.Context, home: Path | None) -> None:
    """Stream this computer's screen to people and programs that are allowed to see it."""
    if home is not None and context.invoked_subcommand in (demo.name, bench.name):
        raise click.UsageError(f"{context.invoked_subcommand} uses no home: leave out --home")


for command in (host, connect, sessions, dialog, access, identity, namespace, audit, policy, demo, bench, doctor):
    fanlight.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its true code; no traceback for anything a user can cause."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    ended_by = [signal.SIGINT]

    def terminate(_number: int, _frame: object) -> None:
        # Unwind as Ctrl-C does, which asyncio knows how to do; only the exit code differs.
        ended_by.append(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

    # A script's background job inherits a SIGINT that is ignored; what ends us must not be lost for that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, terminate)
    try:
        # Commands return nothing; a code is what click makes of an Exit.
        code = fanlight.main(args=arguments, prog_name="fanlight", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("fanlight: interrupted", err=True)
        return 128 + ended_by[-1]
    except FanlightError as error:
        click.echo(f"fanlight: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does; nothing is left to say to it.
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0

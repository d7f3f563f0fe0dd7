"""The one place where a command's outcome becomes an exit code and words on stderr."""

import os
import sys

import click

from firstbyte.cli.shell.files import WRITE_FAILED, FileError
from firstbyte.cli.shell.group import root
from firstbyte.cli.shell.lab_words import BARE
from firstbyte.cli.shell.terminal import make_streams_safe
from firstbyte.errors import FirstbyteError, UsageError

USAGE = 2
"""curl's code for a wrong command line (and for "failed to initialise")."""
INTERRUPTED = 130
"""What a shell reports for a process ended by SIGINT."""


def run(arguments: list[str]) -> int:
    """Run the command line ``arguments`` (without the program's name); return the exit code."""
    make_streams_safe()
    try:
        code = _run_root(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_went_away()
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.NoSuchOption as fault:
        return complain(*_no_such_option(fault), USAGE)
    except click.ClickException as fault:
        return complain(fault.format_message(), _hint_for(fault), USAGE)
    except UsageError as fault:
        return complain(fault.message, fault.hint, USAGE)
    except FileError as fault:
        return complain(str(fault), None, fault.exit_code)
    except FirstbyteError as fault:
        return complain(str(fault), None, USAGE)
    except OSError as fault:
        return complain(_os_words(fault), None, WRITE_FAILED)
    except Exception as fault:
        return _internal(fault)
    return code if isinstance(code, int) else 0


def _run_root(arguments: list[str]) -> object:
    """Run click's part. Where a pipe breaks, and only there, it ends the process itself, with 1."""
    try:
        return root.main(arguments, prog_name="firstbyte", standalone_mode=False)
    except SystemExit:
        raise BrokenPipeError from None


def complain(message: str, hint: str | None, code: int) -> int:
    """Write ``message`` and ``hint`` to stderr; return ``code``."""
    from firstbyte.rendering.escape import escape

    print(f"firstbyte: {escape(message)}", file=sys.stderr)
    if hint:
        print(f"hint: {escape(hint)}", file=sys.stderr)
    return code


def _hint_for(fault: click.ClickException) -> str | None:
    context = getattr(fault, "ctx", None)
    if isinstance(fault, click.UsageError) and context is not None:
        return f"{context.command_path} --help"
    return None


def _no_such_option(fault: click.NoSuchOption) -> tuple[str, str | None]:
    """Words and hint; where a command cannot run in a world, those that can."""
    if fault.ctx is None:
        return fault.format_message(), None
    path = fault.ctx.command_path
    if fault.option_name != BARE:
        return fault.format_message(), f"{path} --help lists the options"
    from firstbyte.cli.shell.lab_flags import commands_with_lab

    known = ", ".join(commands_with_lab(root, ""))
    return f"`{path}` cannot run in a world", f"those that ask others can (--lab): {known}"


def _os_words(fault: OSError) -> str:
    name = f"{fault.filename}: " if fault.filename else ""
    return f"{name}{fault.strerror or fault}"


def _reader_went_away() -> int:
    """Leave quietly; what Python still flushes at its end goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return WRITE_FAILED


def _internal(fault: Exception) -> int:
    if os.environ.get("FIRSTBYTE_DEBUG"):
        raise fault
    words = f"internal error: {type(fault).__name__}: {fault}"
    return complain(words, "FIRSTBYTE_DEBUG=1 shows the traceback; please report it", USAGE)

"""The program: its commands come from plugins, its errors are one line each."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from toolverify.errors import ToolverifyError
from toolverify.plugins import registry

_WRONG_USE = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the result is its exit code: 0 fine, 1 bad input was found, 2 wrong use."""
    warnings.showwarning = _show_warning
    try:
        result = _command()(args=_spoken(arguments), prog_name="toolverify", standalone_mode=False)
    except ToolverifyError as error:
        return _complain(str(error))
    except BrokenPipeError:
        # The reader of our output has seen enough; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _complain(f"{error.strerror or error}: {error.filename or 'the output'}")
    except (typer.Abort, KeyboardInterrupt):
        print("toolverify: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        return _complain(f"{message().rstrip('.')}; see toolverify --help")
    return result if isinstance(result, int) else 0


def _spoken(arguments: Sequence[str] | None) -> list[str]:
    """What was typed; nothing typed asks for help."""
    return list(sys.argv[1:] if arguments is None else arguments) or ["--help"]


def _complain(message: str) -> int:
    print(f"toolverify: {message}", file=sys.stderr)
    return _WRONG_USE


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"toolverify: warning: {message}", file=sys.stderr)


def _command() -> Any:
    app = typer.Typer(
        help="The reward you can trust for training language models to call tools.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name, part in registry().all("command").items():
        app.command(name)(part.value)
    return typer.main.get_command(app)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"toolverify {version('toolverify')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """The reward you can trust for training language models to call tools."""
    del version

"""`toolverify doctor`: what is wrong with a set-up, and how to mend it, before a training is started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolverify.errors import ConfigError

if TYPE_CHECKING:
    from toolverify.checkup import Setup
    from toolverify.cli.row_files import RowsRead
    from toolverify.doctor import Look
    from toolverify.protocols import Backend
    from toolverify.verifier import Verifier

_ROWS = 200


def doctor(
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="A profile's name, or the path of a TOML file.")
    ],
    tasks: Annotated[
        str | None,
        typer.Argument(help="The training data: JSON Lines, plain or gzipped, or Parquet.", metavar="TASKS"),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(help="The trainer: see toolverify backends. It reads rows and configuration."),
    ] = None,
    format: Annotated[str | None, typer.Option(help="Read another wire format than the profile's.")] = None,  # noqa: A002
    tokenizer: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder of the model's tokenizer.")
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="The trainer's configuration: YAML, JSON, TOML, or a script with overrides; repeatable.",
        ),
    ] = None,
    set: Annotated[  # noqa: A002
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="A setting more, over those of --config; repeatable."),
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows that are looked at, from the first.", min=1)] = _ROWS,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> int:
    """Look at a set-up, and say what is wrong and how to mend it.

    It looks at plugins, profile and versions, and as far as they are given at tokenizer, rows and configuration; every
    row's gold is scored as if the model had written it, and so are wrong replies. Nothing is started.
    The exit code is 1 where something of level error was found.
    """
    from toolverify.cli.doctor_report import report, report_json
    from toolverify.cli.printing import show
    from toolverify.doctor import look_at_plugins, look_at_profile
    from toolverify.plugins import registry

    chosen: Backend | None = None if backend is None else registry().get("backend", backend).value
    _check_use(chosen, tokenizer, config, set)
    looks = [look_at_plugins(registry())]
    look, verifier = look_at_profile(profile, format)
    looks.append(look)
    if verifier is not None:
        looks += _looks(verifier, chosen, tasks, tokenizer, _config(config, set), rows)
    if json:
        print(report_json(verifier, chosen, looks))
    else:
        show(report(looks))
    return 1 if any(found.level == "error" for look in looks for found in look.faults) else 0


def _config(files: Sequence[Path] | None, settings: Sequence[str] | None) -> dict[str, Any]:
    from toolverify.cli.config_files import read_config

    return read_config(files or (), settings or ())


def _check_use(
    backend: Backend | None,
    tokenizer: Path | None,
    config: Sequence[Path] | None,
    settings: Sequence[str] | None,
) -> None:
    """Refuse what nobody would look at.

    Raises:
        ConfigError: A configuration without a trainer, or a tokenizer that is no folder.
    """
    if backend is None and (config or settings):
        raise ConfigError(
            "a configuration is a trainer's", path="--config", mend="name the trainer with --backend"
        )
    if tokenizer is not None and not tokenizer.is_dir():
        mend = "give the folder of a model that was downloaded, with its tokenizer.json"
        raise ConfigError(f"{str(tokenizer)!r} is no folder", path="--tokenizer", mend=mend)


def _looks(
    verifier: Verifier,
    backend: Backend | None,
    tasks: str | None,
    tokenizer: Path | None,
    config: dict[str, Any],
    most: int,
) -> list[Look]:
    """Every check but those of plugins and profile."""
    from toolverify.cli.row_files import RowsRead, read_rows
    from toolverify.doctor import examine

    read = RowsRead() if tasks is None else read_rows(tasks, most)
    looks = examine(_setup(verifier, backend, tasks, tokenizer, config, read))
    return [_with_unread(look, read) if look.name == "rows" else look for look in looks]


def _setup(
    verifier: Verifier,
    backend: Backend | None,
    tasks: str | None,
    tokenizer: Path | None,
    config: dict[str, Any],
    read: RowsRead,
) -> Setup:
    from toolverify.checkup import Setup
    from toolverify.versions import installed_versions

    return Setup(
        verifier=verifier,
        rows=read.rows,
        data=None if tasks is None else Path(tasks),
        config=config,
        tokenizer=tokenizer,
        versions={} if backend is None else installed_versions(backend.requires),
        backend=backend,
        places=read.places,
    )


def _with_unread(look: Look, read: RowsRead) -> Look:
    """The check of the rows, with the lines that are none: these stand in their file and in no Setup."""
    import msgspec

    faults = look.faults if read.rows or not read.faults else ()
    return msgspec.structs.replace(look, faults=(*read.faults, *faults))

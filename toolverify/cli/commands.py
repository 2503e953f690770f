"""The commands of the core, offered by the same hook as an outsider's."""

from collections.abc import Callable, Sequence
from typing import Any

from toolverify.hookspecs import hookimpl


@hookimpl
def toolverify_commands() -> Sequence[Callable[..., Any]]:
    """The commands of the core."""
    from toolverify.cli.backends import backends
    from toolverify.cli.bench import bench
    from toolverify.cli.compare import compare
    from toolverify.cli.doctor import doctor
    from toolverify.cli.explain import explain
    from toolverify.cli.listing import formats, plugins, profiles
    from toolverify.cli.new import new
    from toolverify.cli.score import score
    from toolverify.cli.train import train

    return [score, explain, compare, doctor, train, profiles, formats, plugins, backends, new, bench]

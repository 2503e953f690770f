"""What a backend would run for a plan: commands, the files they read, and what a person should know."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:  # a plan brings pydantic, which a backend that only lists itself need not wait for
    from toolverify.plan import Plan


class Run(Struct, frozen=True):
    """One seed of a plan.

    Attributes:
        plan: The plan.
        seed: The seed.
        folder: Where everything that the run writes goes.
    """

    plan: Plan
    seed: int
    folder: Path


class Command(Struct, frozen=True):
    """A command of a run.

    Attributes:
        argv: The program and its arguments.
        environment: What it needs in its environment, beside what is there.
        what: What it does, in a few words.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = {}
    what: str = ""

    def line(self) -> str:
        """The command as one types it."""
        settings = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        return " ".join([*settings, shlex.join(self.argv)])


class Rendered(Struct, frozen=True):
    """A run as a backend would start it.

    Attributes:
        commands: What is run, in order.
        files: What these commands read, by the path it is written to.
        notes: What the backend does otherwise than the plan says, and what it leaves out.
    """

    commands: tuple[Command, ...]
    files: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()

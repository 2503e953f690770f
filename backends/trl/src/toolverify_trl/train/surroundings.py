"""What all stages of a run share."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from toolverify.rendered import Run
from toolverify.tasks import Task, read_tasks
from toolverify_trl.train.arguments import processes
from toolverify_trl.train.load import check_model, load_tokenizer, prepare_torch, quiet, resolved_device
from toolverify_trl.train.run_folder import RunFolder
from toolverify_trl.train.texts import Texts, make_texts


class Surroundings(Struct, frozen=True):
    """What all stages of a run share.

    Attributes:
        run: The run.
        folder: Its folder.
        texts: What turns tasks into texts.
        held_out: The tasks that judge.
        device: `cpu` or `cuda`.
        ends: When the budget is spent, by the clock that only goes forward.
    """

    run: Run
    folder: RunFolder
    texts: Texts
    held_out: Sequence[Task]
    device: str
    rank: int
    ends: float | None

    @property
    def first(self) -> bool:
        """Whether this process writes what all processes share."""
        return self.rank == 0

    @property
    def processes(self) -> int:
        """How many processes train together."""
        return processes(self.run.plan)

    @property
    def told(self) -> dict[str, Any]:
        """What every line of a log begins with."""
        return {"hash": self.run.plan.hash, "seed": self.run.seed}


def surroundings_of(run: Run) -> Surroundings:
    """Read what the plan names, and make torch ready.

    Raises:
        PlanError: Something is not there, or cannot be used.
    """
    device = resolved_device(run.plan)
    _meet(run, device)
    prepare_torch(run.plan, run.seed)
    quiet()
    check_model(run.plan)
    held_out = [task for path in run.plan.tasks.held_out for task in read_tasks(run.plan.resolve(path))]
    hours = run.plan.budget.hours
    return Surroundings(
        run=run,
        folder=RunFolder(run.folder),
        texts=make_texts(run.plan, load_tokenizer(run.plan)),
        held_out=held_out,
        device=device,
        rank=int(os.environ.get("RANK", "0")),
        ends=None if hours is None else time.monotonic() + hours * 3_600,
    )


def _meet(run: Run, device: str) -> None:
    """Let the processes of a run know of each other, before the first trainer does."""
    if processes(run.plan) > 1:
        from accelerate import PartialState

        PartialState(cpu=device == "cpu")

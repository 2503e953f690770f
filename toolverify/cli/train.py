"""`toolverify train`: a plan, run by a backend; or what would be run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolverify.errors import PlanError

if TYPE_CHECKING:
    from toolverify.plan import Plan
    from toolverify.protocols import TrainingBackend
    from toolverify.rendered import Rendered, Run

_OUT_OF_BUDGET = 3


def train(
    plan: Annotated[Path, typer.Argument(help="A training run, as a TOML file.", metavar="PLAN")],
    backend: Annotated[
        str, typer.Option(help="The trainer: see toolverify backends. The plan is the same for all.")
    ] = "trl",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be run, and start nothing.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run of this plan was broken off.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="With --dry-run: as JSON.")] = False,
) -> int:
    """Train a model as a plan says: what is learned from, how it is rewarded, where it runs.

    The keys of a plan: docs/plan.md. The exit code is 3 where the plan's budget ended a run before its end.
    """
    from toolverify.plan import load_plan

    loaded = load_plan(plan)
    trainer = _trainer(backend)
    runs = loaded.runs()
    if dry_run:
        rendered = trainer.render(runs[0])
        told = _as_json if json else _as_text
        print(told(loaded, backend, runs, rendered))
        return 0
    if json:
        raise PlanError("--json goes with --dry-run", mend="a run writes its figures into its folder")
    ended = [_ended(loaded, trainer, run, resume) for run in runs]
    return 0 if all(ended) else _OUT_OF_BUDGET


def _trainer(name: str) -> TrainingBackend:
    """The backend that is asked to train.

    Raises:
        PlanError: It runs no plans.
        ProfileError: There is none of that name.
    """
    from toolverify.plugins import registry
    from toolverify.protocols import TrainingBackend

    found = registry().get("backend", name, path="--backend").value
    if isinstance(found, TrainingBackend):
        return found
    able = [
        other
        for other, part in sorted(registry().all("backend").items())
        if isinstance(part.value, TrainingBackend)
    ]
    mend = f"use --backend {' or '.join(able)}" if able else "pip install './backends/trl[train]'"
    raise PlanError(f"the backend {name!r} runs no plans", path="--backend", mend=mend)


def _ended(plan: Plan, trainer: TrainingBackend, run: Run, resume: bool) -> bool:
    """Train one run; False where its budget ended it."""
    import sys

    print(f"plan {plan.name} ({plan.hash}), seed {run.seed}, in {run.folder}", file=sys.stderr)
    ended = trainer.train(run, resume=resume)
    told = "finished" if ended else "not at its end: toolverify train … --resume goes on"
    print(f"{run.folder}: {told}", file=sys.stderr)
    return ended


def _as_json(plan: Plan, backend: str, runs: list[Run], rendered: Rendered) -> str:
    import json

    import msgspec

    known: dict[str, Any] = {
        **_about(plan, backend),
        "runs": [{"seed": run.seed, "folder": str(run.folder)} for run in runs],
        "commands": [{"line": command.line(), "what": command.what} for command in rendered.commands],
        "files": dict(rendered.files),
        "notes": list(rendered.notes),
        "keys": plan.model_dump(mode="json"),
    }
    return json.dumps(msgspec.to_builtins(known), indent=2, ensure_ascii=False)


def _about(plan: Plan, backend: str) -> dict[str, Any]:
    verifier = plan.verifier()
    return {
        "plan": plan.name,
        "hash": plan.hash,
        "profile": {
            "name": verifier.profile.name,
            "hash": verifier.hash,
            "format": verifier.profile.format.use,
        },
        "prompt": plan.prompt.use,
        "backend": backend,
    }


def _as_text(plan: Plan, backend: str, runs: list[Run], rendered: Rendered) -> str:
    """What would be run, for a person; the first seed stands for all."""
    profile = _about(plan, backend)["profile"]
    lines = [
        f"plan {plan.name} ({plan.hash}){f': {plan.summary}' if plan.summary else ''}",
        f"profile {profile['name']} ({profile['hash']}), format {profile['format']}, prompt {plan.prompt.use}",
        f"model {plan.model_source()}",
        *[f"stage {stage.label} ({stage.use}): {stage.told()}" for stage in plan.stages],
        *[f"seed {run.seed} in {run.folder}" for run in runs],
        f"backend {backend}",
        *[f"note: {note}" for note in rendered.notes],
    ]
    for command in rendered.commands:
        lines += ["", f"# {command.what}" if command.what else "#", command.line()]
    for path, text in rendered.files.items():
        lines += ["", f"# {path}", text]
    return "\n".join(lines)

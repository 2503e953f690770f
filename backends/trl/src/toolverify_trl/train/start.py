"""A run as the backend starts it: here, or as several processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from toolverify.errors import PlanError, ProfileError
from toolverify.plan_sections import GrpoStage, SftStage
from toolverify.rendered import Command, Rendered, Run
from toolverify_trl.several import rule_weights
from toolverify_trl.train.arguments import grpo_arguments, processes, sft_arguments
from toolverify_trl.train.by_trainer import is_needed
from toolverify_trl.train.run_folder import RunFolder, write_whole
from toolverify_trl.train.show import say
from toolverify_trl.train.worker import OUT_OF_BUDGET, leave_plan

_NEEDED = ("torch", "transformers", "datasets", "trl")
_BROUGHT = ("matplotlib", "peft", "tensorboard")  # by the extra, beside these
_PORT = 29_500


def render(run: Run) -> Rendered:
    """What would be run: the command, and the settings of TRL's trainer for each stage."""
    files = {
        str(run.folder / "arguments" / f"{stage.label}.json"): _as_text(_arguments(run, index))
        for index, stage in enumerate(run.plan.stages)
    }
    return Rendered((_command(run),), files, tuple(_notes(run)))


def train(run: Run, *, resume: bool) -> bool:
    """Train a run, or what is left of it; False where its budget ended it before its end.

    Raises:
        PlanError: TRL is not installed, the folder holds another run, or something that the plan names is not there.
    """
    refuse_missing(*_asked_for(run))
    if _is_finished(run, resume=resume):
        return True
    os.environ.update(_environment(run))  # before torch is imported, which reads it then
    files = render(run).files
    leave_plan(run)
    for path, text in files.items():
        write_whole(Path(path), json.loads(text))
    if not _trained(run):
        return False
    _report(run)
    return True


def _trained(run: Run) -> bool:
    if processes(run.plan) > 1:
        return _several(run)
    from toolverify_trl.train.here import run_here

    return run_here(run)


def _report(run: Run) -> None:
    """What the run has to tell, beside its logs; a picture needs matplotlib."""
    from importlib.util import find_spec

    from toolverify_trl.report import report_run

    if find_spec("matplotlib") and not _is_joining(run):
        report_run(run.folder, run.folder)
        say(f"{run.folder / 'report.html'}")


def _is_finished(run: Run, *, resume: bool) -> bool:
    """Whether nothing is left to be done.

    Raises:
        PlanError: The folder holds a run that was not asked for.
    """
    missing = run.plan.missing_files()
    if missing:
        raise PlanError(
            f"no file {str(missing[0])!r}", path="tasks", mend="paths begin in the plan's own folder"
        )
    folder = RunFolder(run.folder)
    about = folder.about()
    if about is None or _is_joining(run):
        _refuse_strangers(run.folder)
        return False
    if not resume:
        mend = "go on with it by --resume, remove it, or give the plan another output"
        raise PlanError(f"{str(run.folder)!r} holds a run", path="output", mend=mend)
    if about["hash"] != run.plan.hash:
        mend = "resume with the plan and the versions it was begun with (they stand in its run.json), or write elsewhere"
        raise PlanError(
            f"the run in {str(run.folder)!r} is of another plan: {about['hash']}, not {run.plan.hash}",
            path="output",
            mend=mend,
        )
    if about["seed"] != run.seed:
        mend = "resume with the seed it was begun with, or write elsewhere"
        raise PlanError(
            f"the run in {str(run.folder)!r} has seed {about['seed']}, not {run.seed}",
            path="seeds",
            mend=mend,
        )
    return folder.is_finished()


def _refuse_strangers(folder: Path) -> None:
    """A run writes into a folder of its own.

    Raises:
        PlanError: The folder is a file, or holds what no run has made.
    """
    if folder.exists() and not folder.is_dir():
        raise PlanError(f"{str(folder)!r} is a file", path="output", mend="name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "plan.json").is_file():
        mend = "name a folder that is not there yet, or an empty one"
        raise PlanError(f"{str(folder)!r} holds something else", path="output", mend=mend)


def _is_joining(run: Run) -> bool:
    """Whether another node has begun the run, and this one only takes part in it."""
    return run.plan.resources.nodes > 1 and os.environ.get("NODE_RANK", "0") != "0"


def refuse_missing(*more: str) -> None:
    """Refuse to start without the libraries that train, and those that are asked for.

    Raises:
        PlanError: One is not installed.
    """
    from importlib.util import find_spec

    missing = [name for name in (*_NEEDED, *more) if find_spec(name) is None]
    if missing:
        others = [name for name in missing if name not in (*_NEEDED, *_BROUGHT)]
        extra = "pip install 'toolverify-trl[train]' (from a checkout: pip install './backends/trl[train]')"
        mends = [
            *([extra] if len(others) < len(missing) else []),
            *([f"pip install {' '.join(others)}"] if others else []),
        ]
        mend = ", and ".join(mends)
        raise PlanError(f"not installed, and needed to train: {', '.join(missing)}", mend=mend)


def _asked_for(run: Run) -> list[str]:
    """The libraries that some key of the plan needs."""
    resources, stages = run.plan.resources, run.plan.stages
    asked = {
        "deepspeed": resources.sharding.startswith("zero"),
        "vllm": resources.vllm is not None and resources.vllm.mode == "colocate",
        "peft": any(stage.lora is not None for stage in stages),
        "wandb": run.plan.logs.wandb is not None,
    }
    return [name for name, is_asked in asked.items() if is_asked]


def _arguments(run: Run, index: int) -> dict[str, Any]:
    stage, device = run.plan.stages[index], _device(run)
    _check_rewards(run, index)
    steps: int | str = stage.steps or f"{stage.epochs:g} epochs of the tasks"
    if isinstance(stage, SftStage):
        return sft_arguments(run, index, stage, steps, device)
    return grpo_arguments(run, index, stage, steps, device)


def _check_rewards(run: Run, index: int) -> None:
    """A reward for each rule needs a profile that is a sum of them.

    Raises:
        PlanError: It is none.
    """
    stage = run.plan.stages[index]
    if not isinstance(stage, GrpoStage) or stage.rewards != "rules":
        return
    try:
        rule_weights(run.plan.verifier())
    except ProfileError as error:
        mend = 'write rewards = "parts", whose sum is any reward'
        raise PlanError(error.problem, path=f"stages[{index}].rewards", mend=mend) from error


def _device(run: Run) -> str:
    """The device, as far as it can be told without starting anything."""
    wanted = run.plan.resources.device
    if wanted != "auto":
        return wanted
    from importlib.util import find_spec

    if find_spec("torch") is None:
        return "cuda"
    from toolverify_trl.train.load import resolved_device

    return resolved_device(run.plan)


def _as_text(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, indent=2)


def _notes(run: Run) -> list[str]:
    plan = run.plan
    notes = [f"the file {path} is not there yet" for path in plan.missing_files()]
    source = plan.model_source()
    if source.startswith(("/", ".", "~")) and not Path(source).is_dir():
        notes.append(f"the model's folder {source} is not there yet")
    if not plan.tasks.held_out:
        notes.append("there are no held-out tasks, so nothing is judged but the training itself")
    if plan.resources.nodes > 1:
        notes.append("start the same command on every node, with MASTER_ADDR and NODE_RANK set")
    if is_needed(plan) and "greedy" in plan.evaluation.decoding:
        notes.append(
            "with vLLM or sharding, held-out tasks of a GRPO stage are judged by sampled completions alone"
        )
    if plan.resources.sharding != "none" and any(
        stage.evaluate_every for stage in plan.stages if isinstance(stage, SftStage)
    ):
        notes.append("with sharding, an SFT stage is judged at its end alone")
    if plan.resources.vllm is not None and not any(isinstance(stage, GrpoStage) for stage in plan.stages):
        notes.append("no stage lets the model write, so vLLM is not used")
    return notes


def _command(run: Run) -> Command:
    worker = ("-m", "toolverify_trl.train.worker", str(run.folder))
    count, nodes = run.plan.resources.gpus, run.plan.resources.nodes
    if count * nodes == 1:
        return Command((sys.executable, *worker), _environment(run), "trains all stages")
    where = ("--standalone",) if nodes == 1 else _meeting(nodes)
    launcher = ("-m", "torch.distributed.run", *where, f"--nproc-per-node={count}")
    return Command((sys.executable, *launcher, *worker), _environment(run), "trains all stages")


def _meeting(nodes: int) -> tuple[str, ...]:
    address, rank = os.environ.get("MASTER_ADDR", "MASTER_ADDR"), os.environ.get("NODE_RANK", "NODE_RANK")
    return (f"--nnodes={nodes}", f"--node-rank={rank}", f"--master-addr={address}", f"--master-port={_PORT}")


def _environment(run: Run) -> dict[str, str]:
    known = {"OMP_NUM_THREADS": str(run.plan.resources.threads)}
    project = run.plan.logs.wandb
    return known if project is None else {**known, "WANDB_PROJECT": project}


def _several(run: Run) -> bool:
    """Train by several processes, each of which reads the plan from the run's folder.

    Raises:
        PlanError: They cannot meet, or one of them has failed.
    """
    if run.plan.resources.nodes > 1 and not {"MASTER_ADDR", "NODE_RANK"} <= os.environ.keys():
        mend = (
            "set MASTER_ADDR to the first node's address and NODE_RANK to this node's number, on every node"
        )
        raise PlanError("several nodes must know of each other", path="resources.nodes", mend=mend)
    command = _command(run)
    ended = subprocess.run(command.argv, env={**os.environ, **command.environment}, check=False)  # noqa: S603  # our own command
    if ended.returncode not in {0, OUT_OF_BUDGET}:
        raise PlanError(
            f"the training ended with exit code {ended.returncode}", mend="see what it said above"
        )
    return ended.returncode == 0

"""Tokenizer and model, as a plan names them."""

from __future__ import annotations

import os
from typing import Any

from toolverify.errors import PlanError
from toolverify.plan import Plan
from toolverify.plan_sections import StageSection
from toolverify_trl.train.arguments import model_options


def resolved_device(plan: Plan) -> str:
    """`cpu` or `cuda`: as the plan says, or what is there.

    Raises:
        PlanError: The plan asks for a GPU, and there is none.
    """
    import torch

    wanted = plan.resources.device
    found = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and found == "cpu":
        mend = "run it where torch sees a GPU, or write device = 'cpu'"
        raise PlanError("torch sees no GPU", path="resources.device", mend=mend)
    return found if wanted == "auto" else wanted


def prepare_torch(plan: Plan, seed: int) -> None:
    """Threads and seeds, before anything is computed."""
    import torch
    from transformers import set_seed

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(plan.resources.threads)
    set_seed(seed)


def quiet() -> None:
    """The libraries' own bars and hints would tear ours."""
    import warnings

    import datasets
    import transformers

    warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*")  # what TRL calls it, not the plan

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()


def load_tokenizer(plan: Plan) -> Any:
    """The tokenizer.

    Raises:
        PlanError: It is not there.
    """
    from transformers import AutoTokenizer

    source = plan.tokenizer_source()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            source, revision=plan.model.revision, trust_remote_code=plan.model.trust_remote_code
        )
    except (OSError, ValueError) as error:
        raise _not_there("tokenizer", source, error) from error
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(plan: Plan, source: str, device: str) -> Any:
    """A model that is to be judged: from the plan's source, or from a folder that a stage wrote.

    Raises:
        PlanError: It is not there.
    """
    from transformers import AutoModelForCausalLM

    options = model_options(plan)
    if device == "cuda" and plan.model.dtype == "auto":
        options["dtype"] = "bfloat16"  # as it writes in training, and half the memory
    try:
        model = AutoModelForCausalLM.from_pretrained(source, **options)
    except (OSError, ValueError) as error:
        raise _not_there("model", source, error) from error
    return model if device == "cpu" else model.to(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")


def check_model(plan: Plan) -> None:
    """Look whether the plan's model is there, without loading it.

    Raises:
        PlanError: It is not.
    """
    from transformers import AutoConfig

    source, known = plan.model_source(), plan.model
    try:
        AutoConfig.from_pretrained(source, revision=known.revision, trust_remote_code=known.trust_remote_code)
    except (OSError, ValueError) as error:
        raise _not_there("model", source, error) from error


def _not_there(what: str, source: str, error: Exception) -> PlanError:
    if source.startswith(("/", ".", "~")) and not os.path.isdir(source):  # noqa: PTH112  # a name on the hub is no path
        mend = "paths begin in the plan's own folder; a name on the hub is written without ./"
        return PlanError(
            f"no folder {source!r}", path=f"model.{'path' if what == 'model' else what}", mend=mend
        )
    told = str(error).strip().splitlines()[0]
    mend = (
        "give a folder that holds it, from the plan's own, or a name on the hub that can be reached from here"
    )
    return PlanError(
        f"no {what} {source!r}: {told}", path=f"model.{'path' if what == 'model' else what}", mend=mend
    )


def adapters(stage: StageSection) -> Any:
    """peft's settings of a stage; None where all weights are trained.

    Raises:
        PlanError: peft is not installed.
    """
    if stage.lora is None:
        return None
    try:
        from peft import LoraConfig
    except ModuleNotFoundError as error:
        raise PlanError("adapters need peft", path="stages.lora", mend="pip install peft") from error
    modules = stage.lora.modules
    return LoraConfig(
        r=stage.lora.rank,
        lora_alpha=stage.lora.alpha,
        lora_dropout=stage.lora.dropout,
        target_modules="all-linear" if modules == ("all-linear",) else list(modules),
        task_type="CAUSAL_LM",
    )

"""TRL as a backend of toolverify: how the reward gets in, and what could keep it from working."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolverify.checkup import Fault, Setup
from toolverify.rendered import Rendered, Run
from toolverify.training import Gold
from toolverify_trl.rows import read_gold
from toolverify_trl.settings import Columns

_USAGE = """\
# in a script, once per trainer:
from toolverify_trl import Reward

trainer = GRPOTrainer(reward_funcs=[Reward({profile!r})], …)

# on the command line:
{command}

# a whole training, from a plan:
toolverify train PLAN --backend trl

# the dataset has the columns `prompt`, `answer` (JSON text) and, where the profile reads them, `tools` (JSON text)
"""


@dataclass(frozen=True)
class TrlBackend:
    """TRL's GRPO trainer."""

    name: str = "trl"
    summary: str = "TRL: a reward function for GRPOTrainer, in a script or for `trl grpo --reward_funcs`."
    requires: Mapping[str, str] = field(default_factory=lambda: {"trl": ">=1.0,<2"})
    keeps_special_tokens: bool = True  # `check` tells of markers that decoding strips
    sees_prompts: bool = False  # of messages it sees no template
    checks_versions: bool = True
    path: Path | None = None

    def usage(self, profile: str) -> str:
        """The lines that plug the reward in."""
        from toolverify_trl.ready import known_profiles

        ready = {installed: name for name, installed in known_profiles().items()}.get(profile)
        command = f"trl grpo --reward_funcs toolverify_trl.{ready or 'reward'} …"
        if ready is None:
            command = f"TOOLVERIFY_PROFILE={profile} {command}"
        return _USAGE.format(profile=profile, command=command)

    def gold(self, row: Mapping[str, Any]) -> Gold:
        """The answer of a row of training data.

        Raises:
            AnswerError: The row has none.
        """
        return read_gold(row, Columns())

    def check(self, setup: Setup) -> Iterable[Fault]:
        """What is wrong with a set-up, as far as it can be seen without starting anything."""
        from toolverify_trl.check_config import check_config
        from toolverify_trl.check_data import check_data
        from toolverify_trl.check_tokenizer import check_tokenizer
        from toolverify_trl.check_versions import check_versions

        yield from check_versions(setup.versions, self.requires)
        yield from check_config(setup.config)
        yield from check_data(setup.rows)
        yield from check_tokenizer(setup.tokenizer, setup.verifier)

    def render(self, run: Run) -> Rendered:
        """A run as TRL's own trainers would do it."""
        from toolverify_trl.train.start import render

        return render(run)

    def train(self, run: Run, *, resume: bool) -> bool:
        """Train a run; False where its budget ended it before its end.

        Raises:
            PlanError: It cannot be begun, or it failed.
        """
        from toolverify_trl.train.start import train

        return train(run, resume=resume)


TRL = TrlBackend()

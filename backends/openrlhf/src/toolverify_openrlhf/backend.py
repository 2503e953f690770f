"""What toolverify knows of OpenRLHF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from toolverify.checkup import Fault, Setup
from toolverify.errors import RowError
from toolverify.training import Gold

_USAGE = """\
export TOOLVERIFY_PROFILE={profile}    # before `ray start`, on every node
python3 -m openrlhf.cli.train_ppo_ray \\
  --reward.remote_url {path} \\
  --data.prompt_dataset train.jsonl --data.input_key prompt --data.label_key label --data.apply_chat_template \\
  --algo.advantage.estimator group_norm --rollout.n_samples_per_prompt 8 …

# before OpenRLHF 0.10.2
python3 -m openrlhf.cli.train_ppo_ray \\
  --remote_rm_url {path} \\
  --prompt_data train.jsonl --input_key prompt --label_key label --apply_chat_template \\
  --advantage_estimator group_norm --n_samples_per_prompt 8 …"""


@dataclass(frozen=True)
class OpenRLHF:
    """OpenRLHF's PPO and GRPO trainer, `openrlhf.cli.train_ppo_ray`."""

    name: ClassVar[str] = "openrlhf"
    summary: ClassVar[str] = "OpenRLHF 0.8.3 to 0.11: a reward file for --reward.remote_url."
    keeps_special_tokens: ClassVar[bool] = True
    sees_prompts: ClassVar[bool] = True
    requires: Mapping[str, str] = field(default_factory=lambda: {"openrlhf": ">=0.8.3,<0.12"})

    @property
    def path(self) -> Path:
        """The reward file."""
        return Path(__file__).resolve().with_name("reward_file.py")

    def usage(self, profile: str) -> str:
        """The command lines that plug the reward in."""
        return _USAGE.format(profile=profile, path=self.path)

    def gold(self, row: Mapping[str, Any], label_key: str = "label") -> Gold:
        """What the label of a row expects.

        Raises:
            RowError: The row has no label.
        """
        from toolverify_openrlhf.reward import read_row

        if row.get(label_key) is None:
            there = ", ".join(map(str, list(row)[:6]))
            raise RowError(
                f"no label among {there}",
                path=label_key,
                mend="write it with toolverify.training.write_label",
            )
        return read_row(row[label_key]).gold

    def check(self, setup: Setup) -> Iterator[Fault]:
        """Everything that can be seen without starting anything."""
        from toolverify_openrlhf import check_file, check_options, check_rows, check_tokenizer, check_training
        from toolverify_openrlhf.settings import settings_of

        settings = settings_of(setup.config, setup.versions.get("openrlhf"))
        yield from check_options.check_version(settings.version)
        yield from check_options.check_names(settings)
        yield from check_options.check_filtering_bug(settings)
        yield from check_file.check_path(settings)
        yield from check_training.check_groups(settings)
        yield from check_training.check_range(settings)
        yield from check_training.check_lengths(settings)
        yield from check_training.check_profile(setup.verifier)
        yield from check_rows.check_rows(setup, settings)
        yield from check_tokenizer.check_tokenizer(setup, settings)

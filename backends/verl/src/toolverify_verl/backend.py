"""verl as `toolverify` knows it: how the reward gets in, what a row expects, and what could be wrong.

Every command loads this module, so what a question needs is imported when it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolverify.checkup import Fault, Setup
    from toolverify.training import Gold

_REQUIRES = {"verl": ">=0.7.1,<0.10"}


@dataclass(frozen=True)
class VerlBackend:
    """The adapter for verl; see the protocol `Backend`."""

    name: str = "verl"
    summary: str = "verl: a reward manager, and a reward function for where there can be none."
    requires: Mapping[str, str] = field(default_factory=lambda: dict(_REQUIRES))
    keeps_special_tokens: bool = True  # the manager does, and `check` tells of the function
    sees_prompts: bool = True
    checks_versions: bool = True
    path: Path | None = None  # verl is given modules, `pkg://…`: a file has no name in its workers

    def usage(self, profile: str) -> str:
        """Overrides for `python -m verl.trainer.main_ppo`."""
        from toolverify_verl.options import KEY
        from toolverify_verl.settings import FUNCTION, MANAGER, MANAGER_CLASS

        option = f"+{KEY}.profile={_quoted(profile)}"
        return "\n".join(
            [
                "# verl 0.9 and later",
                "reward.reward_manager.name=toolverify",
                option,
                "",
                "# verl 0.7.1 and 0.8",
                "reward.reward_manager.source=importlib",
                f"reward.reward_manager.module.path={MANAGER}",
                f"reward.reward_manager.name={MANAGER_CLASS}",
                option,
                "",
                "# a function, where another manager is needed",
                f"reward.custom_reward_function.path={FUNCTION}",
                option,
                "",
            ]
        )

    def gold(self, row: Mapping[str, Any]) -> Gold:
        """What a row expects.

        Raises:
            ToolverifyError: It holds no ground truth, or its comparisons are no JSON.
        """
        from toolverify_verl.rows import row_gold

        return row_gold(row)

    def check(self, setup: Setup) -> Iterable[Fault]:
        """What is wrong with version, configuration, rows and tokenizer. Nothing is started or imported."""
        from toolverify_verl.check_rows import check_rows, check_tokenizer
        from toolverify_verl.check_settings import check_settings
        from toolverify_verl.settings import settings_of

        settings = settings_of(setup)
        yield from check_settings(setup, settings)
        yield from check_rows(setup, settings)
        yield from check_tokenizer(setup, settings)


def _quoted(text: str) -> str:
    """A value as hydra reads it: in quotes where it is no plain word or path."""
    if re.fullmatch(r"[\w./-]+", text):
        return text
    escaped = text.replace("'", "\\'")
    return f"'{escaped}'"

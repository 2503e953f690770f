"""How long the rewards of one step take inside verl: its own path with a hand-written reward, and the manager.

Needs verl: `make test-verl`, then `.venv-verl/bin/python benchmarks/verl_step.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backends" / "verl" / "tests"))

import verl_world as world
from verl.trainer.ppo.reward import load_reward_manager
from verl_rows import workload

from toolverify.bench.peers import regex_and_json

_BATCH = 256


def compute_score(solution_str: str, ground_truth: str, **_: Any) -> float:
    """The reward as people write it, in the form that verl calls."""
    return regex_and_json(solution_str, ground_truth)


def main() -> None:
    """Time each way over the same samples, and print samples a second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=16_384)
    parser.add_argument("--profile", default="tool-n1-v0", help="what the manager scores by")
    asked = parser.parse_args()
    options = f"+{world.KWARGS}.profile={asked.profile}"
    ways = {
        "verl's manager, regex and json": [f"reward.custom_reward_function.path={Path(__file__).resolve()}"],
        "verl's manager, our function": [
            "reward.custom_reward_function.path=pkg://toolverify_verl.reward",
            options,
        ],
        "our manager": ["reward.reward_manager.name=toolverify", options],
    }
    samples = workload(asked.samples)
    made = world.tokenizer()
    seconds, rewards = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0.0)
    managers = {name: load_reward_manager(world.config(*overrides), made) for name, overrides in ways.items()}
    for start in range(0, len(samples), _BATCH):
        data = world.padded(samples[start : start + _BATCH], made)
        for name, manager in managers.items():
            before = time.perf_counter()
            results = manager.loop.run_until_complete(_all(manager, data))
            seconds[name] += time.perf_counter() - before
            rewards[name] += sum(result["reward_score"] for result in results)
    for name, spent in seconds.items():
        line = {"way": name, "seconds": round(spent, 2), "a second": round(len(samples) / spent)}
        print(json.dumps({**line, "mean reward": rewards[name] / len(samples)}))


async def _all(manager: Any, data: Any) -> list[dict[str, Any]]:
    """What a reward worker of verl does with its share of a batch."""
    tasks = [asyncio.create_task(_one(manager, data[place : place + 1])) for place in range(len(data))]
    return list(await asyncio.gather(*tasks))


async def _one(manager: Any, data: Any) -> dict[str, Any]:
    return dict(await manager.run_single(data))


if __name__ == "__main__":
    main()

"""Run with an older OpenRLHF first on the path: what its own code makes of our reward, as one line of JSON."""

import asyncio
import importlib.metadata
import json
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace as Space

warnings.simplefilter("ignore")
HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE / "standins")]

import torch  # noqa: E402
from openrlhf_samples import LABEL, PROMPT, RIGHT, SILENT, WRONG  # noqa: E402

TEXTS, LABELS = [RIGHT, WRONG, SILENT, RIGHT, RIGHT], [LABEL, LABEL, LABEL, LABEL, "{"]
QUERIES = [PROMPT + text + "<|im_end|>" for text in TEXTS]


def by_chunks(path):
    """Up to 0.9.0: a Ray task for each chunk; two samples a chunk, and one in the last."""
    import ray
    from openrlhf.trainer.ppo_utils.experience_maker import update_samples_with_rewards
    from openrlhf.utils.remote_rm_utils import RemoteRewardModel

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    model = RemoteRewardModel.remote(Space(micro_rollout_batch_size=2), path)
    told = ray.get(model.get_rewards.remote(QUERIES[:4], [PROMPT] * 4, LABELS[:4]))
    told += ray.get(model.get_rewards.remote(QUERIES[4:] * 2, [PROMPT] * 2, LABELS[4:] * 2))
    samples = [Space(sequences=torch.zeros(2, 3), info={}) for _ in range(3)]
    update_samples_with_rewards(told, samples)
    ray.shutdown()
    info = {
        key: [number for sample in samples for number in sample.info[key].tolist()] for key in samples[0].info
    }
    return {"info": info, "scores": info["score"], "rewards": info["reward"]}


def one_by_one(path):
    """From 0.9.1 on: the executor in the rollout actor."""
    from openrlhf.utils.agent import SingleTurnAgentExecutor
    from openrlhf_tokenizer import tiny_tokenizer

    tokenizer, executor = tiny_tokenizer(), SingleTurnAgentExecutor(path)

    async def one(text, label):
        class Engine:
            async def generate(self, tokens, params, **more):
                made = tokenizer(text, add_special_tokens=False)["input_ids"]
                return Space(outputs=[Space(token_ids=made, text=text, finish_reason="stop", logprobs=None)])

        params = Space(max_tokens=64, logprobs=None)
        return await executor.execute(PROMPT, label, params, 4_096, tokenizer, Engine())

    async def every():
        return await asyncio.gather(*[one(*row) for row in zip(TEXTS, LABELS, strict=True)])

    made = asyncio.run(every())
    logs = {key: [sample["extra_logs"][key].item() for sample in made] for key in made[0]["extra_logs"]}
    return {
        "info": logs,
        "rewards": [torch.tensor([sample["reward"]]).item() for sample in made],
        "scores": [torch.tensor([sample["scores"]]).item() for sample in made],
    }


if __name__ == "__main__":
    version = importlib.metadata.version("openrlhf")
    told = (by_chunks if version.startswith(("0.8.", "0.9.0")) else one_by_one)(sys.argv[1])
    print(json.dumps({"version": version, **told}))

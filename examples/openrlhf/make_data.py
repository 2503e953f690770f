"""Make OpenRLHF's rows of tasks: a prompt that names the tools, and a label that holds all that the reward needs.

    python examples/openrlhf/make_data.py examples/openrlhf/tasks.jsonl train.jsonl

A task is one JSON object a line: {"id", "question", "tools", "answer"}.
"""

import json
import sys
from pathlib import Path

from toolverify.training import write_label

# OpenRLHF hands no tools to the chat template, so the prompt has to name them itself.
INSTRUCTIONS = """\
You can call these tools, one JSON schema a line:
{tools}

Think first, between <think> and </think>. Then write the calls as a JSON list between <tool_call> and </tool_call>:
<think>…</think>
<tool_call>[{{"name": "…", "arguments": {{…}}}}]</tool_call>
Where no tool helps, the list is empty."""


def to_row(task: dict) -> dict:
    """A row: `prompt` for the model, `label` for the reward, `datasource` for the names of the evaluation's metrics."""
    tools = "\n".join(json.dumps(tool) for tool in task["tools"])
    label = json.loads(write_label(task["answer"], tools=task["tools"]))
    return {
        "prompt": [
            {"role": "system", "content": INSTRUCTIONS.format(tools=tools)},
            {"role": "user", "content": task["question"]},
        ],
        "label": json.dumps({**label, "id": task["id"]}),
        "datasource": task["id"].partition("-")[0],
    }


def main(source: str, target: str) -> None:
    """Write a row for every task."""
    lines = Path(source).read_text(encoding="utf-8").splitlines()
    rows = [to_row(json.loads(line)) for line in lines if line.strip()]
    Path(target).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{len(rows)} rows: {target}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make_data.py TASKS.jsonl ROWS.jsonl")
    main(sys.argv[1], sys.argv[2])

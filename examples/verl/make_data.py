"""Data files for verl: rows whose answers and tools are JSON texts, checked before a trainer sees them.

    python examples/verl/make_data.py OUT

writes OUT/train.jsonl and OUT/val.jsonl, which verl reads as they are; with pyarrow installed also Parquet.
"""

import json
import sys
from pathlib import Path

import toolverify as tv
from toolverify.checkup import Setup
from toolverify.plugins import registry

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    }
]
SYSTEM = (
    "Think between <think> and </think>. Then write a JSON list of calls between <tool_call> and </tool_call>.\n"
    f"The tools:\n{json.dumps(TOOLS)}"
)
CITIES = ["Oslo", "Lima", "Cairo", "Delhi", "Quito", "Paris", "Tokyo", "Rome"]


def make_row(index: int, city: str) -> dict:
    """One prompt. Answer and tools are texts, since Parquet would fill structs with nulls."""
    answer = [{"name": "get_weather", "arguments": {"city": city}}]
    return {
        "data_source": "example/weather",
        "prompt": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": f"What is the weather in {city}?"},
        ],
        "ability": "tools",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(answer)},
        "extra_info": {"index": index, "tools": json.dumps(TOOLS)},
    }


def write(path: Path, rows: list[dict]) -> None:
    """Write rows as JSON Lines, and as Parquet where that can be done."""
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return
    pq.write_table(pa.Table.from_pylist(rows), path.with_suffix(".parquet"))


def main() -> None:
    """Make the rows, check them as `doctor` would, try the reward on them, write them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo/verl")
    rows = [make_row(index, city) for index, city in enumerate(CITIES)]
    backend = registry().get("backend", "verl").value
    verifier = tv.Verifier("typed")
    faults = list(backend.check(Setup(verifier=verifier, rows=rows)))
    for fault in faults:
        print(f"{fault.level} {fault.code} {fault.where}: {fault.message}; {fault.mend}")
    for row in rows:
        gold = backend.gold(row)
        right = tv.render(
            json.loads(gold.answer), format="tool-n1", reasoning="The user asks for the weather."
        )
        if verifier.score(right, answer=gold.answer, tools=gold.tools).reward != 1:
            sys.exit(f"the gold of row {row['extra_info']['index']} does not earn 1")
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "train", rows[:6])
    write(folder / "val", rows[6:])
    print(f"{len(rows)} rows in {folder}, {len(faults)} faults")
    print(backend.usage("typed"))


if __name__ == "__main__":
    main()

"""Golds of real data as (calls, tools)."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[2] / "shared"))
DATA = SHARED / "data"
_BLOCK = re.compile(r"</think>\s*<tool_call>(.*?)</tool_call>", re.DOTALL)


class Gold(NamedTuple):
    """The calls of one real row, the tools it offers where they are data, and where it comes from."""

    calls: list[dict[str, Any]]
    tools: Any
    origin: str


def golds() -> Iterator[Gold]:
    """Every gold that stands in the data as data."""
    yield from _xlam("xlam.jsonl")
    yield from _xlam("xlam_masked.jsonl")
    yield from _rlla()
    yield from _glaive()
    yield from _hammer()
    yield from _bfcl()


def _rows(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with (DATA / name).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            yield f"{name}:{number}", json.loads(line)


def _xlam(name: str) -> Iterator[Gold]:
    for origin, row in _rows(name):
        yield Gold(json.loads(row["answers"]), json.loads(row["tools"]), origin)


def _rlla() -> Iterator[Gold]:
    texts = [(origin, row["output"]) for origin, row in _rows("rlla_sft.jsonl")]
    texts += [(origin, row["reward_model"]["ground_truth"]) for origin, row in _rows("rlla_4k.jsonl")]
    for origin, text in texts:
        block = _BLOCK.search(text)
        lines = block.group(1).strip().splitlines() if block else []
        calls = [json.loads(line) for line in lines]
        yield Gold([{"name": call["name"], "arguments": call["parameters"]} for call in calls], None, origin)


def _glaive() -> Iterator[Gold]:
    for origin, row in _rows("extra/glaive_toolcall_en_demo.jsonl"):
        for turn in row["conversations"]:
            if turn["from"] == "function_call":
                yield Gold([json.loads(turn["value"])], json.loads(row["tools"]), origin)


def _hammer() -> Iterator[Gold]:
    for name in ("extra/hammer_toolalpaca.jsonl", "extra/hammer_sealtool.jsonl"):
        for origin, row in _rows(name):
            answers = row["answers"] if isinstance(row["answers"], list) else [row["answers"]]
            calls = [
                {
                    "name": call.get("name", call.get("tool")),
                    "arguments": call.get("arguments", call.get("parameters")),
                }
                for call in answers
            ]
            yield Gold(calls, row["tools"], origin)


def _bfcl() -> Iterator[Gold]:
    for path in sorted((DATA / "bfcl" / "possible_answer").glob("*.json")):
        if "multi_turn" not in path.name:
            tools = {row["id"]: row["function"] for _, row in _rows(f"bfcl/{path.name}")}
            for origin, row in _rows(f"bfcl/possible_answer/{path.name}"):
                yield Gold([_first(call) for call in row["ground_truth"]], tools[row["id"]], origin)


def _first(call: dict[str, Any]) -> dict[str, Any]:
    ((name, arguments),) = call.items()
    return {"name": name, "arguments": _firsts(arguments)}


def _firsts(members: dict[str, Any]) -> dict[str, Any]:
    """The first alternative of each member; one that is left out is left out."""
    chosen = {key: alternatives[0] if isinstance(alternatives, list) and alternatives else alternatives
              for key, alternatives in members.items()}  # fmt: skip
    return {key: _pattern(value) for key, value in chosen.items() if value != ""}


def _pattern(value: Any) -> Any:
    if isinstance(value, dict):
        return _firsts(value)
    return [_pattern(item) for item in value] if isinstance(value, list) else value

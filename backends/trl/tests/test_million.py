"""A million odd inputs, in calls as TRL makes them: none ends a run, and every one gets a number or none."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import made
import pytest

from toolverify.testing.hostile import HOSTILE
from toolverify_trl import Reward

SHARDS, CALLS, BATCH = 10, 500, 200
COMPLETIONS, ROWS = 3_000, 600
MEGABYTE = 2**20
LOGGED = 7  # a call in so many is written down

ANSWER, TOOLS = json.dumps(made.ANSWER), json.dumps(made.TOOLS)
RIGHT_ROW = {"answer": ANSWER, "tools": TOOLS}
Maker = Callable[[random.Random], Any]


class Unspeakable:
    """A thing that answers to nothing."""

    def __repr__(self) -> str:
        raise RuntimeError("no name")

    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")

    def __eq__(self, other: object) -> bool:
        raise ValueError("like nothing else")

    __hash__ = None  # type: ignore[assignment]


class Text(str):
    """Text that is not quite text."""

    __slots__ = ()


def nested(depth: int, leaf: Any = 1) -> Any:
    for index in range(depth):
        leaf = [leaf] if index % 2 else {"name": leaf}
    return leaf


def endless() -> list[Any]:
    """It holds itself."""
    held: list[Any] = [{"role": "assistant", "content": ""}]
    held.append(held)
    return held


# Completions.

PIECES = (
    *("<think>", "</think>", "<tool_call>", "</tool_call>", "[", "]", "{", "}", '"', ":", ",", "\\", "null"),
    *('"name"', '"arguments"', '{"name": "f", "arguments": {"y": 2}}', "NaN", "1e999", "9" * 400, "é", " "),
    *("\x00", "\ud800", "\udfff", "\ufeff", "\u202e", "\r\n", "\U0001f600", "<|im_end|>", "</s>"),
)


def soup(rng: random.Random) -> str:
    return "".join(rng.choices(PIECES, k=rng.randrange(1, 30)))


def half_written(rng: random.Random) -> str:
    text = rng.choice([made.RIGHT, made.WRONG, made.AS_TEXT])
    return text[: rng.randrange(len(text))] if rng.random() < 0.7 else text[rng.randrange(1, len(text)) :]


def with_a_thorn(rng: random.Random) -> str:
    """A right reply with something in it that no JSON and no encoding likes."""
    at = rng.randrange(len(made.RIGHT))
    return (
        made.RIGHT[:at]
        + rng.choice(["\x00", "\ud800", "\\ud800", "\\u0000", "\x1b[0m", "\\x"])
        + made.RIGHT[at:]
    )


OPENING = ("[", "{", '{"a":', '[{"name":', "<think>", "<tool_call>", "]", "}")


def brackets(rng: random.Random) -> str:
    depth = rng.randrange(1, 3_000 if rng.random() < 0.05 else 100)
    inner = rng.choice(OPENING) * depth
    return rng.choice(["", "<think>t</think><tool_call>"]) + inner + rng.choice(["", "</tool_call>"])


def number(rng: random.Random) -> Any:
    return rng.choice([0, 1, -1, 10**30, 10**5_000, 0.5, math.nan, math.inf, -0.0, 1j, True, False])


def message(role: Any, content: Any = "", **more: Any) -> dict[Any, Any]:
    return {"role": role, "content": content, **more}


JUNK: list[Any] = [
    *({}, {"content": 5}, {"role": None}, {1: 2, None: 3}, {"role": "assistant"}, {(1, 2): []}),
    *([[]], [[[]]], [None, None], [5, "x", b"y"], ["text"], ((),), {1, 2}, range(3), object, len),
    *(endless(), nested(60), nested(3_000), [nested(500)], [message("assistant", nested(900))]),
    *(Unspeakable(), [Unspeakable()], Text(made.RIGHT), SimpleNamespace(content="x"), iter("x")),
]


def junk(rng: random.Random) -> Any:
    return rng.choice(JUNK)


def tool_messages(rng: random.Random) -> list[dict[Any, Any]]:
    contents = [soup(rng), None, 5, [{"type": "text", "text": "x"}], {"error": math.nan}]
    return [
        message(
            rng.choice(["tool", "tool", "function", "system", "user"]),
            rng.choice(contents),
            tool_call_id=index,
        )
        for index in range(rng.randrange(1, 4))
    ]


ARGUMENTS = [
    {"y": 2},
    '{"y": 2}',
    '{"y": ',
    None,
    5,
    [],
    {1: 2},
    {"y": math.nan},
    nested(200),
    "\ud800",
    b"{}",
]
NAMES = ["f", "", None, 5, "g" * 500, "\ud800", {}]
NO_CALLS = [None, {}, 5, "[]", [None], [[]], [5], [{}], [{"function": "f"}]]


def broken_calls(rng: random.Random) -> list[dict[Any, Any]]:
    """Messages whose `tool_calls` no parser should have made."""
    function = {"name": rng.choice(NAMES), "arguments": rng.choice(ARGUMENTS)}
    whole = {"type": "function", "function": function}
    calls = rng.choice([*NO_CALLS, [function], [whole], [whole] * rng.choice([2, 20])])
    content = rng.choice([None, "", made.RIGHT, soup(rng), 5, ["x"]])
    key, thought = (
        rng.choice(["thinking", "reasoning_content", "reasoning"]),
        rng.choice(["t", None, 5, "\ud800"]),
    )
    more = {key: thought} if rng.random() < 0.5 else {}
    return [message("assistant", content, tool_calls=calls, **more)]


def turns(rng: random.Random) -> list[dict[Any, Any]]:
    """A conversation of several turns, with the model's own among them or not."""
    texts = [made.RIGHT, made.WRONG, "", None, soup(rng)]
    roles = ["assistant", "tool", "user", None, 5, "assistant"]
    return [message(rng.choice(roles), rng.choice(texts)) for _ in range(rng.randrange(1, 6))]


def hostile(rng: random.Random) -> str:
    return HOSTILE[rng.choice(list(HOSTILE))](rng.choice([0, 30, 100, 300]))


#: What a model, a parser or a careless rollout may hand over, and how often.
KINDS: dict[str, tuple[int, Maker]] = {
    "empty text": (3, lambda rng: rng.choice(["", " ", "\n", "\u200b"])),
    "nothing": (3, lambda _: None),
    "a number": (2, number),
    "bytes": (
        2,
        lambda rng: rng.choice([b"", made.RIGHT.encode(), bytearray(b"x"), memoryview(b"x"), b"\xff"]),
    ),
    "no messages": (3, lambda rng: rng.choice([[], (), {}])),
    "tool messages alone": (6, tool_messages),
    "broken tool calls": (10, broken_calls),
    "several turns": (6, turns),
    "junk": (6, junk),
    "half-written calls": (12, half_written),
    "surrogates and NUL": (6, with_a_thorn),
    "deep brackets": (6, brackets),
    "soup": (12, soup),
    "hostile texts": (6, hostile),
    "replies": (12, lambda rng: rng.choice([made.RIGHT, made.WRONG, made.AS_TEXT])),
    "messages": (5, lambda rng: [message("assistant", rng.choice([made.RIGHT, made.WRONG, soup(rng)]))]),
}


def odd_completion(rng: random.Random) -> Any:
    kind = rng.choices(list(KINDS), [share for share, _ in KINDS.values()])[0]
    return KINDS[kind][1](rng)


# Rows.

LABEL = json.dumps({"answer": made.ANSWER, "tools": made.TOOLS, "compare": {"y": "number"}})
ANSWERS = [ANSWER, made.ANSWER, "[]", [], {"any_of": [made.ANSWER, []]}, LABEL, json.dumps({"answer": []})]
WRONG_ANSWERS: list[Any] = [
    *(None, "", "[", "nope", "null", "5", 5, True, math.nan, b"[]", {}, [[]], [None], [5], ["f"], "\ud800"),
    *([{}], [{"name": "f"}], [{"name": 5, "arguments": {}}], {"any_of": []}, {"any_of": 5}, "[" * 3_000),
    *([{"name": "f", "arguments": {"y": math.nan}}], [{"name": "f", "arguments": {"y": 10**400}}]),
    *(endless(), nested(2_000), Unspeakable(), [Unspeakable()], made.RIGHT, {"answer": None}, object, {1, 2}),
]
WRONG_TOOLS: list[Any] = [
    *(
        None,
        "",
        "[",
        "[5]",
        "{}",
        5,
        {},
        [None],
        [{}],
        [{"name": 5}],
        [{"name": "f", "parameters": 5}],
        "null",
    ),
    *(
        [{"name": "f", "parameters": {"type": "nonsense"}}],
        made.TOOLS * 2,
        endless(),
        nested(900),
        Unspeakable(),
    ),
    *([{"name": "f", "parameters": {"properties": {"y": {"pattern": "(?<=a)b("}}}}], b"[]", "\ud800"),
    *([{"name": "f", "parameters": {"$ref": "#"}}], [{"name": "f", "parameters": {"$ref": "http://x"}}]),
]
COMPARISONS: list[Any] = [
    *(
        None,
        {},
        {"y": None},
        {"y": "number"},
        {"y": "no such"},
        {"y": {"use": 5}},
        {"z": "json"},
        {"": "json"},
    ),
    *(5, "x", '{"y": "casefold"}', {"y": {"use": "regex", "pattern": "("}}, {5: 5}, [], nested(50)),
    *({"y": {"use": "number", "tolerance": math.nan}}, {"y[": "json"}, Unspeakable()),
]
BEGUN = [[message("user", "?"), message("assistant", begun)] for begun in ("<think>", "", None, 5)]
#: The values of a row's columns, few of which a careful person would put there.
COLUMNS: dict[str, list[Any]] = {
    "prompts": ["p", "p<think>", "", None, 5, [], [5], *BEGUN, [message("user", None)], [{}], {}, *JUNK],
    "completion_ids": [
        *(
            [1, 2],
            [],
            None,
            [-1],
            ["x"],
            [10**30],
            [None],
            (1, 2),
            "12",
            5,
            [[1]],
            [math.nan],
            b"12",
            [2] * 500,
        )
    ],
    "answer": [*ANSWERS * 25, *WRONG_ANSWERS],
    "tools": [*[TOOLS, made.TOOLS] * 40, *WRONG_TOOLS],
    "compare": [*[None] * 60, *COMPARISONS],
    "meta": [*[None, {}] * 25, "{", 5, "\ud800", nested(50), *[{"compare": asked} for asked in COMPARISONS]],
    "id": [None, 1, "a", 10**30, -1, 1.5, True, [], {}, "\ud800", b"x", math.nan],
    "category": [None, "simple", "\ud800", Text("simple"), 5, [], {}],
    "other": [None, "x", Text("x"), 5, math.nan, math.inf, 10**5_000, "\ud800", object, endless()],
}
STATES = [SimpleNamespace(global_step=step) for step in (0, 5, -1, 10**40, "x", None, 1.5, True)]
ODD_COLUMNS = [None, 5, "x", [], [1], (), {}, {"a": 1}, object, iter(()), nested(5)]


class Pool:
    """A few thousand odd things, from which calls are put together at random."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"pool {seed}")
        self.completions = [odd_completion(rng) for _ in range(COMPLETIONS)]
        self.rows = [{name: rng.choice(values) for name, values in COLUMNS.items()} for _ in range(ROWS)]

    def call(self, rng: random.Random, size: int) -> dict[str, Any]:
        """A call: its completions are so many, and what goes with them is right, odd, of another length, or not there."""
        rows = rng.choices(self.rows, k=size)
        chosen = ["answer", *rng.sample(list(COLUMNS), rng.randrange(len(COLUMNS)))]
        columns: dict[str, Any] = {name: [row[name] for row in rows] for name in chosen}
        if rng.random() < 0.4:
            columns |= {name: [value] * size for name, value in RIGHT_ROW.items()}
        if rng.random() < 0.2:
            columns[rng.choice(chosen)] = rng.choice(ODD_COLUMNS)
        if rng.random() < 0.1:
            name = rng.choice(chosen)
            columns[name] = rng.choices(COLUMNS[name], k=size + rng.choice([-1, 1]))
        if rng.random() < 0.1:
            columns["completions_ids"] = columns.pop("completion_ids", None)
        completions = rng.choices(self.completions, k=size)
        return {"completions": completions, "trainer_state": rng.choice(STATES), **columns}


class Sloppy:
    """A tokenizer that raises what it likes."""

    eos_token_id = 2
    all_special_tokens = ("</s>",)

    def decode(self, ids: list[Any], **_: Any) -> str:
        """Letters by their number."""
        return "".join([chr(token) for token in ids]) + "</s>"


def given(reward: Any, call: dict[str, Any]) -> list[float | None]:
    """What a reward gives for a call, checked."""
    metrics: list[tuple[str, float]] = []
    columns: list[list[Any]] = []
    told = {
        "log_metric": lambda *metric: metrics.append(metric),
        "log_extra": lambda _, column: columns.append(column),
    }
    got = reward(**call, **told)
    assert len(got) == len(call["completions"])
    assert all([value is None or (type(value) is float and 0.0 <= value <= 1.0) for value in got])
    assert all([math.isfinite(value) for _, value in metrics])
    assert all([len(column) == len(got) for column in columns])
    return got


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def read_strictly(line: bytes) -> dict[str, Any]:
    """A line as every program reads it: NaN is no JSON."""
    read: dict[str, Any] = json.loads(line.decode("utf-8"), parse_constant=refuse)
    return read


def lines_of(log: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log, each of which must be JSON."""
    with log.open("rb") as file:
        for line in file:
            assert line.endswith(b"\n")
            yield read_strictly(line)


def functions(log: Path) -> Iterator[tuple[Any, bool]]:
    """Rewards in turn, again and again, and whether each writes down what it sees."""
    plain = [
        Reward("tool-n1"),
        Reward("tool-n1", tokenizer=Sloppy(), max_completion_length=2),
        Reward("tool-n1", endings=["</s>", "<|im_end|>", ""], reasoning_open=True),
        Reward("tool-n1", fallback=0.0),
    ]
    logged = Reward("tool-n1", log=log, log_completions=BATCH // 4)
    while True:
        for index in range(LOGGED):
            yield (logged, True) if index == 0 else (plain[index % len(plain)], False)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_million_odd_inputs_end_no_run(shard, tmp_path):
    rng, pool, written = random.Random(f"calls {shard}"), Pool(shard), 0
    seen: Counter[float | None] = Counter()
    for _, (reward, logged) in zip(range(CALLS), functions(tmp_path / "log.jsonl"), strict=False):
        seen.update(given(reward, pool.call(rng, BATCH)))
        written += BATCH if logged else 0
    assert seen.total() == CALLS * BATCH
    assert {None, 0.0, 1.0} == set(seen)
    assert seen[None] < CALLS * BATCH / 2  # most rows are read, so that most completions are looked at
    lines = list(lines_of(tmp_path / "log.jsonl"))
    assert len(lines) == written
    assert sum(["completion" in line for line in lines]) > written / 50
    assert {line["reward"] for line in lines} == {None, 0.0, 1.0}


def test_the_shards_are_a_million():
    assert SHARDS * CALLS * BATCH == 1_000_000


NEVER_RIGHT = {
    *("empty text", "nothing", "a number", "bytes", "no messages", "tool messages alone"),
    *("half-written calls", "deep brackets"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_with_a_right_row_every_odd_completion_has_a_number(kind):
    rng, (_, make) = random.Random(kind), KINDS[kind]
    completions = [make(rng) for _ in range(300)]
    columns = {name: [value] * 300 for name, value in RIGHT_ROW.items()}
    got = given(Reward("tool-n1"), {"completions": completions, **columns})
    assert set(got) <= ({0.0} if kind in NEVER_RIGHT else {0.0, 1.0})


def megabytes() -> Iterator[Any]:
    """Texts of a megabyte, of every hostile kind and of some that are right but for their length; and messages of them."""
    texts = [make(MEGABYTE) for make in HOSTILE.values()]
    texts += [piece * (MEGABYTE // len(piece)) for piece in PIECES]
    texts += [
        made.RIGHT + " " * MEGABYTE,
        made.RIGHT.replace("t", "t" * MEGABYTE, 1),
        made.RIGHT.replace("2", "2" * MEGABYTE),
    ]
    for text in texts:
        yield text
        yield [message("assistant", text)]
        yield [message("assistant", None, tool_calls=[{"function": {"name": "f", "arguments": text}}])]


def test_texts_of_a_megabyte_end_no_run(tmp_path):
    log = tmp_path / "log.jsonl"
    completions = list(megabytes())
    assert len(completions) > 200
    functions_ = [
        Reward("tool-n1"),
        Reward("tool-n1", log=log, log_completions=1),
        Reward("tool-n1", endings=["</s>"]),
    ]
    for reward in functions_:
        for start in range(0, len(completions), 10):
            batch = completions[start : start + 10]
            call = {name: [value] * len(batch) for name, value in RIGHT_ROW.items()}
            assert None not in given(
                reward, {"completions": batch, "prompts": [made.RIGHT] * len(batch), **call}
            )
    assert len(list(lines_of(log))) == len(completions)


def test_rows_of_a_megabyte_end_no_run():
    long = [make(MEGABYTE) for make in HOSTILE.values()]
    for name in COLUMNS:
        columns = {**{column: [value] * len(long) for column, value in RIGHT_ROW.items()}, name: long}
        got = given(Reward("tool-n1"), {"completions": [made.RIGHT] * len(long), **columns})
        assert len(set(got)) == 1 or name in {"answer", "tools", "compare", "meta", "prompts"}


# Beyond the depth and the digits that Python itself takes.


def in_objects(depth: int) -> Any:
    """Objects in objects."""
    leaf: Any = 1
    for _ in range(depth):
        leaf = {"a": leaf}
    return leaf


def beyond() -> list[Any]:
    """Values that no reader gets to the end of, as a program holds them and as texts."""
    texts = ["[" * 200_000, "[" * 200_000 + "]" * 200_000, '{"a":' * 100_000, "9" * 5_000, "1e" + "9" * 5_000]
    values = [
        nested(100_000),
        in_objects(100_000),
        10**5_000,
        [{"name": "f", "arguments": in_objects(50_000)}],
    ]
    calls = [f'[{{"name": "f", "arguments": {{"y": {text}}}}}]' for text in texts]
    return [*texts, *values, *calls, [{"name": "f", "parameters": in_objects(5_000)}]]


@pytest.mark.parametrize("name", ["completions", *COLUMNS])
@pytest.mark.parametrize("profile", ["tool-n1", "typed"])
def test_what_is_deeper_or_longer_than_python_takes_ends_no_run(name, profile, tmp_path):
    reward = Reward(profile, log=tmp_path / "log.jsonl", log_completions=1)
    for value in beyond():
        row = {"completions": made.RIGHT, **RIGHT_ROW, name: value}
        given(reward, {key: [held] for key, held in row.items()})
    assert len(list(lines_of(tmp_path / "log.jsonl"))) == len(beyond())


# Single faults that there were.


def test_a_gold_with_a_number_that_python_does_not_write_is_a_row_without_a_reward():
    answer = [{"name": "f", "arguments": {"y": 10**5_000}}]
    assert given(Reward("tool-n1"), {"completions": ["", made.RIGHT], "answer": [answer, ANSWER]}) == [
        None,
        1.0,
    ]


def test_a_lone_surrogate_beside_a_nan_is_a_line_of_json(tmp_path):
    reward = Reward("tool-n1", log=tmp_path / "log.jsonl", log_completions=1)
    given(reward, {"completions": ["\ud800"], "answer": [ANSWER], "loss": [math.nan]})
    read_strictly((tmp_path / "log.jsonl").read_bytes())


def test_an_id_that_is_not_quite_text_ends_no_run(tmp_path):
    reward = Reward("tool-n1", log=tmp_path / "log.jsonl")
    assert given(reward, {"completions": [made.RIGHT], "answer": [ANSWER], "id": [Text("a")]}) == [1.0]
    assert [line["reward"] for line in lines_of(tmp_path / "log.jsonl")] == [1.0]


# Faults that are known and not yet mended.


class Count(int):
    """A number of a kind of its own."""


class Kind(str, Enum):  # noqa: UP042  # such as they were before StrEnum
    """A text of a kind of its own, as many programs name their categories."""

    SIMPLE = "simple"


def test_a_schema_of_an_unknown_dialect_ends_no_run():
    tools = [{"name": "f", "parameters": {"$schema": "x", "type": "object"}}]
    call = {"completions": [made.RIGHT, made.RIGHT], "answer": [ANSWER] * 2, "tools": [tools, made.TOOLS]}
    assert given(Reward("typed"), call)[1] == 1.0


def test_an_id_that_is_not_quite_a_number_ends_no_run(tmp_path):
    reward = Reward("tool-n1", log=tmp_path / "log.jsonl")
    assert given(reward, {"completions": [made.RIGHT], "answer": [ANSWER], "id": [Count(5)]}) == [1.0]
    assert [line["reward"] for line in lines_of(tmp_path / "log.jsonl")] == [1.0]


def test_an_id_and_a_category_of_an_enum_are_its_values(tmp_path):
    reward = Reward("tool-n1", log=tmp_path / "log.jsonl", log_completions=1)
    row = {"completions": made.RIGHT, "answer": ANSWER, "id": Kind.SIMPLE, "category": Kind.SIMPLE}
    given(reward, {name: [value] for name, value in row.items()})
    (line,) = lines_of(tmp_path / "log.jsonl")
    assert (line["id"], line["category"]) == ("simple", "simple")


def test_a_lone_surrogate_and_a_nan_in_a_tuple_are_a_line_of_json(tmp_path):
    reward = Reward("tool-n1", log=tmp_path / "log.jsonl", log_completions=1)
    given(reward, {"completions": [("\ud800", math.nan)], "answer": [ANSWER]})
    assert len(list(lines_of(tmp_path / "log.jsonl"))) == 1


def test_a_role_that_compares_with_nothing_ends_no_run():
    prompts = [[message(Unspeakable(), "?")]]
    assert given(
        Reward("tool-n1"), {"completions": [made.RIGHT], "prompts": prompts, "answer": [ANSWER]}
    ) == [1.0]

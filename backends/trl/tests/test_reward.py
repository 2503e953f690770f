"""The reward function by itself, called as TRL calls it; nothing here needs TRL."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import made
import pytest

import toolverify_trl
from toolverify.errors import AnswerError, ProfileError
from toolverify.training import write_label
from toolverify_trl import Reward, reward_weights, rewards

GOLD = json.dumps(made.ANSWER)


class Logs:
    """What a trainer collects."""

    def __init__(self) -> None:
        self.metrics: dict[str, list[float]] = {}
        self.extra: dict[str, list[object]] = {}

    def given(self) -> dict[str, object]:
        return {
            "log_metric": lambda name, value: self.metrics.setdefault(name, []).append(value),
            "log_extra": lambda column, values: self.extra.setdefault(column, []).extend(values),
        }


def ask(reward, completions, **columns):
    size = len(completions)
    columns = {"answer": [GOLD] * size, **columns}
    return reward(
        prompts=columns.pop("prompts", ["p"] * size),
        completions=completions,
        completion_ids=columns.pop("completion_ids", [[1, 2, 3]] * size),
        trainer_state=columns.pop("trainer_state", SimpleNamespace(global_step=0)),
        **columns,
    )


def message(text):
    return [{"role": "assistant", "content": text}]


def test_importing_the_package_imports_no_trainer_and_no_profile():
    code = "import sys, toolverify_trl; print([m for m in ('torch', 'trl', 'transformers', 'pydantic') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_texts_and_messages_get_the_same_rewards():
    texts = [made.RIGHT, made.WRONG, "no", ""]
    reward = Reward("tool-n1")
    assert ask(reward, texts) == [1.0, 0.0, 0.0, 0.0]
    assert ask(reward, [message(text) for text in texts]) == [1.0, 0.0, 0.0, 0.0]


def test_content_in_parts_is_read():
    parts = [{"role": "assistant", "content": [{"type": "text", "text": made.RIGHT}]}]
    assert ask(Reward("tool-n1"), [parts]) == [1.0]


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_parsed_messages_are_read_with_their_reasoning_under_any_name(key):
    call = {"type": "function", "function": {"name": "f", "arguments": {"y": 2}}}
    parsed = {"role": "assistant", "content": "", key: "a thought", "tool_calls": [call]}
    bare = {"role": "assistant", "content": "", "tool_calls": [call]}
    assert ask(Reward("tool-n1"), [[parsed], [bare]]) == [1.0, 0.0]


def test_of_several_messages_the_assistants_are_read_and_no_tools():
    call = {"type": "function", "function": {"name": "f", "arguments": {"y": 2}}}
    turns = [
        {"role": "assistant", "content": "", "reasoning_content": "t", "tool_calls": [call]},
        {"role": "tool", "name": "f", "content": made.RIGHT},
        {"role": "assistant", "content": ""},
    ]
    copied = [{"role": "tool", "name": "f", "content": made.RIGHT}, {"role": "assistant", "content": "done"}]
    assert ask(Reward("typed"), [turns, copied]) == [1.0, 0.0]


def test_the_older_keyword_for_tokens_is_understood():
    reward = Reward("tool-n1", max_completion_length=3)
    call = {"prompts": ["p"], "completions": [made.RIGHT], "answer": [GOLD]}
    assert reward(**call, completions_ids=[[1, 2]]) == reward(**call, completion_ids=[[1, 2]]) == [1.0]


def test_a_column_may_have_any_name_that_trl_leaves_to_datasets():
    odd = {"self": [1], "cls": [2], "call": [3], "key": [4], "columns": [5], "name": [6]}
    assert ask(Reward("tool-n1"), [made.RIGHT], **odd) == [1.0]


@pytest.mark.parametrize(
    "answer",
    [GOLD, made.ANSWER, write_label(made.ANSWER), {"answer": made.ANSWER}],
    ids=["text", "value", "label", "label value"],
)
def test_answers_are_read_as_text_as_value_and_as_label(answer):
    assert ask(Reward("tool-n1"), [made.RIGHT, made.WRONG], answer=[answer] * 2) == [1.0, 0.0]


def test_a_label_brings_its_tools():
    label = write_label(made.ANSWER, tools=made.TOOLS)
    assert ask(Reward("typed"), [made.AS_TEXT], answer=[label]) == [1.0]
    assert ask(Reward("typed"), [made.AS_TEXT]) == [0.0]
    assert ask(Reward("typed"), [made.AS_TEXT], tools=[json.dumps(made.TOOLS)]) == [1.0]


@pytest.mark.parametrize(
    "columns",
    [
        {"compare": [{"city": "casefold"}]},
        {"compare": [json.dumps({"city": "casefold"})]},
        {"compare": [{"city": "casefold", "filled_in_by_arrow": None}]},
        {"meta": [{"compare": {"city": "casefold"}}]},
        {"meta": [json.dumps({"compare": {"city": "casefold"}, "source": "x"})]},
    ],
)
def test_comparisons_of_a_row_are_read_from_either_column(columns):
    answer = [json.dumps([{"name": "f", "arguments": {"city": "Oslo"}}])]
    text = '<think>t</think><tool_call>[{"name": "f", "arguments": {"city": "OSLO"}}]</tool_call>'
    assert ask(Reward("typed"), [text], answer=answer) == [0.0]
    assert ask(Reward("typed"), [text], answer=answer, **columns) == [1.0]


def test_a_meta_that_is_plain_text_says_nothing():
    assert ask(Reward("typed"), [made.RIGHT], meta=["from a web page"]) == [1.0]


def test_columns_may_have_other_names():
    reward = Reward("tool-n1", columns={"answer": "ground_truth"})
    assert ask(reward, [made.RIGHT], answer=[None], ground_truth=[GOLD]) == [1.0]


@pytest.mark.parametrize("answer", [None, "not a list", "", [{"name": None}], 7, math.nan, {"a": None}])
def test_a_row_without_a_readable_answer_is_none_and_counted(answer):
    logs = Logs()
    got = ask(Reward("tool-n1"), [made.RIGHT, made.RIGHT], answer=[answer, GOLD], **logs.given())
    assert got == [None, 1.0]
    assert logs.metrics["unscorable"] == logs.metrics["verifier_error"] == [0.5]


def test_without_a_column_of_answers_every_row_is_none_and_the_column_is_named(caplog):
    reward = Reward("tool-n1")
    with caplog.at_level(logging.WARNING, "toolverify.trl"):
        assert reward(prompts=["p"] * 3, completions=[made.RIGHT] * 3, completion_ids=[[1]] * 3) == [None] * 3
    assert len(caplog.records) == 1
    assert "'answer' is not there" in caplog.text


def test_a_fallback_stands_in_for_none_and_is_counted_all_the_same():
    logs = Logs()
    assert ask(Reward("tool-n1", fallback=-1.0), [made.RIGHT], answer=[None], **logs.given()) == [-1.0]
    assert logs.metrics["unscorable"] == [1.0]


def test_on_error_raise_raises():
    with pytest.raises(AnswerError, match="answer"):
        ask(Reward("tool-n1", on_error="raise"), [made.RIGHT], answer=[None])


def test_a_rule_that_raises_on_one_sample_ends_nothing_and_shows(moody_profile, caplog):
    logs, bad = Logs(), made.RIGHT.replace("<think>t", "<think>boom")
    with caplog.at_level(logging.WARNING, "toolverify.trl"):
        got = [
            ask(Reward(moody_profile), [made.RIGHT, bad, made.WRONG, bad], **logs.given()) for _ in range(3)
        ]
    assert got == [[1.0, None, 0.0, None]] * 3
    assert logs.metrics["verifier_error"] == [0.5] * 3
    assert set(logs.metrics) == {
        "acc",
        "reasoning",
        "format",
        "calls",
        "moody",
        "verifier_error",
        "unscorable",
    }
    assert len(caplog.records) == 1
    assert "moody of moody-rules 0.1.0 raised KeyError" in caplog.text
    assert len(caplog.text) < 3_000


@pytest.mark.parametrize("profile", ["tool-n1", "typed"])
def test_metrics_are_the_means_of_all_components_and_the_column_tells_reasons(profile):
    logs, reward = Logs(), Reward(profile)
    ask(reward, [made.RIGHT, made.WRONG, "no"], **logs.given())
    assert tuple(logs.metrics) == reward.names
    assert logs.metrics["acc"] == [1 / 3]
    assert logs.metrics["reasoning"] == [2 / 3]
    assert logs.extra[f"{reward.__name__}/findings"][:2] == ["", "argument.differs"]
    assert "reasoning.missing" in logs.extra[f"{reward.__name__}/findings"][2]


def test_a_prefix_keeps_two_profiles_apart():
    logs = Logs()
    ask(Reward("typed", prefix="typed/"), [made.RIGHT], **logs.given())
    assert set(logs.metrics) == {f"typed/{name}" for name in Reward("typed").names}


def test_a_rule_named_as_a_metric_of_trl_is_refused_unless_there_is_a_prefix(tmp_path):
    profile = tmp_path / "own.toml"
    profile.write_text('extends = "tool-n1"\nrules = ["format", { use = "calls", name = "entropy" }]\n')
    with pytest.raises(ProfileError, match="entropy"):
        Reward(profile)
    assert Reward(profile, prefix="own/").names


def test_names_tell_what_is_scored():
    assert Reward("tool-n1").__name__ == "tool_n1"
    assert Reward("typed", format="hermes").__name__ == "typed_hermes"
    assert Reward("typed", part="all").__name__ == "typed_all"
    assert Reward("typed", rule="calls").__name__ == "typed_calls"
    assert Reward("typed", name="mine").__name__ == "mine"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"profile": "no-such"}, "no-such"),
        ({"format": "no-such"}, "no-such"),
        ({"part": "none"}, "none"),
        ({"rule": "none"}, "none"),
        ({"part": "all", "rule": "calls"}, "part and a rule"),
        ({"on_error": "die"}, "on_error"),
        ({"fallback": math.nan}, "fallback"),
        ({"fallback": True}, "fallback"),
        ({"columns": {"anwser": "x"}}, "answer"),
        ({"columns": {"answer": 3}}, "columns.answer"),
        ({"max_completion_length": 0}, "max_completion_length"),
        ({"reasoning_open": "yes"}, "reasoning_open"),
        ({"endings": "<|im_end|>"}, "endings"),
        ({"prefix": 3}, "prefix"),
        ({"log": "/no/such/folder/log.jsonl"}, "log"),
        ({"tokenizer": object()}, "tokenizer"),
    ],
)
def test_wrong_options_are_refused_at_once_and_named(options, named):
    with pytest.raises(ProfileError, match=named):
        Reward(**{"profile": "typed", **options})


def test_the_end_of_a_text_prompt_tells_that_it_opened_the_reasoning():
    rest = made.RIGHT.removeprefix("<think>")
    reward = Reward("tool-n1")
    assert ask(reward, [rest, rest], prompts=["user\nassistant\n<think>\n", "user\nassistant\n"]) == [
        1.0,
        0.0,
    ]


def test_of_message_prompts_a_setting_or_a_begun_reply_tells():
    rest = made.RIGHT.removeprefix("<think>")
    plain = [{"role": "user", "content": "q"}]
    begun = [*plain, {"role": "assistant", "content": "<think>"}]
    assert ask(Reward("tool-n1"), [message(rest)] * 2, prompts=[plain, begun]) == [0.0, 1.0]
    assert ask(Reward("tool-n1", reasoning_open=True), [message(rest)], prompts=[plain]) == [1.0]
    assert ask(Reward("tool-n1", reasoning_open=False), [message(rest)], prompts=[begun]) == [0.0]


def test_the_step_of_the_trainer_sets_schedules(tmp_path):
    profile = tmp_path / "rising.toml"
    profile.write_text(
        'extends = "tool-n1"\n[combine]\nuse = "weighted"\n[combine.weights]\nreasoning = 0\nformat = 0\n'
        "calls = { from = 0.0, to = 1.0, steps = 10 }\n"
    )
    reward = Reward(profile)
    steps = [SimpleNamespace(global_step=5), None, SimpleNamespace(global_step="x"), SimpleNamespace()]
    assert [ask(reward, [made.RIGHT], trainer_state=state) for state in steps] == [[0.5], [0.0], [0.0], [0.0]]


def test_a_reply_of_the_greatest_length_is_known_to_be_cut_off():
    logs, cut = Logs(), made.RIGHT[:-20]
    reward = Reward("tool-n1", max_completion_length=3)
    ask(reward, [cut, cut], completion_ids=[[1, 2, 3], [1, 2]], **logs.given())
    assert "attempt.truncated" in logs.extra["tool_n1/findings"][0]


def test_endings_that_are_no_special_tokens_are_cut():
    text = f"{made.RIGHT}<|im_end|>\n"
    assert ask(Reward("tool-n1"), [text]) == [0.0]
    reward = Reward("tool-n1", endings=["<|im_end|>"])
    assert ask(reward, [text]) == ask(reward, [message(text)]) == ask(reward, [message(text)[0]]) == [1.0]


class Spelled:
    """A tokenizer whose tokens are characters; 0 is the end of a turn, -1 is none."""

    eos_token_id = 0
    all_special_tokens = ("<|end|>", "<tool_call>")

    def decode(self, ids, *, skip_special_tokens, clean_up_tokenization_spaces):
        assert not skip_special_tokens
        assert not clean_up_tokenization_spaces
        return "".join(["<|end|>" if token == 0 else chr(token) for token in ids])

    def apply_chat_template(self, messages, *, add_generation_prompt, tokenize):
        assert add_generation_prompt
        assert not tokenize
        return f"{messages[0]['content']}\nassistant\n<think>\n"


def spell(text):
    return [*map(ord, text), 0]


def test_with_a_tokenizer_the_text_of_the_tokens_is_verified_and_no_typed_calls():
    typed = {"type": "function", "function": {"name": "f", "arguments": {"y": 2}}}
    parsed = [{"role": "assistant", "content": "", "reasoning_content": "t", "tool_calls": [typed]}]
    ids = [spell(made.RIGHT), spell(made.AS_TEXT)]
    assert ask(Reward("tool-n1"), [parsed] * 2, completion_ids=ids) == [1.0, 1.0]
    reward = Reward("tool-n1", tokenizer=Spelled(), reasoning_open=False)
    assert ask(reward, [parsed] * 2, completion_ids=ids) == [1.0, 0.0]
    assert ask(reward, ["", ""], completion_ids=ids) == [1.0, 0.0]


def test_with_a_tokenizer_several_turns_are_still_read_as_messages():
    reward = Reward("tool-n1", tokenizer=Spelled(), reasoning_open=False)
    turns = [{"role": "tool", "content": made.RIGHT}, {"role": "assistant", "content": "done"}]
    assert ask(reward, [turns], completion_ids=[spell(made.RIGHT)]) == [0.0]


def test_with_a_tokenizer_the_chat_template_tells_whether_the_reasoning_is_open():
    rest = made.RIGHT.removeprefix("<think>")
    reward = Reward("tool-n1", tokenizer=Spelled())
    prompt = [{"role": "user", "content": "q"}]
    assert ask(reward, [message(rest)], prompts=[prompt], completion_ids=[spell(rest)]) == [1.0]


def test_tokens_of_another_tokenizer_make_a_row_unscorable():
    logs = Logs()
    reward = Reward("tool-n1", tokenizer=Spelled(), reasoning_open=False)
    got = ask(reward, [made.RIGHT] * 3, completion_ids=[[-5], spell(made.RIGHT), ["x"]], **logs.given())
    assert got == [None, 1.0, None]
    assert logs.metrics["unscorable"] == [2 / 3]


def test_a_tokenizer_by_its_folder_needs_transformers(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ProfileError, match="pip install transformers"):
        Reward("tool-n1", tokenizer="a-folder")


def test_a_full_length_that_ends_with_its_own_token_is_not_cut_off():
    unclosed, logs = made.RIGHT.removesuffix("</tool_call>"), Logs()
    cut, ended = [*map(ord, unclosed)], spell(unclosed.replace("<think>t", "<think>"))
    assert len(cut) == len(ended)
    reward = Reward("tool-n1", tokenizer=Spelled(), max_completion_length=len(cut), reasoning_open=False)
    ask(reward, ["", ""], completion_ids=[cut, ended], **logs.given())
    told = logs.extra["tool_n1/findings"]
    assert ["attempt.truncated" in told[0], "attempt.truncated" in told[1]] == [True, False]


@pytest.mark.parametrize("profile", ["tool-n1", "typed", "tool-n1-v0", "tool-n1-v4"])
def test_5000_completions_get_the_rewards_of_toolverify_score_to_the_bit(profile):
    rows = made.workload_rows(5_000)
    got = Reward(profile)(
        prompts=["p"] * 5_000, completions=[row["completion"] for row in rows], **made.columns(rows)
    )
    assert got == [row["reward"] for row in made.scored(rows, profile)]
    assert 0 < sum(got) < 5_000


def test_200_hostile_completions_in_a_batch_drop_none_and_give_every_metric():
    rows, logs, reward = made.hostile_rows(200), Logs(), Reward("typed")
    got = reward(
        prompts=["p"] * 200,
        completions=[row["completion"] for row in rows],
        **made.columns(rows),
        **logs.given(),
    )
    assert got == [row["reward"] for row in made.scored(rows, "typed")]
    assert len(got) == 200
    assert tuple(logs.metrics) == reward.names
    assert all(math.isfinite(value) for values in logs.metrics.values() for value in values)
    assert len(logs.extra["typed/findings"]) == 200


@pytest.mark.parametrize("profile", ["tool-n1", "typed"])
def test_the_log_has_a_line_a_sample_with_the_components_of_toolverify_score(profile, tmp_path):
    rows = [{**row, "id": f"r{index}"} for index, row in enumerate(made.workload_rows(50))]
    log = tmp_path / "samples.jsonl"
    reward = Reward(profile, log=log)
    state = SimpleNamespace(global_step=7)
    reward(
        prompts=["p"] * 50,
        completions=[row["completion"] for row in rows],
        trainer_state=state,
        **made.columns(rows),
    )
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line, verdict, row in zip(lines, made.scored(rows, profile), rows, strict=True):
        assert line["id"] == row["id"]
        assert line["step"] == 7
        assert line["reward"] == verdict["reward"]
        assert line["parts"] == verdict["parts"]
        own = {"acc": float(verdict["passed"]), "verifier_error": 0.0, "unscorable": 0.0}
        assert line["components"] == {**own, **verdict["scores"]}
        wanted = [finding["code"] for finding in verdict["findings"] if finding["level"] == "error"]
        assert line["findings"] == list(dict.fromkeys(wanted))


def test_lines_of_many_threads_are_never_torn(tmp_path):
    log = tmp_path / "samples.jsonl"
    reward = Reward("tool-n1", log=log)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(reward, [made.WRONG] * 20), range(40)))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) == 800


def test_a_log_that_can_no_longer_be_written_ends_nothing(tmp_path, caplog):
    folder = tmp_path / "gone"
    folder.mkdir()
    reward = Reward("tool-n1", log=folder / "samples.jsonl")
    folder.rmdir()
    with caplog.at_level(logging.WARNING, "toolverify.trl"):
        assert [ask(reward, [made.RIGHT]) for _ in range(3)] == [[1.0]] * 3
    assert len(caplog.records) == 1


@pytest.mark.parametrize("known", [True, 10**30, ["x"], {"a": 1}, None, "\ud800"])
def test_odd_ids_are_logged_or_left_out(known, tmp_path):
    log = tmp_path / "samples.jsonl"
    ask(Reward("tool-n1", log=log), [made.RIGHT], id=[known])
    assert json.loads(log.read_text())["id"] in {True, None, "\ud800"}


def _rewards_there(reward):
    return reward.__name__, ask(reward, [made.RIGHT, made.WRONG, made.RIGHT], answer=[GOLD, GOLD, None])


def test_it_works_in_a_spawned_process():
    reward = pickle.loads(pickle.dumps(Reward("typed", name="mine", fallback=0.5, endings=["</s>"])))  # noqa: S301  # our own
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        told = pool.apply(_rewards_there, (reward,))
    assert told == ("mine", [1.0, 0.0, 0.5])


def test_an_async_trainer_may_call_it_from_threads():
    async def score():
        reward = Reward("typed")
        calls = [asyncio.to_thread(ask, reward, [made.RIGHT, made.WRONG]) for _ in range(20)]
        return await asyncio.gather(*calls)

    assert asyncio.run(score()) == [[1.0, 0.0]] * 20


def counted(monkeypatch, functions):
    """The calls for which functions make a scoring pass."""
    scorer, passes = functions[0]._shared.scorer, []
    score = scorer.score
    monkeypatch.setattr(scorer, "score", lambda call: passes.append(call) or score(call))
    return passes


class TestSeveral:
    """Several functions of one profile."""

    def test_parts_add_up_to_the_reward(self):
        texts = [made.RIGHT, made.WRONG, "no", made.RIGHT.replace("think", "thinks")]
        functions = rewards("toolrl", columns={"answer": "gold"})
        gold = ['<think>t</think>\n<tool_call>\n{"name": "f", "parameters": {"y": 2}}\n</tool_call>'] * 4
        whole = ask(Reward("toolrl", columns={"answer": "gold"}), texts, gold=gold)
        parts = [ask(function, texts, gold=gold) for function in functions]
        assert [sum(row) for row in zip(*parts, strict=True)] == whole
        assert reward_weights(functions) == [1.0, 1.0]
        assert [function.__name__ for function in functions] == ["toolrl_format", "toolrl_correctness"]

    def test_rules_add_up_to_the_reward_with_their_weights(self, tmp_path):
        profile = tmp_path / "sums.toml"
        profile.write_text(
            'extends = "tool-n1"\n[combine]\nuse = "weighted"\nweights = { reasoning = 0.25, format = 0.25, calls = 2 }\n'
        )
        functions = rewards(profile, by="rule")
        texts = [made.RIGHT, made.WRONG, "no", "<think>t</think>"]
        scores = [ask(function, texts) for function in functions]
        weights = reward_weights(functions)
        assert weights == [0.25, 0.25, 2.0]
        sums = [
            sum(score * weight for score, weight in zip(row, weights, strict=True))
            for row in zip(*scores, strict=True)
        ]
        assert sums == ask(Reward(profile), texts)

    @pytest.mark.parametrize(
        "combine",
        [
            '"all"',
            '"product"',
            '{ use = "weighted", gated = true, weights = { reasoning = 1, format = 1, calls = 1, names = 1 } }',
            '{ use = "weighted", weights = { reasoning = 1, format = 1, names = 1, calls = { from = 0, to = 1, steps = 5 } } }',
        ],
    )
    def test_a_reward_that_is_no_sum_of_rules_is_refused(self, combine, tmp_path):
        profile = tmp_path / "own.toml"
        profile.write_text(
            f'extends = "tool-n1"\nrules = ["reasoning", "format", "calls", "names"]\ncombine = {combine}\n'
        )
        with pytest.raises(ProfileError, match="by='part'"):
            rewards(profile, by="rule")

    def test_wrong_use_is_refused(self):
        with pytest.raises(ProfileError, match="by"):
            rewards("typed", by="call")
        with pytest.raises(ProfileError, match="fallback"):
            rewards("typed", fallback=0.0)

    def test_they_share_one_pass_and_log_once(self, tmp_path):
        log, logs = tmp_path / "samples.jsonl", Logs()
        functions, texts = rewards("toolrl", log=log), [made.RIGHT, made.WRONG]
        for _ in range(3):
            for function in functions:
                ask(function, texts, **logs.given())
        assert len(log.read_text().splitlines()) == 6
        assert {len(values) for values in logs.metrics.values()} == {3}
        assert {len(values) for values in logs.extra.values()} == {6}

    def test_another_batch_is_another_pass(self, monkeypatch):
        functions, texts = rewards("toolrl"), [made.RIGHT]
        passes = counted(monkeypatch, functions)
        ask(functions[0], texts)
        ask(functions[1], [made.RIGHT])
        assert len(passes) == 1
        texts[0] = made.WRONG
        ask(functions[1], texts)
        ask(functions[1], [made.RIGHT], answer=["[]"])
        ask(functions[1], [made.RIGHT], trainer_state=SimpleNamespace(global_step=1))
        ask(functions[1], [made.RIGHT], prompts=["<think>"])
        assert len(passes) == 5
        assert len(functions[0]._shared._passes) <= 4

    def test_columns_of_things_that_are_no_data_are_told_apart_by_what_they_are(self, monkeypatch):
        functions, images = rewards("toolrl"), [object()]
        passes = counted(monkeypatch, functions)
        ask(functions[0], [made.RIGHT], image=images)
        ask(functions[1], [made.RIGHT], image=images)
        assert len(passes) == 1
        ask(functions[1], [made.RIGHT], image=[object()])
        assert len(passes) == 2

    def test_they_share_a_pass_also_between_threads_and_after_pickling(self, monkeypatch):
        functions = pickle.loads(pickle.dumps(rewards("toolrl")))  # noqa: S301  # our own
        assert functions[1]._shared is functions[0]._shared
        passes = counted(monkeypatch, functions)
        texts = [made.RIGHT, made.WRONG] * 50
        with ThreadPoolExecutor(2) as pool:
            for _ in range(10):
                list(pool.map(lambda function: ask(function, texts), functions))
        assert len(passes) == 10

    def test_a_row_that_cannot_be_scored_is_none_for_all(self):
        assert [ask(function, ["x"], answer=[None]) for function in rewards("toolrl")] == [[None]] * 2


class TestReady:
    """Rewards by a dotted path."""

    def test_every_installed_profile_stands_ready(self):
        assert toolverify_trl.tool_n1.__name__ == "tool_n1"
        assert toolverify_trl.tool_n1 is toolverify_trl.tool_n1
        assert toolverify_trl.typed.settings.profile == "typed"
        assert toolverify_trl.toolrl_withlength.settings.profile == "toolrl-withlength"
        assert ask(pickle.loads(pickle.dumps(toolverify_trl.typed)), [made.RIGHT]) == [1.0]  # noqa: S301  # our own

    def test_the_environment_names_any_profile_and_sets_options(self, monkeypatch, moody_profile, tmp_path):
        monkeypatch.setenv("TOOLVERIFY_PROFILE", str(moody_profile))
        monkeypatch.setenv("TOOLVERIFY_FORMAT", "hermes")
        monkeypatch.setenv("TOOLVERIFY_LOG", str(tmp_path / "log.jsonl"))
        reward = toolverify_trl.reward
        assert reward.__name__ == "reward"
        assert "moody" in reward.names
        assert reward.settings.format == "hermes"
        assert toolverify_trl.typed.settings.log == str(tmp_path / "log.jsonl")

    def test_without_the_variable_the_error_names_it(self, monkeypatch):
        monkeypatch.delenv("TOOLVERIFY_PROFILE", raising=False)
        with pytest.raises(ProfileError, match="TOOLVERIFY_PROFILE"):
            _ = toolverify_trl.reward

    def test_what_is_not_there_is_an_attribute_error_that_says_what_is(self):
        with pytest.raises(AttributeError, match="tool_n1"):
            _ = toolverify_trl.tool_n2
        with pytest.raises(AttributeError):
            _ = toolverify_trl._private
        assert "Reward" in dir(toolverify_trl)

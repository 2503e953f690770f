"""The reward as trainers use it: labels, components, and nothing that raises in the middle of a step."""

import json
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolverify as tv
from toolverify.errors import AnswerError, ProfileError, ToolsError
from toolverify.testing import json_values, samples, soups
from toolverify.training import (
    Gold,
    RewardModel,
    cut_ending,
    opens_reasoning,
    read_label,
    write_label,
)

CALLS = [{"name": "f", "arguments": {"a": 1}}]
TOOLS = [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}]
RIGHT = '<think>t</think><tool_call>[{"name": "f", "arguments": {"a": 1}}]</tool_call>'
TYPED = RewardModel("typed")


def test_a_sample_has_a_reward_and_components_with_fixed_names():
    scored = TYPED.score(RIGHT, Gold(CALLS, TOOLS))
    assert scored.reward == 1
    assert tuple(scored.components) == TYPED.names
    assert TYPED.names == ("acc", "reasoning", "format", "schema", "calls", "verifier_error", "unscorable")
    assert scored.components == dict.fromkeys(TYPED.names, 1.0) | {"verifier_error": 0.0, "unscorable": 0.0}
    assert scored.parts == {"all": 1.0}


@pytest.mark.parametrize(
    "gold",
    [
        Gold(None),
        Gold("no json"),
        Gold(CALLS, "no tools"),
        Gold({"f": 1}),
        Gold(CALLS, compare={"b": "json"}),
    ],
)
def test_a_row_that_cannot_be_read_is_counted_and_does_not_raise(gold):
    scored = TYPED.score(RIGHT, gold)
    assert scored.reward is None
    assert scored.components["verifier_error"] == scored.components["unscorable"] == 1
    assert tuple(scored.components) == TYPED.names
    assert scored.findings[0].message
    with pytest.raises((AnswerError, ToolsError)):
        RewardModel("typed", on_error="raise").score(RIGHT, gold)


@given(completion=soups() | json_values(), answer=json_values())
def test_nothing_raises_and_every_component_is_there_and_finite(completion, answer):
    scored = TYPED.score(completion, Gold(answer))
    assert tuple(scored.components) == TYPED.names
    assert all(math.isfinite(value) for value in [*scored.components.values(), *scored.parts.values()])


@given(samples("tool-n1"))
def test_the_reward_is_that_of_the_verifier(sample):
    answer = [{"name": call.name, "arguments": call.arguments} for call in sample.answer]
    scored = RewardModel("tool-n1").score(sample.text, Gold(json.dumps(answer)))
    assert scored.reward == tv.Verifier("tool-n1").score(sample.text, answer=answer).reward


def test_a_rule_that_raises_is_counted(monkeypatch):
    model = RewardModel("tool-n1")

    def raises(*_, **__):
        return tv.Verdict(
            None,
            None,
            dict.fromkeys(model.verifier.rules),
            {"all": None},
            (tv.Finding("rule.raised", "error", "", "sorry"),),
            (),
        )

    monkeypatch.setattr(model.verifier, "score", raises)
    scored = model.score(RIGHT, Gold(CALLS))
    assert (scored.reward, scored.components["verifier_error"], scored.components["unscorable"]) == (
        None,
        1,
        1,
    )
    assert scored.findings[0].code == "rule.raised"


def test_equal_rows_share_one_compiled_case():
    model = RewardModel("typed")
    assert model.case(Gold(CALLS, TOOLS)) is model.case(Gold([dict(CALLS[0])], list(TOOLS)))
    assert model.case(Gold(CALLS)) is not model.case(Gold(CALLS, TOOLS))


def test_it_pickles_with_everything_but_its_cache():
    model = RewardModel("typed", format="hermes", on_error="raise")
    copied = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own bytes
    assert (copied.verifier.hash, copied.on_error, copied.names) == (
        model.verifier.hash,
        "raise",
        model.names,
    )


def test_names_that_the_trainer_keeps_are_refused():
    with pytest.raises(ProfileError, match=r"'calls'.*give it another name"):
        RewardModel("typed", reserved=["calls"])
    with pytest.raises(ProfileError, match="on_error"):
        RewardModel("typed", on_error="maybe")


LABELS = [
    (json.dumps(CALLS), Gold(json.dumps(CALLS))),
    (CALLS, Gold(CALLS)),
    (write_label(CALLS), Gold(CALLS)),
    (write_label(CALLS, tools=TOOLS, compare={"a": "ignore"}), Gold(CALLS, TOOLS, {"a": "ignore"})),
    ({"answer": CALLS, "tools": TOOLS}, Gold(CALLS, TOOLS)),
    (json.dumps({"answer": None}), Gold(None)),
    (json.dumps({"answer": [], "meta": {"compare": {"a": "json"}}, "id": 3}), Gold([], None, {"a": "json"})),
    ("<tool_call>gold text</tool_call>", Gold("<tool_call>gold text</tool_call>")),
    ({"any_of": [[]]}, Gold({"any_of": [[]]})),
    ({"answer": 1, "other": 2}, Gold({"answer": 1, "other": 2})),
    ("", Gold("")),
    (None, Gold(None)),
]


@pytest.mark.parametrize(("label", "gold"), LABELS)
def test_a_label_is_read_in_every_form(label, gold):
    assert read_label(label) == gold


def test_a_label_that_is_no_json_is_refused_when_written():
    with pytest.raises(AnswerError):
        write_label([{"name": "f", "arguments": {"a": {1, 2}}}])


@given(json_values(), st.none() | json_values())
def test_what_is_written_reads_back(answer, tools):
    assert read_label(write_label(answer, tools=tools)) == Gold(answer, tools)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("a<|im_end|>", "a"),
        ("a<|im_end|>\n<|endoftext|><|endoftext|>", "a"),
        ("a </tool_call>\n", "a </tool_call>\n"),
        ("<|im_end|>a", "<|im_end|>a"),
        ("", ""),
        ("a\n", "a\n"),
    ],
)
def test_only_ending_tokens_are_cut(text, cut):
    assert cut_ending(text, ["<|im_end|>", "<|endoftext|>", ""]) == cut


def test_a_prompt_may_open_the_reasoning():
    assert opens_reasoning("<|im_start|>assistant\n<think>\n")
    assert not opens_reasoning("<think>so</think>")
    assert opens_reasoning("x[THINK]", "[THINK]")

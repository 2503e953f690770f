"""Laws that hold for whatever hypothesis makes up."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolverify as tv
from toolverify.limits import Limits
from toolverify.plugins import registry
from toolverify.profile import LimitsModel, load_profile
from toolverify.testing import (
    arguments,
    calls,
    contexts,
    exactly,
    json_values,
    messages,
    plain,
    rendered,
    samples,
    soups,
    thoughts,
    tools_for,
)

EXACT = {
    "tool-n1": tv.Verifier("tool-n1"),
    "typed": tv.Verifier("typed"),
    "typed-hermes": tv.Verifier("typed", format="hermes"),
    "typed-message": tv.Verifier("typed", format="openai-message"),
}
WIRES = ["tool-n1", "hermes", "openai-message"]
TEXT_FORMATS = sorted(
    name
    for name, part in registry().all("format").items()
    if not getattr(part.value, "reads_messages", False)
)
TIGHT = Limits(text=300, call=40, attempts=2, depth=4, digits=3)


def _tight(name, wire):
    limits = LimitsModel(**{key: getattr(TIGHT, key) for key in TIGHT.__struct_fields__})
    profile = (
        load_profile(name).with_format(wire).model_copy(update={"limits": limits, "name": f"tight-{name}"})
    )
    return tv.Verifier(profile)


EVERY = {
    **{name: tv.Verifier(name) for name in registry().all("profile")},
    **EXACT,
    "tight-tool-n1": _tight("tool-n1", "tool-n1"),
    "tight-typed-hermes": _tight("typed", "hermes"),
}


def _wire(verifier):
    """The format whose renderer writes what this verifier reads."""
    return verifier.profile.format.use


def _compiled(verifier, answer):
    """A case for these calls, or None where they are beyond the profile's limits."""
    try:
        written = plain(answer)
        if verifier.profile.answers.use == "toolrl-text":  # then it is a reply in the profile's own format
            written = tv.render(answer, format=_wire(verifier), reasoning="")
        return verifier.compile(answer=written, tools=tools_for(answer))
    except tv.ToolverifyError:
        return None


def _samples(verifier):
    return samples(_wire(verifier))


@pytest.mark.parametrize("wire", WIRES)
@given(calls=calls(), thought=thoughts())
def test_parsing_gives_back_what_was_rendered(wire, calls, thought):
    reply = tv.parse(tv.render(calls, format=wire, reasoning=thought), format=wire)
    assert exactly(plain(reply.calls)) == exactly(plain(calls))
    assert reply.reasoning == thought
    assert not reply.content.strip()
    assert {attempt.status for attempt in reply.attempts} <= {"ok", "in_reasoning"}


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data())
def test_a_right_reply_earns_everything(name, data):
    verifier = EXACT[name]
    sample = data.draw(rendered(_wire(verifier)))
    verdict = verifier.score(sample.text, case=_compiled(verifier, sample.answer))
    assert (verdict.reward, verdict.passed) == (1, True)


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data())
def test_the_order_of_calls_and_arguments_changes_nothing(name, data):
    verifier = EXACT[name]
    made, answer = data.draw(calls()), data.draw(calls())
    answer = data.draw(st.sampled_from([made, answer, made[:1], made + answer]))
    shuffled = [
        tv.ToolCall(call.name, dict(data.draw(st.permutations(list(call.arguments.items())))))
        for call in data.draw(st.permutations(made))
    ]
    case = _compiled(verifier, answer)
    before, after = (
        verifier.score(tv.render(calls, format=_wire(verifier), reasoning="t"), case=case)
        for calls in (made, shuffled)
    )
    assert (before.reward, before.passed, before.scores) == (after.reward, after.passed, after.scores)


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data(), answer=calls(), made=calls(), extra=calls().filter(bool))
def test_adding_a_wrong_call_never_raises_the_reward(name, data, answer, made, extra):
    verifier = EXACT[name]
    made = data.draw(st.sampled_from([made, answer, answer[:1], [*answer, *made]]))
    wrong = extra[0]
    wrong = tv.ToolCall(wrong.name, {**wrong.arguments, "no tool takes this": 1})
    case = _compiled(verifier, answer)
    place = data.draw(st.integers(0, len(made)))
    before = verifier.score(tv.render(made, format=_wire(verifier), reasoning="t"), case=case)
    more = [*made[:place], wrong, *made[place:]]
    after = verifier.score(tv.render(more, format=_wire(verifier), reasoning="t"), case=case)
    assert after.reward <= before.reward
    assert not after.passed


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data(), answer=calls().filter(bool), made=calls())
def test_leaving_out_a_right_call_never_raises_the_reward(name, data, answer, made):
    verifier = EXACT[name]
    wrong = [tv.ToolCall(call.name, {**call.arguments, "no tool takes this": 1}) for call in made]
    made = data.draw(st.sampled_from([answer, [*answer, *wrong]]))
    place = data.draw(st.integers(0, len(answer) - 1))
    case = _compiled(verifier, answer)
    before = verifier.score(tv.render(made, format=_wire(verifier), reasoning="t"), case=case)
    fewer = made[:place] + made[place + 1 :]
    after = verifier.score(tv.render(fewer, format=_wire(verifier), reasoning="t"), case=case)
    assert after.reward <= before.reward


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
def test_the_fast_path_and_the_verdict_agree_on_everything(name, data):
    verifier = EVERY[name]
    rows = data.draw(st.lists(_samples(verifier), min_size=1, max_size=3))
    for text, answer in rows:
        case = _compiled(verifier, answer)
        if case is not None:
            verdict = verifier.score(text, case=case)
            assert verifier.rewards([text], [case]) == [verdict.reward]


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data(), context=contexts())
def test_every_verdict_is_whole(name, data, context):
    verifier = EVERY[name]
    text, answer = data.draw(_samples(verifier))
    case = _compiled(verifier, answer)
    if case is None:
        return
    verdict = verifier.score(text, case=case, context=context)
    assert verifier.rewards([text], [case], contexts=[context]) == [verdict.reward]
    assert (tuple(verdict.scores), tuple(verdict.parts)) == (verifier.rules, verifier.part_names)
    assert math.isclose(sum(verdict.parts.values()), verdict.reward, abs_tol=1e-9)
    assert all(0 <= score <= 1 for score in verdict.scores.values())
    assert verdict.passed or any(finding.level == "error" for finding in verdict.findings)
    assert repr(pickle.loads(pickle.dumps(verdict))) == repr(verdict)  # noqa: S301  # our own bytes
    assert verdict.explain()


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data(), context=contexts())
def test_the_reward_is_one_without_errors_and_zero_with_any(name, data, context):
    verifier = EXACT[name]
    text, answer = data.draw(_samples(verifier))
    verdict = verifier.score(text, case=_compiled(verifier, answer), context=context)
    errors = [finding for finding in verdict.findings if finding.level == "error"]
    assert (verdict.reward, verdict.passed) == ((0, False) if errors else (1, True))


@pytest.mark.parametrize("name", EVERY)
@given(completion=st.one_of(messages(), st.lists(messages(), max_size=3), json_values()), context=contexts())
def test_messages_of_any_shape_get_a_verdict(name, completion, context):
    verifier = EVERY[name]
    case = _compiled(verifier, [tv.ToolCall("f", {"x": 1})])
    verdict = verifier.score(completion, case=case, context=context)
    assert verdict.reward is not None
    assert verifier.rewards([completion], [case], contexts=[context]) == [verdict.reward]


@pytest.mark.parametrize("name", EVERY)
@given(calls=st.one_of(json_values(), calls().map(plain), st.lists(arguments(), max_size=3)))
def test_ready_made_calls_of_any_shape_get_a_verdict(name, calls):
    verifier = EVERY[name]
    verdict = verifier.score(None, calls=calls, case=_compiled(verifier, [tv.ToolCall("f", {"x": 1})]))
    assert verdict.reward is not None


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
def test_verifiers_and_cases_survive_pickling(name, data):
    verifier = EVERY[name]
    text, answer = data.draw(_samples(verifier))
    case = _compiled(verifier, answer)
    if case is None:
        return
    twin, twin_case = pickle.loads(pickle.dumps((verifier, case)))  # noqa: S301  # our own bytes
    assert twin.hash == verifier.hash
    assert repr(twin.score(text, case=twin_case)) == repr(verifier.score(text, case=case))


@pytest.mark.parametrize("limits", [Limits(), TIGHT], ids=["default", "tight"])
@pytest.mark.parametrize("wire", TEXT_FORMATS)
@given(data=st.data(), context=contexts())
def test_a_reply_put_together_again_is_the_text(wire, limits, data, context):
    text = data.draw(st.one_of(soups(), samples(wire).map(lambda sample: sample.text)))
    reply = tv.parse(text, format=wire, context=context, limits=limits)
    if wire in WIRES:
        assert reply.content == "".join(part.text for part in reply.segments if part.kind == "content")
    assert "".join(part.text for part in reply.segments) == text
    for attempt in reply.attempts:
        assert (attempt.call is not None) == (attempt.status == "ok")
        if attempt.span is not None:
            assert attempt.raw == text[slice(*attempt.span)]

"""Verdicts of the checker itself on mutated calls of real entries."""

import bfcl_data

import toolverify as tv

pytestmark = bfcl_data.needs_vectors


def test_every_vector_has_its_verdict():
    verifier = tv.Verifier("bfcl-ast")
    rows = bfcl_data.lines(bfcl_data.VECTORS)
    assert len(rows) > 1000
    for row in rows:
        verdict = verifier.score(
            calls=row["calls"],
            answer=row["answer"],
            tools=row["tools"],
            context=tv.Context(category=row["category"]),
        )
        wanted = (row["expected"]["valid"], row["expected"]["error_type"])
        assert bfcl_data.outcome(verdict) == wanted, row["id"]


def test_pairs_name_every_call_and_every_gold_call_once():
    verifier = tv.Verifier("bfcl-ast")
    for row in bfcl_data.lines(bfcl_data.VECTORS)[::10]:
        context = tv.Context(category=row["category"])
        verdict = verifier.score(
            calls=row["calls"], answer=row["answer"], tools=row["tools"], context=context
        )
        calls = sorted(pair.call for pair in verdict.pairs if pair.call is not None)
        golds = sorted(pair.expected for pair in verdict.pairs if pair.expected is not None)
        assert calls == list(range(len(row["calls"]))), row["id"]
        assert golds == list(range(len(row["answer"]))), row["id"]


def test_the_rewards_are_those_of_the_verdicts():
    verifier = tv.Verifier("bfcl-ast")
    for row in bfcl_data.lines(bfcl_data.VECTORS)[::20]:
        case = verifier.compile(answer=row["answer"], tools=row["tools"])
        context = tv.Context(category=row["category"])
        message = {"tool_calls": [{"function": call} for call in row["calls"]]}
        rewards = verifier.rewards([message], [case], contexts=[context])
        assert rewards == [verifier.score(message, case=case, context=context).reward]

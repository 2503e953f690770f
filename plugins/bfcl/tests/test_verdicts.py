"""Recorded outputs of real models, with the verdicts of BFCL's own decoder and checker."""

import bfcl_data
import pytest

import toolverify as tv

pytestmark = bfcl_data.needs_data

#: Outputs whose values are arithmetic. The decoder hands it to Python's eval; here it is never worked out.
EVALUATED = {
    "parallel_84": "acceleration=(110/5.2)",
    "parallel_multiple_11": "turnsPerMeter=25/1",
    "parallel_multiple_102": "rate=0.04/4",
    "parallel_multiple_148": "height=(200 * 2.54)",
}


def _message(result):
    """A result of function calling, as a message: names and the JSON text of their arguments."""
    calls = [
        {"function": {"name": name, "arguments": text}} for call in result for name, text in call.items()
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def _calls(decoded):
    return [{"name": name, "arguments": given} for call in decoded for name, given in call.items()]


def _verdicts(verifier, row, case, context):
    """The verdict on the output as it came, and on what the decoder made of it."""
    if row["mode"] == "prompt":
        yield verifier.score(row["result"], case=case, context=context)
    elif row["result"]:
        yield verifier.score(_message(row["result"]), case=case, context=context)
    if row["decoded"] is not None:
        yield verifier.score(calls=_calls(row["decoded"]), case=case, context=context)


@pytest.mark.parametrize("category", bfcl_data.categories("verdicts"))
def test_every_output_has_its_verdict(category):
    verifier = tv.Verifier("bfcl-ast")
    tools, golds = bfcl_data.entries(category)
    rows = bfcl_data.lines(bfcl_data.DATA / "verdicts" / f"{category}.jsonl")
    assert rows
    for row in rows:
        case = verifier.compile(answer=golds.get(row["id"], []), tools=tools[row["id"]])
        context = tv.Context(category=category, extra={"mode": row["mode"]})
        verdicts = [bfcl_data.outcome(verdict) for verdict in _verdicts(verifier, row, case, context)]
        if EVALUATED.get(row["id"], "\0") in str(row["result"]):
            assert verdicts[0] == (False, "ast_decoder:decoder_failed"), row["id"]
            verdicts = verdicts[1:]
        assert set(verdicts) == {(row["valid"], row["error_type"])}, (row["id"], row["model"])


def test_texts_are_read_into_the_calls_that_were_recorded():
    compared = 0
    for category in bfcl_data.categories("verdicts"):
        for row in bfcl_data.lines(bfcl_data.DATA / "verdicts" / f"{category}.jsonl"):
            arithmetic = EVALUATED.get(row["id"], "\0") in str(row["result"]) or row["id"] == "irrelevance_71"
            if row["mode"] == "prompt" and isinstance(row["decoded"], list) and not arithmetic:
                context = tv.Context(category=category)
                reply = tv.parse(row["result"], format="bfcl-prompt", context=context)
                read = [{call.name: _listed(call.arguments)} for call in reply.calls]
                assert read == _named(row["decoded"]), row["id"]
                compared += 1
    assert compared > 1000


def _listed(value):
    """A value with lists for tuples and texts for keys, as JSON recorded it."""
    if isinstance(value, dict):
        return {str(key): _listed(member) for key, member in value.items()}
    return [_listed(element) for element in value] if isinstance(value, list | tuple) else value


def _named(decoded):
    """Recorded calls, with the name that stands for no name where JSON wrote `null`."""
    return [
        {name: {"None" if key == "null" else key: value for key, value in given.items()}}
        for call in decoded
        for name, given in call.items()
    ]

"""Nearly right completions, scored by the leaf and by the oracle: no difference, to the bit."""

import json
import os
from collections import Counter
from random import Random

import n1_nearly
import n1_oracle
import pytest

import toolverify as tv

CASES = int(os.environ.get("TOOLVERIFY_FUZZ", "3000"))
VERIFIERS = {variant: tv.Verifier(name) for variant, name in n1_oracle.PROFILES.items()}


def _case(seed):
    random = Random(seed)
    calls = n1_nearly.gold(random)
    return n1_nearly.completion(random, calls), calls


def _raised(verdict):
    return [f.source_code for f in verdict.findings if f.code == "tool-n1.reference_raises"]


def _agrees(variant, text, calls):
    """Whether verdict, fast path and oracle say the same; and what the oracle says."""
    verifier = VERIFIERS[variant]
    expected = n1_oracle.reward(variant, text, json.dumps(calls))
    case = verifier.compile(answer=calls)
    verdict = verifier.score(text, case=case)
    raises = isinstance(expected, n1_oracle.Raises)
    rewards = (verdict.reward, *verifier.rewards([text], [case]))
    wanted = (0.0 if raises else expected,) * 2
    return rewards == wanted and _raised(verdict) == ([expected.error] if raises else []), expected


@pytest.mark.parametrize("variant", VERIFIERS)
def test_the_leaf_and_the_oracle_agree_on_nearly_right_completions(variant):
    outcomes = Counter()
    for seed in range(CASES):
        text, calls = _case(seed)
        agrees, expected = _agrees(variant, text, calls)
        assert agrees, (seed, text, calls, expected)
        outcomes[expected] += 1
    # The cases would prove little if they were all alike.
    assert outcomes[n1_oracle.WORTH[variant].right[0]] > CASES / 10
    assert outcomes[0.0] > CASES / 50
    assert outcomes[n1_oracle.Raises("TypeError")] > CASES / 500

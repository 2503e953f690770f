"""The response is found, whatever the tokenizer made of the prompt."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openrlhf_samples import PROMPT, RIGHT

from toolverify_openrlhf.splitting import HEADERS, opened, split

LONG = (
    "<|im_start|>system\n"
    + "".join(f"Tool {i}: does a thing.\n" for i in range(50))
    + "<|im_end|>\n"
    + PROMPT
)


def found(query, prompt):
    result = split(query, prompt)
    return result.response, result.way


@given(st.text(), st.text())
def test_behind_the_prompt_as_it_was_given_stands_the_response(prompt, response):
    assert found(prompt + response, prompt) == (response, "exact")


@given(st.text(), st.text())
def test_nothing_raises_and_the_response_ends_the_text(query, prompt):
    assert query.endswith(split(query, prompt).response)


def test_a_prompt_in_another_normal_form_shifts_nothing():
    prompt = PROMPT.replace("weather", unicodedata.normalize("NFD", "météo à Orléans"))
    query = unicodedata.normalize("NFC", prompt) + RIGHT
    assert query[len(prompt) :] != RIGHT  # what cutting by length gives
    assert found(query, prompt) == (RIGHT, "repaired")


@pytest.mark.parametrize("cut", [1, 30, 700, len(LONG) - 23])
def test_a_prompt_cut_on_its_left_leaves_the_response_whole(cut):
    query = LONG[cut:] + RIGHT
    assert found(query, LONG) == (RIGHT, "repaired")


def test_a_cut_through_a_character_does_no_harm():
    prompt = "é" + LONG
    assert found("\ufffd" + LONG + RIGHT, prompt) == (RIGHT, "repaired")


def test_a_cut_prompt_in_another_normal_form():
    prompt = unicodedata.normalize("NFD", "é" * 200) + PROMPT
    query = unicodedata.normalize("NFC", prompt)[150:] + RIGHT
    assert found(query, prompt) == (RIGHT, "repaired")


def test_an_empty_response_is_empty():
    assert found(LONG, LONG) == ("", "exact")
    assert found(LONG[100:], LONG) == ("", "repaired")


def test_a_token_before_the_prompt_is_no_part_of_the_response():
    assert found(f"<s> {LONG}{RIGHT}", LONG) == (RIGHT, "repaired")


@pytest.mark.parametrize("header", HEADERS)
def test_a_changed_prompt_ends_with_the_header_of_its_template(header):
    prompt = f"what is   this?{header}<think>\n"
    assert found(f"what is this?{header}<think>\n{RIGHT}", prompt) == (f"\n{RIGHT}", "repaired")


def test_a_header_that_the_model_wrote_hides_nothing():
    prompt = f"a  b{PROMPT}"
    query = f"a b{PROMPT}wrong{HEADERS[0]}{RIGHT}"
    assert found(query, prompt) == (f"wrong{HEADERS[0]}{RIGHT}", "repaired")


def test_without_any_sign_the_whole_text_is_the_response():
    assert found("nothing of it", "another prompt altogether") == ("nothing of it", "failed")
    assert found("nothing of it", None) == ("nothing of it", "failed")


def test_a_prompt_that_is_no_text_leaves_the_header():
    assert found(PROMPT + RIGHT, None) == (RIGHT, "repaired")


def test_reasoning_that_the_prompt_opened_is_seen():
    assert opened(PROMPT + "<think>\n", "exact")
    assert not opened(PROMPT, "exact")
    assert not opened(PROMPT + "<think>\n", "failed")  # then the marker stands in what is scored
    assert opened(PROMPT + "[THINK]", "repaired", "[THINK]")
    assert not opened(None, "exact")

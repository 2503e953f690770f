"""The table of bytes: the same text as the tokenizer's own, or none."""

from __future__ import annotations

import pytest

pytest.importorskip("tokenizers", reason="make test-verl runs these")
pytest.importorskip("verl", reason="make test-verl runs these")

import verl_world as world
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders

from toolverify_verl.byte_table import byte_letters, decoded, own_text, table_of
from toolverify_verl.tokens import Decoder

TOKENIZER = world.tokenizer()
TABLE = table_of(TOKENIZER)


def test_every_byte_has_a_letter():
    assert sorted(byte_letters().values()) == list(range(256))


@settings(max_examples=400, deadline=None)
@given(ids=st.lists(st.sampled_from(sorted(TABLE)), max_size=40))
def test_any_tokens_in_any_order(ids):
    assert decoded(TABLE, ids) == own_text(TOKENIZER, ids)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text(text):
    ids = TOKENIZER.encode(text, add_special_tokens=False)
    assert Decoder(TOKENIZER, "<think>").text(ids) == own_text(TOKENIZER, ids)


def test_a_token_beyond_the_vocabulary_is_left_to_the_tokenizer():
    ids = [*TOKENIZER.encode("a", add_special_tokens=False), 10_000_000]
    assert Decoder(TOKENIZER, "<think>").text(ids) == own_text(TOKENIZER, ids)


def test_another_kind_of_tokenizer_has_no_table(monkeypatch):
    class Other:
        backend_tokenizer = type("Backend", (), {"decoder": decoders.WordPiece()})()

    assert table_of(Other()) is None
    assert table_of(object()) is None


def test_a_tokenizer_that_writes_otherwise_has_no_table(monkeypatch):
    monkeypatch.setattr(type(TOKENIZER), "decode", lambda *_, **__: "something else")
    assert table_of(TOKENIZER) is None

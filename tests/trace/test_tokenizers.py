from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, CLIPConfig, GPT2Config, ViTConfig

from hfreader.errors import HfreaderError
from hfreader.trace.tokenizers import (
    ByteTokenizer,
    OwnTokenizer,
    special_ids,
    token_facts,
    tokenizer_for,
    vocabulary_size,
)


@settings(deadline=None, max_examples=30)
@given(st.text(), st.sets(st.integers(0, 400), max_size=20))
def test_bytes_go_there_and_back(text: str, special: set[int]):
    reader = ByteTokenizer(1000, special)
    ids = reader.encode(text)["input_ids"]
    assert not special & set(ids)
    assert bytes(reader.bytes[id] for id in ids).decode() == text
    assert len(reader.show(ids)) == len(text.encode())


def test_bytes_are_shown_as_characters():
    reader = ByteTokenizer(300, {0, 2})
    assert reader.show(reader.encode("a é")["input_ids"]) == ["a", "<0x20>", "<0xC3>", "<0xA9>"]
    assert reader.show([0, 299]) == ["<id 0>", "<id 299>"]
    assert reader.encode("\x00\x01") == {"input_ids": [1, 3], "attention_mask": [1, 1]}
    assert reader.notes == ()


def test_a_vocabulary_too_small_for_bytes_says_so():
    reader = ByteTokenizer(20, {0})
    assert max(reader.encode("any text")["input_ids"]) < 20
    assert "too small" in reader.notes[0]


def test_special_ids_of_every_part():
    assert special_ids(BertConfig(pad_token_id=1, bos_token_id=None, eos_token_id=[7, 8])) == {1, 7, 8}
    assert {49406, 49407} <= special_ids(CLIPConfig())
    assert special_ids(GPT2Config()) == {50256}


def test_vocabulary_of_the_text_part():
    assert vocabulary_size(CLIPConfig()) == 49408
    with pytest.raises(HfreaderError, match="ViTConfig has no vocabulary"):
        vocabulary_size(ViTConfig())


def test_without_a_checkpoint_there_are_bytes(tmp_path: Path):
    for folder in (None, tmp_path):
        reader = tokenizer_for(BertConfig(), folder)
        assert isinstance(reader, ByteTokenizer)
        assert "byte-level fallback" in reader.description


def test_own_tokenizer(tmp_path: Path):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    reader = tokenizer_for(BertConfig(vocab_size=8), tmp_path)
    assert isinstance(reader, OwnTokenizer)
    encoded = reader.encode("The cats")
    ids = [2, 5, 6, 7, 3]
    assert encoded == {"input_ids": ids, "attention_mask": [1] * 5, "token_type_ids": [0] * 5}
    facts = token_facts(ids, reader.show(ids))
    assert [(fact.position, fact.id, fact.text) for fact in facts][1:4] == [(1, 5, "the"), (2, 6, "cat"), (3, 7, "##s")]


def test_a_broken_tokenizer_is_one_line(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(HfreaderError, match=r"the tokenizer in .* cannot be read") as caught:
        tokenizer_for(BertConfig(), tmp_path)
    assert "\n" not in str(caught.value)

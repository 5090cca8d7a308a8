"""From text to ids: a checkpoint's own tokenizer, or bytes where there is none."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from transformers import AutoTokenizer, PreTrainedConfig

from hfreader.errors import HfreaderError
from hfreader.facts.traces import TokenFact
from hfreader.trace.configs import all_parts, one_line

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
)

SPECIAL = ("_token_id", "_token_index")
"""How the fields end that give an id a meaning of its own."""

Encoded = dict[str, list[int]]
"""Arguments of the forward pass by name, one int per token: `input_ids` (special tokens included), and more."""


class TextReader(Protocol):
    """Turns text into ids, and ids into what a reader sees. `description` says in words what it is."""

    description: str

    def encode(self, text: str, pair: str | None = None) -> Encoded:
        """The ids of a text, or of two together, and what the forward pass is given beside them."""

    def show(self, ids: Sequence[int]) -> list[str]:
        """The written form of each id."""


class ByteTokenizer:
    """One token per byte of UTF-8: byte b has the b-th id of the vocabulary that is not a special token's.

    Where the vocabulary is too small for 256 bytes, ids repeat and `notes` says so.
    """

    def __init__(self, vocabulary: int, special: Iterable[int] = ()) -> None:
        taken = set(special)
        usable = [id for id in range(vocabulary) if id not in taken][:256] or list(range(vocabulary))
        self.ids = [usable[byte % len(usable)] for byte in range(256)]
        self.bytes = {id: byte for byte, id in reversed(list(enumerate(self.ids)))}
        self.description = "byte-level fallback vocabulary (one token per byte, no checkpoint)"
        self.notes = (
            (f"the vocabulary of {vocabulary} ids is too small for 256 bytes: different bytes share an id",)
            if len(usable) < 256
            else ()
        )

    def encode(self, text: str, pair: str | None = None) -> Encoded:
        """One id per byte, and a mask of ones; for two texts token types, 0 for the first and 1 for the second."""
        first, second = text.encode(), (pair or "").encode()
        types = {} if pair is None else {"token_type_ids": [0] * len(first) + [1] * len(second)}
        return masked([self.ids[byte] for byte in first + second]) | types

    def show(self, ids: Sequence[int]) -> list[str]:
        """The character of each printable ASCII byte, `<0x20>` for the others; `<id N>` for ids of no byte."""
        return [_written(self.bytes[id]) if id in self.bytes else numbered([id])[0] for id in ids]


def masked(ids: Sequence[int]) -> Encoded:
    """Ids that all count."""
    return {"input_ids": list(ids), "attention_mask": [1] * len(ids)}


def numbered(ids: Sequence[int]) -> list[str]:
    """`<id N>` for ids of which nobody said what they stand for."""
    return [f"<id {id}>" for id in ids]


def _written(byte: int) -> str:
    return chr(byte) if 0x21 <= byte <= 0x7E else f"<0x{byte:02X}>"


class OwnTokenizer:
    """The tokenizer that lies beside a checkpoint."""

    notes: tuple[str, ...] = ()

    def __init__(self, folder: Path, config: PreTrainedConfig) -> None:
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, config=config, local_files_only=True)
        except Exception as error:
            raise HfreaderError(f"the tokenizer in {folder} cannot be read: {one_line(error)}") from error
        self.description = f"the checkpoint's own tokenizer ({type(self.tokenizer).__name__})"

    def encode(self, text: str, pair: str | None = None) -> Encoded:
        """All that the tokenizer returns for a text, or for two together."""
        return {name: list(row) for name, row in self.tokenizer(text, pair).items()}

    def show(self, ids: Sequence[int]) -> list[str]:
        """The tokens as the tokenizer writes them."""
        return [str(token) for token in self.tokenizer.convert_ids_to_tokens(list(ids))]


def tokenizer_for(config: PreTrainedConfig, folder: Path | None) -> ByteTokenizer | OwnTokenizer:
    """The checkpoint's tokenizer where it has one, otherwise bytes."""
    if folder is not None and any((folder / name).is_file() for name in TOKENIZER_FILES):
        return OwnTokenizer(folder, config)
    return ByteTokenizer(vocabulary_size(config), special_ids(config))


def vocabulary_size(config: PreTrainedConfig) -> int:
    """The number of ids a text model knows; HfreaderError where the configuration has no vocabulary."""
    for _, each in all_parts(config):
        size = getattr(each, "vocab_size", None)
        if isinstance(size, int) and size > 0:
            return size
    raise HfreaderError(f"{type(config).__name__} has no vocabulary: it reads no text")


def special_ids(config: PreTrainedConfig) -> set[int]:
    """The ids that fields such as `pad_token_id` give a meaning of their own, nested configurations included."""
    found: set[int] = set()
    for _, each in all_parts(config):
        for name, value in vars(each).items():
            if name.endswith(SPECIAL):
                found.update(id for id in (value if isinstance(value, list) else [value]) if isinstance(id, int))
    return found


def token_facts(ids: Sequence[int], texts: Sequence[str]) -> tuple[TokenFact, ...]:
    """Position, id and text of each token of a sequence."""
    return tuple(TokenFact(position, id, text) for position, (id, text) in enumerate(zip(ids, texts, strict=True)))

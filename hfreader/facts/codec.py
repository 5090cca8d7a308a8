"""Facts to JSON and back."""

import secrets
from pathlib import Path
from typing import TypeVar

import msgspec

from hfreader.errors import HfreaderError

Record = TypeVar("Record")


def to_json(record: object) -> bytes:
    """Compact JSON of any record or container of records."""
    return msgspec.json.encode(record)


def from_json(data: bytes, record: type[Record]) -> Record:
    """The record that `data` describes; HfreaderError where the data does not fit its type."""
    try:
        return msgspec.json.decode(data, type=record)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise HfreaderError(f"not a valid {record}: {error}") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` so that a reader sees the old file or the whole new one, also after a kill."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

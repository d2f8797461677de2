"""A file's bytes as they pass by: counted, hashed, and never more of them than the settings allow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from popbase.intake.manifest import Refusal

CHUNK = 1024**2  # fits the processor's cache, so that hashing and counting share one trip to memory


class BrokenError(Exception):
    """The bytes are not what name and format promise; the text goes on after the file's name."""


class Meter:
    """Its chunks can be taken by one reader and the rest by another."""

    def __init__(self, stream: BinaryIO, name: str, limit: int) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._stream = stream
        self._name = name
        self._limit = limit

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._stream.read(CHUNK):
            self.size += len(chunk)
            within(self._limit, self.size, name=self._name)
            self._digest.update(chunk)
            yield chunk

    def drain(self) -> None:
        for _ in self:
            pass


def within(limit: int, size: int, *, name: str) -> None:
    if size > limit:
        raise Refusal("file.too_large", f"'{name}' holds more than {limit} bytes, the limit for it.")

"""What every store of files can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class FileInfo:
    """`path` is below the store's root."""

    path: str
    size: int
    modified: datetime


class Store(Protocol):
    """Files by their paths below the root, with `/`; `folder` may be the root itself, ''."""

    def folders(self, folder: str) -> list[str]:
        """Names of the folders directly below this one; none where it does not exist."""

    def files(self, folder: str) -> Iterator[FileInfo]:
        """All files below it, however deep, in no order; without those whose names hide them on a disk."""

    def drafts(self, folder: str) -> Iterator[FileInfo]:
        """Files below it that a run began and was killed over."""

    def open(self, path: str) -> BinaryIO:
        """For reading, with `seek`."""

    def read(self, path: str) -> bytes:
        """All of a file."""

    def create(self, path: str, content: bytes) -> bool:
        """All of the file at once, or False where the path is taken; durable when it returns."""

    def write(self, path: str, content: bytes) -> None:
        """All of the file at once, in place of what stood there."""

    def delete(self, paths: Iterable[str]) -> None:
        """Those that there are."""


def owner(path: str) -> str:
    """The table that a data file belongs to; of other files the area and what follows."""
    return "/".join(path.split("/")[:2])

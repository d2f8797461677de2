"""The landing folder: which deliveries have arrived (design section 4).

<landing>/<feed>/<region>/<business_date>/<delivery_no>/manifest.json
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from popbase.errors import StorageError

MANIFEST = "manifest.json"

REGION = re.compile(r"[0-9]{6}")
# Before 1949 there was no such department: the year is mistyped.
DATE = re.compile(r"(19(49|[5-9][0-9])|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"[0-9]{3,9}")  # ten digits would not fit the ledger's int


@dataclass(frozen=True)
class Place:
    """Where one delivery lies, as its folders' names say."""

    feed: str
    region: str
    business_date: date
    delivery_no: int
    folder: Path

    @property
    def identity(self) -> tuple[str, date, int]:
        return self.region, self.business_date, self.delivery_no


@dataclass(frozen=True)
class Landed:
    """What lies in a feed's folder: `places` in the order of region, date and number; `strays`: folders that
    no night will judge, for they hold a manifest and are no delivery, or may not be looked into.

    The senders of strays think that they have delivered, so the night's report counts them.
    """

    places: tuple[Place, ...]
    strays: tuple[Path, ...]


class ClosedError(StorageError):
    """A sender's folder or file that may not be read: it waits, and the rest of the night does not."""


def landed(landing: Path, feed: str, until: date) -> Landed:
    """The feed's complete deliveries of business dates up to `until`, and what else it was sent."""
    if not landing.is_dir():
        # A share that is not mounted must not look like a night without deliveries.
        raise StorageError(f"There is no landing folder '{landing}'; is its share mounted?")
    root = str(landing / feed)
    complete, strays = _complete_folders(root)
    places: dict[tuple[str, date, int], Place] = {}
    # '001' and '0001' are one number: the shorter name is the delivery, the other a stray.
    for folder in sorted(complete, key=len):
        place = _place(feed, folder, folder[len(root) + 1 :].split("/"))
        if place is None or place.identity in places:
            strays.append(folder)
        else:
            places[place.identity] = place
    due = sorted(identity for identity in places if identity[1] <= until)
    return Landed(tuple(places[identity] for identity in due), tuple(Path(f) for f in sorted(strays)))


def size(place: Place) -> int:
    """Bytes of the delivery's files; zero where they cannot be looked at."""
    try:
        with os.scandir(place.folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    except OSError:
        return 0


def unreadable(path: Path | str, error: OSError) -> StorageError:
    """What to raise where the landing could not be read."""
    kind = ClosedError if error.errno in (errno.EACCES, errno.EPERM) else StorageError
    return kind(f"'{path}' could not be read: {error.strerror}.")


def _complete_folders(root: str) -> tuple[list[str], list[str]]:
    """Folders with a manifest, down to the deliveries', and those named like a region's or a day's that may
    not be looked into; others such as `lost+found` are nobody's."""
    closed: list[str] = []
    regions = _folders(root)
    days = _open_folders(regions, REGION, closed)
    numbers = _open_folders(days, DATE, closed)
    above = [folder for folder in (root, *regions, *days) if _is_complete(folder)]
    return above + [folder for folder in numbers if _is_complete(folder, unseen=True)], closed


def _open_folders(folders: Sequence[str], name: re.Pattern[str], closed: list[str]) -> list[str]:
    """What is in the folders; those of that name which may not be looked into are added to `closed`."""
    found = []
    for folder in folders:
        try:
            found += _folders(folder)
        except ClosedError:
            closed += [folder] if name.fullmatch(Path(folder).name) else []
    return found


def _folders(folder: str) -> list[str]:
    """Sub-folders; a linked one counts here, so that its delivery is rejected rather than overlooked.

    Paths are plain strings: a landing of years has a hundred thousand folders, and Path objects cost most.
    """
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if _is_folder(entry)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable(folder, error) from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_complete(folder: str, *, unseen: bool = False) -> bool:
    """Whether the manifest, which arrives last, is there; `unseen` is said where we may not look."""
    try:
        os.lstat(f"{folder}/{MANIFEST}")
    except PermissionError:
        return unseen
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(folder, error) from error
    return True


def _place(feed: str, folder: str, parts: Sequence[str]) -> Place | None:
    named = len(parts) == 3 and all(
        n.fullmatch(p) for n, p in zip((REGION, DATE, NUMBER), parts, strict=True)
    )
    with suppress(ValueError):  # such as 2015-02-30
        if named and int(parts[2]) >= 1:
            return Place(feed, parts[0], date.fromisoformat(parts[1]), int(parts[2]), Path(folder))
    return None

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
from datetime import date, datetime
from pathlib import Path

from popbase.errors import StorageError
from popbase.intake.sender_folder import SenderFolder, folder_at
from popbase.storage import Bucket, is_s3

MANIFEST = "manifest.json"
_DEPTH = 2  # slashes in a delivery's folder below its feed's

REGION = re.compile(r"[0-9]{6}")
# Before 1949 there was no such department: the year is mistyped.
DATE = re.compile(r"(19(49|[5-9][0-9])|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"[0-9]{3,9}")  # ten digits would not fit the ledger's int


@dataclass(frozen=True)
class Place:
    """Where one delivery lies, as its folders' names say.

    `written`: when its manifest was, by the store's own clock; None on a disk, where senders can choose it.
    """

    feed: str
    region: str
    business_date: date
    delivery_no: int
    folder: SenderFolder
    written: datetime | None = None

    @property
    def identity(self) -> tuple[str, date, int]:
        return self.region, self.business_date, self.delivery_no


@dataclass(frozen=True)
class Landed:
    """What lies in a feed's folder: `places` in the order of region, date and number; `strays`: folders below
    it that no night will judge, for they hold a manifest and are no delivery, or may not be looked into.

    The senders of strays think that they have delivered, so the night's report counts them.
    """

    places: tuple[Place, ...]
    strays: tuple[str, ...]


class ClosedError(StorageError):
    """A sender's folder or file that may not be read: it waits, and the rest of the night does not."""


def landed(landing: str | Path, feed: str, until: date) -> Landed:
    """The feed's complete deliveries of business dates up to `until`, and what else it was sent."""
    complete, strays = _in_bucket(str(landing), feed) if is_s3(landing) else _on_disk(Path(landing), feed)
    places: dict[tuple[str, date, int], Place] = {}
    # '001' and '0001' are one number: the shorter name is the delivery, the other a stray.
    for folder in sorted(complete, key=len):
        place = _place(landing, feed, folder, complete[folder])
        if place is None or place.identity in places:
            strays.append(folder)
        else:
            places[place.identity] = place
    due = sorted(identity for identity in places if identity[1] <= until)
    return Landed(tuple(places[identity] for identity in due), tuple(sorted(strays)))


def size(place: Place) -> int:
    """Bytes of the delivery's files; zero where they cannot be looked at."""
    try:
        return sum(found.size for found in place.folder.listing().values())
    except OSError:
        return 0


def unreadable(path: Path | str, error: OSError) -> StorageError:
    """What to raise where the landing could not be read."""
    kind = ClosedError if error.errno in (errno.EACCES, errno.EPERM) else StorageError
    return kind(f"'{path}' could not be read: {error.strerror}.")


# Folders below a feed's that hold a manifest, each with when that was written where the store knows; and
# those that may not be looked into.
_Complete = tuple[dict[str, datetime | None], list[str]]


def _in_bucket(landing: str, feed: str) -> _Complete:
    """By one listing of all that the feed sent: in S3 a walk from folder to folder asks once for each."""
    bucket = Bucket(landing)
    try:
        if not bucket.folders(""):
            # A wrong address must not look like a night without deliveries.
            raise StorageError(f"There is nothing in the landing '{landing}'; is it the right place?")
        written = {file.path.removeprefix(f"{feed}/"): file.modified for file in bucket.files(feed)}
    except OSError as error:
        raise unreadable(f"{landing}/{feed}", error) from error
    folders = {path.rpartition("/")[0]: when for path, when in written.items() if _is_manifest(path)}
    return {folder: when for folder, when in folders.items() if folder.count("/") <= _DEPTH}, []


def _is_manifest(path: str) -> bool:
    return path.rpartition("/")[2] == MANIFEST


def _on_disk(landing: Path, feed: str) -> _Complete:
    if not landing.is_dir():
        # A share that is not mounted must not look like a night without deliveries.
        raise StorageError(f"There is no landing folder '{landing}'; is its share mounted?")
    root = str(landing / feed)
    complete, closed = _complete_folders(root)
    return {folder[len(root) + 1 :]: None for folder in complete}, [f[len(root) + 1 :] for f in closed]


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


def _place(landing: str | Path, feed: str, folder: str, written: datetime | None) -> Place | None:
    parts = folder.split("/")
    named = len(parts) == 3 and all(
        n.fullmatch(p) for n, p in zip((REGION, DATE, NUMBER), parts, strict=True)
    )
    with suppress(ValueError):  # such as 2015-02-30
        if named and int(parts[2]) >= 1:
            business_date, at = date.fromisoformat(parts[1]), folder_at(landing, f"{feed}/{folder}")
            return Place(feed, parts[0], business_date, int(parts[2]), at, written)
    return None

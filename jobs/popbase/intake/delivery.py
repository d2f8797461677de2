"""A delivery as a whole, judged before any of its rows (design section 4).

The reasons are tried in the design's order, each over all files before the next; the first that holds counts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from popbase.contracts import OP_COLUMN, Contract
from popbase.intake import files
from popbase.intake.files import Reading, SourceFile
from popbase.intake.landing import MANIFEST, Place, unreadable
from popbase.intake.manifest import Manifest, Refusal, harmless, manifest_bytes, parse, refuse
from popbase.intake.meter import within
from popbase.intake.sender_folder import Found, SenderFolder
from popbase.settings import Settings

__all__ = ["Received", "Rejected", "SourceFile", "receive"]

HIDDEN = (".", "_")
# Hadoop takes such a file for one that is still being copied.
UNFINISHED = "._COPYING_"
NAMED = 20  # unknown columns, or bureaus taken over, that the run report names


@dataclass(frozen=True)
class Received:
    """A delivery whose rows can be judged."""

    place: Place
    kind: str
    contract: Contract
    manifest_sha256: str
    replaces_regions: tuple[str, ...]
    files: tuple[SourceFile, ...]
    warnings: tuple[str, ...]

    def stands(self) -> bool:
        """Whether its files are still those that were checked: nobody vouches for others."""
        return all(file.stands() for file in self.files)


@dataclass(frozen=True)
class Rejected:
    """A delivery of which nothing is used; `detail` is a sentence for its sender, without any value."""

    place: Place
    kind: str
    contract_version: str
    manifest_sha256: str
    reason: str
    detail: str


def receive(place: Place, contract: Contract | None, settings: Settings) -> Received | Rejected:
    """Judges the delivery at `place` by its feed's contract; StorageError where the landing fails us."""
    data = manifest_bytes(place.folder)
    digest = hashlib.sha256(data).hexdigest()
    kind = version = ""
    try:
        manifest = parse(data)
        kind, version = manifest.kind, harmless(manifest.contract_version)
        return _received(place, manifest, digest, _known(contract, manifest, place), settings)
    except Refusal as refusal:
        return Rejected(place, kind, version, digest, refusal.reason, refusal.detail)


def _received(
    place: Place, manifest: Manifest, digest: str, contract: Contract, settings: Settings
) -> Received:
    _check_folder(place.folder, manifest, settings)
    readings = [files.read(place.folder, entry, settings) for entry in manifest.files]
    _check_bytes(readings)
    _check_columns(readings, contract, manifest.kind)
    _check_rows(readings)
    return Received(
        place=place,
        kind=manifest.kind,
        contract=contract,
        manifest_sha256=digest,
        replaces_regions=tuple(dict.fromkeys(manifest.replaces_regions)),
        files=tuple(reading.source for reading in readings),
        warnings=tuple(_warnings(readings, _columns(contract, manifest.kind))),
    )


def _known(contract: Contract | None, manifest: Manifest, place: Place) -> Contract:
    """The contract to judge by, if the manifest is one we understand, in its place and of its time."""
    if manifest.manifest_version != 1:
        raise Refusal("manifest.version", f"{MANIFEST} has a manifest_version other than 1.")
    names = ("feed", "region", "business_date", "delivery_no")
    odd = [name for name in names if getattr(manifest, name) != getattr(place, name)]
    if odd:
        raise Refusal("manifest.path", f"{MANIFEST} and the folder's path differ in {', '.join(odd)}.")
    if contract is None:
        raise Refusal("contract.version", f"The feed '{place.feed}' has no contract.")
    if manifest.contract_version != contract.version:
        wrong = f"made for '{manifest.contract_version}' of the contract, which stands at {contract.version}"
        raise Refusal("contract.version", f"The delivery is {wrong}.")
    prepared_on = manifest.prepared_at.date()
    if manifest.business_date > prepared_on:
        ahead = f"{manifest.business_date} had not come when it was prepared, on {prepared_on} (+08:00)"
        raise Refusal("date.future", f"The business date {ahead}.")
    return contract


def _check_folder(folder: SenderFolder, manifest: Manifest, settings: Settings) -> None:
    """What can be said of the files without opening them."""
    names = [entry.name for entry in manifest.files]
    refuse("file.outside", (f"'{n}' is not a plain file name." for n in names if _is_outside(n)))
    told = (f"The folder '{name}' is a link; send into the folder itself." for name in folder.links())
    refuse("file.link", told)
    found = _listing(folder)
    links = (n for n in names if n in found and found[n].kind == "link")
    refuse("file.link", (f"'{n}' is a link; send the file itself." for n in links))
    absent = (n for n in names if n not in found or found[n].kind != "file")
    refuse("file.missing", (f"'{n}' is missing or no regular file." for n in absent))
    extra = sorted(n for n in set(found) - {*names, MANIFEST} if not n.startswith(HIDDEN))
    refuse("file.extra", (f"'{n}' is not listed in {MANIFEST}." for n in extra))
    for name in names:
        within(settings.max_file_bytes, found[name].size, name=name)


def _is_outside(name: str) -> bool:
    """A path, a drive, a name that the system would cut short, or one that Spark skips."""
    return (
        name.startswith(HIDDEN)
        or name.endswith(UNFINISHED)
        or any(mark in name for mark in ("/", "\\", ":", "\0"))
    )


def _listing(folder: SenderFolder) -> dict[str, Found]:
    try:
        return folder.listing()
    except OSError as error:
        raise unreadable(folder.url(""), error) from error


def _check_bytes(readings: Sequence[Reading]) -> None:
    for r in readings:
        if r.size != r.entry.bytes:
            sizes = f"{r.size} bytes, {MANIFEST} says {r.entry.bytes}"
            raise Refusal("file.bytes", f"'{r.entry.name}' has {sizes}.")
    altered = (r.entry.name for r in readings if r.sha256 != r.entry.sha256)
    refuse("file.checksum", (f"'{n}' has another SHA-256 than {MANIFEST} says." for n in altered))
    refuse("file.unreadable", (r.fault for r in readings if r.fault))


def _check_columns(readings: Sequence[Reading], contract: Contract, kind: str) -> None:
    columns = _columns(contract, kind)
    twice = ((r.entry.name, c) for r in readings for c in columns if _is_twice(c, r.source))
    refuse("file.unreadable", (f"'{name}' has the column '{column}' twice." for name, column in twice))
    required = [*contract.required_headers, *columns[len(contract.fields) :]]
    missing = ((r.entry.name, [c for c in required if c not in r.source.header]) for r in readings)
    refuse("column.missing", (f"'{name}' lacks {', '.join(lost)}." for name, lost in missing if lost))


def _is_twice(column: str, source: SourceFile) -> bool:
    if source.format == "csv":
        return source.header.count(column) > 1
    # Spark finds Parquet columns whatever their letters' case, and stops at two for one name.
    return column in source.header and [h.lower() for h in source.header].count(column.lower()) > 1


def _check_rows(readings: Sequence[Reading]) -> None:
    for r in readings:
        if r.source.rows != r.entry.rows:
            rows = f"{r.source.rows} rows, {MANIFEST} says {r.entry.rows}"
            raise Refusal("file.rows", f"'{r.entry.name}' has {rows}.")


def _columns(contract: Contract, kind: str) -> list[str]:
    """The headers that mean something: in a snapshot the operation's is a column like any unknown one."""
    return [f.header for f in contract.fields] + [OP_COLUMN] * (kind == "changes")


def _warnings(readings: Iterable[Reading], known: Sequence[str]) -> list[str]:
    """One line a column that the contract does not know, with the number of files that carry it."""
    unknown = Counter(name for r in readings for name in dict.fromkeys(r.source.header) if name not in known)
    lines = [f"column.unknown: '{harmless(name)[:64]}' in {n} file(s)" for name, n in unknown.items()]
    return lines[:NAMED] + [f"column.unknown: {len(lines) - NAMED} more"] * (len(lines) > NAMED)

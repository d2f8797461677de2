"""The manifest: what a sender says of a delivery, judged strictly (design section 4)."""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from popbase.clock import ZONE
from popbase.intake.landing import DATE, MANIFEST, Place, unreadable
from popbase.intake.sender_folder import SenderFolder

LARGEST = 8 * 1024**2  # bytes: some 40,000 files; more is not a manifest

# What the system says of a name at which no regular file stands; every other error is the storage's.
ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ENXIO, errno.EISDIR})

INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class Refusal(Exception):  # noqa: N818 - a judgment on a delivery, no failure of ours
    """The delivery is rejected: the design's reason, and one sentence for its sender."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = harmless(detail)


def refuse(reason: str, details: Iterable[str]) -> None:
    """Raises the first of the faults, if there is one."""
    for detail in details:
        raise Refusal(reason, detail)


def harmless(text: str) -> str:
    """A sender's words fit for a log: no line breaks, nothing endless, nothing like a citizen's number."""
    printable = "".join(c if c.isprintable() else "�" for c in text[:600])
    return re.sub(r"\d{15,}[Xx]?", "…", printable)


def _date(value: Any) -> date:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise ValueError("not a date YYYY-MM-DD")
    return date.fromisoformat(value)


def _instant(value: Any) -> datetime:
    """The instant in +08:00; an offset that leads out of the calendar is no instant either."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        raise ValueError("not a date and time with an offset, such as 2016-01-01T01:12:00+08:00")
    try:
        return datetime.fromisoformat(value).astimezone(ZONE)
    except OverflowError:
        raise ValueError("outside the calendar") from None


def _unicode(value: str) -> str:
    """JSON can write half a character (`\\ud800`), which no table and no file name can hold."""
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("not a text in Unicode")
    return value


Text = Annotated[str, AfterValidator(_unicode)]
Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Entry(_Strict):
    """One file as the sender describes it."""

    name: Annotated[Text, StringConstraints(min_length=1)]
    format: Literal["csv", "parquet"]
    encoding: Literal["UTF-8", "GB18030"]
    bytes: Count
    rows: Count
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$", to_lower=True)]


class Manifest(_Strict):
    """A delivery as its sender describes it; unknown further fields are of no concern."""

    manifest_version: int
    feed: Text
    contract_version: Text
    region: Region
    business_date: Annotated[date, BeforeValidator(_date)]
    delivery_no: Annotated[int, Field(ge=1)]
    kind: Literal["snapshot", "changes"]
    prepared_at: Annotated[datetime, BeforeValidator(_instant)]
    # More than all bureaus of a province: nobody takes over so many.
    replaces_regions: list[Region] = Field(default_factory=list, max_length=1000)
    files: list[Entry]


def manifest_bytes(folder: SenderFolder) -> bytes:
    """The manifest as it lies there, cut one byte past the limit; empty when it is no regular file."""
    try:
        with folder.open(MANIFEST).stream as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        if error.errno in ABSENT or error.errno == errno.ELOOP:
            return b""
        raise unreadable(folder.url(MANIFEST), error) from error


def parse(data: bytes) -> Manifest:
    """The manifest's content; raises the Refusal `manifest.unreadable`."""
    if not data:
        _unreadable("is empty, a link or no regular file")
    if len(data) > LARGEST:
        _unreadable(f"has more than {LARGEST} bytes")
    try:
        content = json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError):
        _unreadable("is not JSON in UTF-8 without BOM, each key once in its object")
    if not isinstance(content, dict):
        _unreadable("is not a JSON object")
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        _unreadable(_first_fault(error))
    names = Counter(entry.name for entry in manifest.files)
    refuse("manifest.unreadable", (f"{MANIFEST} lists '{n}' twice." for n in names if names[n] > 1))
    return manifest


def changed(place: Place, judged_sha256: str, *, accepted: bool) -> bool:
    """Whether the manifest is another one than that which was judged, or a file of an accepted delivery is no
    longer as long as that says; a manifest that is gone is none."""
    data = manifest_bytes(place.folder)
    if not data:
        return False
    if hashlib.sha256(data).hexdigest() != judged_sha256:
        return True
    return accepted and _is_of_other_length(place.folder, parse(data))


def _is_of_other_length(folder: SenderFolder, manifest: Manifest) -> bool:
    try:
        there = folder.listing()
    except OSError as error:
        raise unreadable(folder.url(MANIFEST), error) from error
    return any(file.name not in there or there[file.name].size != file.bytes for file in manifest.files)


def _unreadable(what: str) -> NoReturn:
    raise Refusal("manifest.unreadable", f"{MANIFEST} {what}.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _first_fault(error: ValidationError) -> str:
    """Where and why, without the value: nobody knows what a broken sender wrote there."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in fault["loc"])
    return f"is wrong at '{where}': {fault['msg']}"

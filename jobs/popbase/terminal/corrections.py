"""The commands that correct: deliveries withdrawn or judged anew, records erased, readers taken back; and
what differs."""
# ruff: noqa: PLC0415 - `popbase --help` answers at once: a command imports what it needs

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popbase.errors import GateError, UsageError
from popbase.options import Json, Lake, Landing, OneFeed, date_option, settings

if TYPE_CHECKING:
    from popbase.publish.diff import Diff
    from popbase.rebuild import Rebuilt

_MOST = 40
_NEXT = "The next night, or 'popbase night --date D', corrects the tables."


def withdraw(
    delivery: Annotated[str, typer.Argument(help="Its folder, such as tax/330100/2015-12-31/001.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")],
    lake: Lake = None,
) -> None:
    """Use nothing of an accepted delivery any more.

    What it replaced counts again. It stays in the ledger as withdrawn, with the reason, and cannot come back:
    its sender delivers again under a higher number."""
    from popbase.intake.again import Named, withdraw
    from popbase.terminal import questions

    named = Named.of(delivery)
    questions.known_feed(named.feed)
    withdraw(settings(lake=lake).lake, named, reason)
    typer.echo(f"{named} is withdrawn. {_NEXT}")


def rejudge(
    delivery: Annotated[
        str | None, typer.Argument(help="Its folder, such as tax/330100/2015-12-31/001.")
    ] = None,
    feed: OneFeed = None,
    as_json: Json = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """Judge a delivery again, or all of a feed, after its contract was mended."""
    from functools import partial

    from popbase.intake.again import Named, rejudge
    from popbase.lake import Lake as Tables
    from popbase.session import spark_session
    from popbase.terminal import questions, show

    if (delivery is None) == (feed is None):
        raise UsageError("'popbase rejudge' takes either a delivery or --feed.")
    chosen = settings(landing, lake)
    named = Named.of(delivery) if delivery else None
    tables = Tables(partial(spark_session, chosen), chosen.lake)
    judged, left = rejudge(tables, chosen, named.feed if named else questions.known_feed(str(feed)), named)
    found = questions.listed_deliveries(judged)
    if as_json:
        show.document({"judged": found, "left": left})
        return
    show.dicts(questions.in_short(found), "table", most=_MOST, nothing="Nothing was judged again.")
    _show_left(left)
    if found:
        typer.echo(_NEXT)


def rebuild(
    *,
    first: Annotated[
        date | None, date_option("--from", about="Judge again what is of this business date or later.")
    ] = None,
    as_json: Json = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """Judge every delivery in the landing again, make all tables anew, publish, show what differs.

    What is withdrawn stays so; what is gone from the landing stays as it was judged."""
    from popbase.rebuild import rebuild
    from popbase.terminal.runs import progress_of, show_night

    chosen, progress = settings(landing, lake), progress_of(silent=as_json)
    rebuilt = rebuild(chosen, since=first or date.min, progress=progress)
    if as_json:
        _document(rebuilt)
        return
    show_night(rebuilt.report, as_json)
    _show_left(rebuilt.left)
    if rebuilt.diff:
        show_diff(rebuilt.diff)


def _document(rebuilt: Rebuilt) -> None:
    from popbase.publish import report_page, run_report
    from popbase.terminal import show

    told = json.loads(run_report.to_json(rebuilt.report))
    differs = diff_document(rebuilt.diff) if rebuilt.diff else None
    show.document({"report": told, "left": rebuilt.left, "diff": differs})
    if rebuilt.report.outcome == "held":
        raise GateError(report_page.explained(rebuilt.report))


def _show_left(left: Sequence[str]) -> None:
    for name in left[:_MOST]:
        typer.echo(f"left as it is, for it is gone or changed, or of another contract version: {name}")
    if len(left) > _MOST:
        typer.echo(f"and {len(left) - _MOST} more; --json has all of them")


def erase(
    feed: Annotated[str, typer.Argument(help="The feed, by its contract's name.")],
    region: Annotated[str, typer.Argument(help="The bureau that delivered the record, 6 digits.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")],
    as_json: Json = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """Erase a withdrawn record from all that is kept; its key is read from standard input.

    The key's fields are joined by '|'. Kept publications are issued again without the record, and deliveries
    that carried it leave the landing. Its department must have deleted it: what it delivers anew is taken in.
    A record that moved with its bureau is erased at each."""
    from popbase import contracts
    from popbase.publish.cut import Record
    from popbase.publish.erasure import erase
    from popbase.terminal import questions, show

    contract = contracts.feed(questions.known_feed(feed))
    if sys.stdin.isatty():
        typer.echo("The record's key: ", nl=False, err=True)
    key = sys.stdin.readline().strip()  # an argument would stand in the shell's history and in ps
    if not key:
        raise UsageError("Write the record's key to standard input.")
    told = erase(settings(landing, lake), Record(contract, region, key), reason)
    if as_json:
        show.document(asdict(told))
        return
    typer.echo(
        f"Erased: {told.rows} rows of {len(told.deliveries)} deliveries, {told.landing_folders} folders of "
        f"the landing; {len(told.publications)} publications are issued again. {_NEXT}"
    )


def rollback(
    publication: Annotated[int, typer.Argument(help="The publication that readers shall see again.")],
    lake: Lake = None,
) -> None:
    """Take readers back to an earlier publication.

    The nights go on but are held: until a delivery behind what was rolled back is withdrawn (popbase
    withdraw), or it is accepted (popbase publish --date D --accept rollback)."""
    from importlib.metadata import version

    from popbase import clock
    from popbase.lease import BASE, leased
    from popbase.publish.publication import Publications

    root = settings(lake=lake).lake
    with leased(root, BASE):
        made = Publications(root).rollback(publication, at=clock.now(), code_version=version("popbase"))
    typer.echo(f"Readers see publication {made.seq}: the tables of {publication}, for {made.business_date}.")


def diff(
    before: Annotated[int, typer.Argument(help="A publication.")],
    after: Annotated[int, typer.Argument(help="A later one.")],
    as_json: Json = False,
    lake: Lake = None,
) -> None:
    """What differs between two publications, and which deliveries made it so."""
    from popbase.publish.diff import diff
    from popbase.publish.publication import Publications
    from popbase.terminal import show

    root = settings(lake=lake).lake
    everything = Publications(root)
    found = diff(root, everything.get(before), everything.get(after))
    if as_json:
        show.document(diff_document(found))
    else:
        show_diff(found)


def diff_document(found: Diff) -> dict[str, Any]:
    told = {"came": found.came, "gone": found.gone}
    deliveries = {sign: [ref.model_dump() for ref in refs] for sign, refs in told.items()}
    return {"tables": [asdict(table) for table in found.tables], **deliveries}


def show_diff(found: Diff) -> None:
    from popbase.terminal import show

    show.dicts([asdict(t) for t in found.tables], "table", most=100, nothing="No table differs.")
    for sign, refs in {"came": found.came, "gone": found.gone}.items():
        for ref in refs[:_MOST]:
            typer.echo(f"{sign} {ref.feed}/{ref.region}/{ref.business_date}/{ref.delivery_no:03d}")
        if len(refs) > _MOST:
            typer.echo(f"{sign} {len(refs) - _MOST} more; --json has all of them")


CORRECTIONS: dict[str, Callable[..., None]] = {
    "withdraw": withdraw,
    "rejudge": rejudge,
    "rebuild": rebuild,
    "erase": erase,
    "rollback": rollback,
    "diff": diff,
}

"""`popbase cases`: what people must decide, looked into and decided. None of it starts a JVM."""
# ruff: noqa: PLC0415 - `popbase --help` answers at once: a command imports what it needs

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popbase.errors import UsageError
from popbase.options import Date, Json, Lake, Landing, Limit, date_option, new_file, settings

if TYPE_CHECKING:
    from popbase.workbench.cases import Case, CaseFile, Rows

cases = typer.Typer(
    help="Findings about numbers that people must decide.", invoke_without_command=True, rich_markup_mode=None
)

Kind = Annotated[str | None, typer.Option(help="Only cases of this kind.")]
Region = Annotated[str | None, typer.Option(help="Only with records of this bureau, city or province.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Also names and numbers; who looked is written down.")]
Reason = Annotated[str | None, typer.Option(help="With --reveal: what for.")]
_HIDDEN = "--reveal --reason WHY shows names and numbers, and writes down who looked."


@cases.callback()
def listed(
    context: typer.Context,
    kind: Kind = None,
    region: Region = None,
    since: Annotated[
        date | None, date_option("--since", about="Only opened or closed on or after this date.")
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only cases that wait for a decision.")] = False,
    limit: Limit = 20,
    as_json: Json = False,
    lake: Lake = None,
) -> None:
    """Findings about numbers that people must decide; the last opened first."""
    if context.invoked_subcommand is not None:
        return
    from popbase.terminal import show
    from popbase.workbench.cases import CaseFile, Wanted, counted

    wanted = Wanted(kind=kind, status="open" if only_open else None, region=region, since=since)
    found = CaseFile(settings(lake=lake).lake).found(wanted)
    if not as_json and found:
        show.dicts(counted(found), "table", most=100, nothing="")
        show.console().print()
    show.dicts(found, "json" if as_json else "table", most=limit, nothing="No case.")


@cases.command("show")
def show_one(
    case_id: Annotated[str, typer.Argument(help="The case, or the first characters of its id.")],
    reveal: Reveal = False,
    reason: Reason = None,
    chart: Annotated[
        Path | None, typer.Option(help="Of a proposal: the weights drawn, as .svg, .png or .html.")
    ] = None,
    as_json: Json = False,
    lake: Lake = None,
) -> None:
    """One case: which fields agree, whose records they are, and with --reveal what these say.

    Of a proposal also what each field weighs."""
    from popbase.terminal import show
    from popbase.workbench.cases import CaseFile

    file = CaseFile(settings(lake=lake).lake)
    case = file.one(case_id)
    weights = _weights(case, chart)
    said = _revealed(file, [case], reason, "case shown") if reveal else []
    if as_json:
        told = {**case.facts, "evidence": case.evidence, "weights": weights, "records": case.records}
        show.document({**told, "revealed": said} if reveal else told)
        return
    for name, value in case.facts.items():
        if value is not None:
            show.console().print(f"{name:<12} {value}", markup=False)
    evidence = weights or [{"field": field, "records": verdict} for field, verdict in case.evidence.items()]
    for part in (evidence, case.records, said):
        if part:
            show.console().print()
            show.dicts(part, "table", most=100, nothing="")
    if not reveal:
        show.console().print(f"\n{_HIDDEN}", markup=False)


@cases.command()
def template(
    out: Annotated[Path, typer.Option(help="The table to fill in (CSV); it must not be there yet.")],
    kind: Kind = None,
    region: Region = None,
    reveal: Reveal = False,
    reason: Reason = None,
    lake: Lake = None,
) -> None:
    """A table with a row for each decision that open cases ask for.

    Fill in number, effective date and authority of what is decided; rows without a decision number are none.
    With --reveal the records' present numbers stand in it. 'popbase cases deliver' hands it in."""
    from popbase.workbench.cases import CaseFile, Wanted
    from popbase.workbench.decisions import ANSWERS, template

    new_file(out)
    file = CaseFile(settings(lake=lake).lake)
    found = file.found(Wanted(kind=kind, status="open", region=region))
    chosen = file.all([case["case_id"] for case in found if case["kind"] in ANSWERS])
    numbers = _revealed(file, chosen, reason, "decision template") if reveal else []
    by_ref = {f"{row['region']}/{row['record_no']}": row["citizen_id"] or "" for row in numbers}
    out.write_text(template(chosen, by_ref), encoding="utf-8-sig")
    others = len(found) - len(chosen)
    rest = f" Left out, as departments mend them and no decision does: {others}." if others else ""
    typer.echo(f"{out}: open cases {len(chosen)}.{rest}")


@cases.command()
def deliver(
    table: Annotated[Path, typer.Argument(help="The template, filled in.")],
    day: Date,
    region: Annotated[str, typer.Option(help="Who decided, as a division's code.")] = "000000",
    landing: Landing = None,
) -> None:
    """Put the decided rows of a template into the landing, as the next delivery of id_correction."""
    from popbase.workbench.decisions import deliver

    place, decided = deliver(table, settings(landing).landing, business_date=day, region=region)
    typer.echo(f"{place}: decisions {decided}. The night for {day} takes them in.")


def _weights(case: Case, chart: Path | None) -> Rows:
    """Of a proposal what each comparison adds, drawn if asked for."""
    if case.facts.get("match_weight") is None:
        if chart:
            raise UsageError("Only a proposal, of kind same_person or mistyped_number, has weights to draw.")
        return []
    from popbase.search.comparisons import QUESTIONS
    from popbase.search.model import stored
    from popbase.workbench.waterfall import draw, steps

    model = stored(QUESTIONS[case.facts["kind"]])
    told = steps(case, model)
    if chart:
        draw(told, model.threshold, chart)
    return [
        {"field": s.field, "records": s.verdict, "weight": f"{s.weight:+.2f}", "total": f"{s.total:.2f}"}
        for s in told
    ]


def _revealed(file: CaseFile, chosen: list[Case], reason: str | None, what: str) -> Rows:
    from popbase.workbench import audit

    subjects = [case.facts["case_id"] for case in chosen]
    audit.note(file.lake, what, subjects, reason=reason, publication=file.publication.seq)
    return file.revealed([ref for case in chosen for ref in case.refs])

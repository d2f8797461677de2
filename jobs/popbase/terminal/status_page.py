"""`popbase status` for people: three lines and what to do."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from popbase.publish.report_page import COLOURS, VERDICTS, step_line
from popbase.publish.wording import count


def show(found: dict[str, Any], console: Console) -> None:
    for line in (_readers(found), *_last_night(found), *_cases(found)):
        console.print(line)
    console.print()
    for step in found["next_steps"]:
        console.print(step_line(step))
    if found["last_night"] and not found["next_steps"]:
        console.print("Nothing to do.")


def _readers(found: dict[str, Any]) -> Text:
    p = found["publication"]
    if p is None:
        return Text("Readers see nothing yet.")
    made = f"business date {p['business_date']}, made {p['created_at']:%Y-%m-%d %H:%M}"
    back = f", a rollback to {p['of']}" if p["of"] else ""
    return Text.assemble("Readers see ", (f"publication {p['seq']}", "bold"), f": {made}{back}.")


def _last_night(found: dict[str, Any]) -> list[Text]:
    night = found["last_night"]
    if night is None:
        return [Text("No night has run yet; start one with popbase night --date D.")]
    verdict = (VERDICTS[night["outcome"]], f"bold {COLOURS[night['outcome']]}")
    why = f" {night['why']}" if night["why"] else ""
    ended = f"Last night: {night['business_date']}, ended {night['ended']:%Y-%m-%d %H:%M}, "
    late = f"{count(len(night['late']), 'sender')} late. Report: {night['report']}"
    return [Text.assemble(ended, verdict, f".{why}"), Text(late)]


def _cases(found: dict[str, Any]) -> list[Text]:
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in found["open_cases"].items())
    return [Text(f"Open cases: {kinds}.")] if kinds else []

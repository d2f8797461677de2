"""What is wrong with the numbers that sectors carry, over time: nobody's, somebody else's by the name, a dead
person's, or one that a decision replaced (design section 7).

Nearly all records are in order for as long as they stand. Those are told in one join by the number; only the
others are looked at date by date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.sector import in_role
from popbase.base.state import key_text
from popbase.contracts import Contract
from popbase.identity.histories import run_end, runs, up_to
from popbase.identity.rules import held17, number17, record_ref
from popbase.intake.normalise import match_name

NOT_IN_REGISTER, NAME_MISMATCH = "not_in_register", "name_mismatch"
DEAD_BUT_ACTIVE, FORMER_NUMBER = "dead_but_active", "former_number"
FINDINGS = (NOT_IN_REGISTER, NAME_MISMATCH, DEAD_BUT_ACTIVE, FORMER_NUMBER)

RECORD = ["feed", "region", "record_key"]
_FACTS = ["citizen_id", "name", "birth_date", "sex", "area", "register_record", "decision_no"]
COLUMNS = [*RECORD, "finding", *_FACTS, "valid_from", "valid_to"]

# Numbers from here on are those of Hong Kong, Macao and Taiwan residents and of foreigners, of whom the
# register need not know (domain 1).
_OTHERS = 8 * 10**16


def told(sectors: Iterable[tuple[Contract, DataFrame]]) -> DataFrame:
    """One row is what a version of a sector's record says of a person over [since, until), of all sectors.

    `sectors`: contracts and spans of `state.record_versions`. `active_since`, null where it never counts, and
    `active_until` say when it does (statistics section 8).
    """
    return reduce(DataFrame.unionByName, (_told(contract, spans) for contract, spans in sectors))


def findings(said: DataFrame, history: DataFrame, replaced: DataFrame, on: date) -> DataFrame:
    """One row is a finding about a sector's record over [valid_from, valid_to), as it is known on a date.

    `said`: rows of `told`; `history`: base/person_history, of the people who ever had these numbers at least;
    `replaced`: base/replaced_number, likewise.
    """
    asked = _doubtful(said, _held(history)).groupBy(*_SAID).agg(F.collect_list("answer").alias("answers"))
    known = asked.join(F.broadcast(_replaced(replaced)), "number17", how="left")
    moments = known.withColumn("moments", _moments()).select(
        "*", F.posexplode("moments").alias("at", "as_of")
    )
    here = moments.withColumns({
        "until": F.coalesce(F.get("moments", F.col("at") + 1), "until"),
        "holders": _at_moment("answers"),
        "gave": F.array_max(_at_moment("decisions")),
    })  # fmt: skip
    return _over_time(here.withColumns(_judged()).where("finding IS NOT NULL"), on)


_SAID = [*RECORD, "number17", "citizen_id", "name", "birth_date", "sex", "area", "since", "until",
         "active_since", "active_until"]  # fmt: skip


def _told(contract: Contract, spans: DataFrame) -> DataFrame:
    number = F.col(in_role(contract, "number").name)
    since, until = F.col("from_date"), F.coalesce("to_date", F.lit(date.max))
    begins = F.greatest(since, _dated(contract.active_from, otherwise=since))
    at = spans.withColumn("row__at", begins)
    counts = F.expr(contract.counts_on("row__at"))
    return at.where(number17(number).isNotNull()).select(
        F.lit(contract.feed).alias("feed"), "region", key_text(contract).alias("record_key"),
        number17(number).alias("number17"), number.alias("citizen_id"),
        F.col(in_role(contract, "name").name).alias("name"),
        *(_of_role(contract, role).alias(role) for role in ("birth_date", "sex", "area")),
        since.alias("since"), until.alias("until"),
        F.when(F.coalesce(counts, F.lit(False)), begins).alias("active_since"),
        F.coalesce(_dated(contract.active_until, otherwise=until), until).alias("active_until"),
    )  # fmt: skip


def _dated(sql: str | None, *, otherwise: Column) -> Column:
    return F.expr(sql) if sql else otherwise


def _of_role(contract: Contract, role: str) -> Column:
    field = contract.with_role(role)
    kind = "date" if role == "birth_date" else "string"
    return (F.col(field.name) if field else F.lit(None)).cast(kind)


def _held(history: DataFrame) -> DataFrame:
    """One row is a person who answers to a number over a time; a FORMER one does not."""
    return history.where("id_status IN ('UNIQUE', 'CONTESTED')").select(
        held17().alias("number17"),
        F.struct(
            F.col("valid_from").alias("from"),
            F.coalesce("valid_to", F.lit(date.max)).alias("to"),
            (F.col("id_status") == "CONTESTED").alias("is_contested"),
            match_name(F.col("name")).alias("called"),
            (F.col("status") == "DEAD").alias("is_dead"),
            record_ref().alias("record"),
        ).alias("answer"),
    )


def _doubtful(said: DataFrame, held: DataFrame) -> DataFrame:
    """The records' versions, each with every `answer` that its number had meanwhile; without those for which
    one living person of that name had it all the time.
    """
    meets = (F.col("since") < F.col("answer.to")) & (F.col("answer.from") < F.col("until"))
    asked = held.withColumnRenamed("number17", "asked")
    joined = said.join(asked, [F.col("number17") == F.col("asked"), meets], how="left")
    all_along = (F.col("answer.from") <= F.col("since")) & (F.col("answer.to") >= F.col("until"))
    living = ~F.col("answer.is_dead") | F.col("active_since").isNull()
    fine = all_along & ~F.col("answer.is_contested") & _is_called() & living
    return joined.where(~F.coalesce(fine, F.lit(False))).select(*_SAID, "answer")


def _is_called() -> Column:
    return match_name(F.col("name")) == F.col("answer.called")


def _replaced(replaced: DataFrame) -> DataFrame:
    """number17 and `decisions`, those that replaced it."""
    decision = F.struct(
        "effective_on", "decision_no", F.col("valid_from").alias("from"),
        F.coalesce("valid_to", F.lit(date.max)).alias("to"),
    )  # fmt: skip
    number = number17(F.col("old_citizen_id")).alias("number17")
    changed = replaced.where(number17(F.col("old_citizen_id")) != number17(F.col("new_citizen_id")))
    decided = changed.select(number, decision.alias("decision"))
    return decided.groupBy("number17").agg(F.collect_list("decision").alias("decisions"))


def _moments() -> Column:
    """The dates within a version's time on which anything about it begins or ends."""
    answers, decisions = (F.coalesce(name, F.array()) for name in ("answers", "decisions"))
    sides = [rows[side] for rows in (answers, decisions) for side in ("from", "to")]
    every = F.concat(F.array("since", "active_since", "active_until"), *sides)
    within = F.filter(every, lambda day: (day >= F.col("since")) & (day < F.col("until")))
    return F.array_sort(F.array_distinct(within))


def _at_moment(rows: str) -> Column:
    known = F.coalesce(F.col(rows), F.array())
    return F.filter(known, lambda row: (row["from"] <= F.col("as_of")) & (F.col("as_of") < row["to"]))


def _judged() -> dict[str, Column]:
    """What is wrong at a moment, null where nothing is: of a contested number there is a case already."""
    nobody, holder = F.size("holders") == 0, F.get("holders", F.lit(0))
    active = (F.col("active_since") <= F.col("as_of")) & (F.col("as_of") < F.col("active_until"))
    called = F.coalesce(match_name(F.col("name")) == holder["called"], F.lit(False))
    of_nobody = F.when(F.col("gave").isNotNull(), FORMER_NUMBER).when(
        F.col("number17") < _OTHERS, NOT_IN_REGISTER
    )
    of_holder = F.when(~called, NAME_MISMATCH).when(holder["is_dead"] & active, DEAD_BUT_ACTIVE)
    return {
        "finding": F.when(nobody, of_nobody).when(~holder["is_contested"], of_holder),
        "register_record": holder["record"],
        "decision_no": F.when(nobody, F.col("gave.decision_no")),
    }


def _over_time(judged: DataFrame, on: date) -> DataFrame:
    """Versions and answers that change nothing of a finding do not part it."""
    known = up_to(judged.select(*RECORD, "finding", *_FACTS, "as_of", "until"), on)
    facts = F.max(F.struct("as_of", *_FACTS)).alias("facts")
    return (
        runs(known, *RECORD, "finding", same=_FACTS)
        .groupBy(*RECORD, "finding", "turn")
        .agg(F.min("as_of").alias("valid_from"), run_end().alias("valid_to"), facts)
        .select("*", "facts.*")
        .select(*COLUMNS)
    )

"""Tables of why heparin works and of what can go wrong: one call each, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heparin_pk.base.result_table import Cell, Link, ResultTable, table
from heparin_pk.base.source import Source
from heparin_pk.blood import clotting
from heparin_pk.plot.gone_wrong import error_in_words
from heparin_pk.simulation.handover import Handover
from heparin_pk.simulation.platelets import SOURCES
from heparin_pk.teaching.before_starting import REACTIONS
from heparin_pk.teaching.hit import FOUR_TS, FOUR_TS_SOURCE, CountedDay, DiagnosticTest, Step
from heparin_pk.teaching.leaflet import Leaflet
from heparin_pk.teaching.misconceptions import Misconception
from heparin_pk.teaching.regrets import SIGNS, SPEAKS, associations
from heparin_pk.teaching.reversal import HOURLY_RULES, REBOUND, TABLES, Compared, Dose
from heparin_pk.teaching.reversal import REACTIONS as REACTIONS_TO_PROTAMINE
from heparin_pk.teaching.team import DIVISION, Duty, Item
from heparin_pk.trials.fault_arms import CheckedArm
from heparin_pk.ward.faults import CHECKS

__all__ = [
    "allergy",
    "arms",
    "checks",
    "counted",
    "documentation",
    "duties",
    "four_ts",
    "handover",
    "leaflet",
    "misconceptions",
    "plate",
    "platelet_sources",
    "protamine",
    "published_regrets",
    "reactions_to_protamine",
    "signs",
    "spread",
    "tests",
    "tube",
    "work_up",
]


def _link(source: Source) -> Link:
    address = f"https://doi.org/{source.doi}" if source.doi else source.url
    return Link(source.key.replace("_", " "), address)


def _seconds(found: float | None) -> str:
    return f"more than {clotting.LONGEST_S:g} s" if found is None or found > clotting.LONGEST_S else f"{found:.0f} s"


# Inside the tube


def tube(found: clotting.Report) -> ResultTable:
    """Return the aPTT of a plasma, without its heparin, and if heparin spared one enzyme."""
    rows = [("without heparin", _seconds(found.without.clotted_s)), ("with heparin", _seconds(found.tube.clotted_s))]
    rows += [
        (
            f"if heparin spared {name.replace('factor-xa', 'factor Xa').replace('factor-ixa', 'factor IXa')}",
            _seconds(one.clotted_s),
        )
        for name, one in found.spared.items()
    ]
    return table("When the tube clots", ("plasma", "aPTT"), rows, note=f"{clotting.LABEL}.")


def plate() -> ResultTable:
    """Return what each published network answers to the same questions, and what it cannot be asked."""
    found = clotting.plate.answers()
    rows: list[tuple[Cell, ...]] = []
    for level in (0.0, 0.3, 0.5, 1.0):
        place = clotting.plate.HEPARIN_U_PER_ML.index(level)
        rows.append((f"aPTT at {level:g} U/mL", *("–" if one.aptt_s is None else _seconds(one.aptt_s[place]) for one in found)))
    for name, several in (
        ("… at 0.5 U/mL and half the antithrombin", [one.half_antithrombin_s for one in found]),
        ("… at 0.5 U/mL and three times the factor VIII", [one.triple_factor_viii_s for one in found]),
    ):
        rows.append((name, *("–" if seconds is None else _seconds(seconds) for seconds in several)))
    rows.append(("thrombin peak left with 0.1 U/mL", *(one.peak_left_in_words or "–" for one in found)))
    rows.append(("source", *(_link(one.source) for one in found)))
    cannot = " ".join(f"{one.name}: {one.cannot}." for one in found if one.cannot)
    return table("Networks asked the same questions", ("question", *(one.name for one in found)), rows, note=cannot)


def misconceptions(*several: Misconception) -> ResultTable:
    """Return misconceptions: what is said, what is true, and what the package shows."""
    rows = [(f"“{one.said}”", one.true, one.demonstrates(), _link(one.sources[-1])) for one in several]
    return table("Said, true, shown", ("what is said", "what is true", "shown by this package", "source"), rows)


# Heparin-induced thrombocytopenia


def four_ts() -> ResultTable:
    """Return the 4Ts score as it is printed: what earns 0, 1 and 2 points."""
    rows = [(name.replace("_", " "), *words) for name, words in FOUR_TS.items()]
    note = "Counts in 10⁹/L. 0 to 3 points: low, 4 or 5: intermediate, 6 to 8: high probability."
    return table(
        f"The 4Ts score ({FOUR_TS_SOURCE.key.replace('_', ' ')})", ("", "0 points", "1 point", "2 points"), rows, note=note
    )


def counted(days: Sequence[CountedDay]) -> ResultTable:
    """Return each counted day: the count, its fall, the 4Ts score of that day, and the probability of HIT before any test."""
    rows = [
        (f"{one.day_d:g}", f"{one.count_e9_per_l:.0f}", f"{max(one.fall_percent, 0.0):.0f} %", f"{one.score.total} of 8",
         one.score.probability, f"{one.hit_fraction:.1%}")
        for one in days
    ]  # fmt: skip
    headings = ("day", "platelets (10⁹/L)", "fall", "4Ts", "which is", "probability of HIT")
    return table("Each count on its day", headings, rows)


def work_up(steps: Sequence[Step]) -> ResultTable:
    """Return the steps of a work-up: what became known, how probable HIT is then, and what is done."""
    rows = [(one.what, f"{one.hit_fraction:.1%}", one.do, _link(one.source)) for one in steps]
    return table("From suspicion to decision", ("what is known", "HIT", "what is done", "source"), rows)


def tests(several: Mapping[str, DiagnosticTest]) -> ResultTable:
    """Return tests for HIT: how often each is positive with HIT and negative without, and where that was read."""
    rows = [
        (one.name, one.kind, f"{one.sensitivity_fraction.value:.1%}", f"{one.specificity_fraction.value:.1%}",
         _link(one.specificity_fraction.source))
        for one in several.values()
    ]  # fmt: skip
    return table("Tests for HIT", ("test", "kind", "sensitivity", "specificity", "source"), rows)


def platelet_sources() -> ResultTable:
    """Return what the model of the platelets was read from, and what was chosen."""
    rows = [(one.key.replace("_", " "), one.where, one.confidence) for one in SOURCES]
    return table("The platelets of this model", ("source", "what was read or chosen", "how"), rows, folded=True)


# Taking heparin away


def protamine(rows: Sequence[Compared]) -> ResultTable:
    """Return a protamine table beside what is left in plasma in the model, by the time since a bolus."""
    cells = [(f"{one.elapsed_min:g} min", one.asked.in_words(), f"{one.left_u:,.0f} U", f"{one.left_mg:.0f} mg") for one in rows]
    return table("Protamine by elapsed time", ("since the bolus", "the table asks for", "left in plasma", "which takes"), cells)


def spread(found: Mapping[str, Dose]) -> ResultTable:
    """Return what each centre asks for in the same case, and which heparin its rule counts."""
    rows: list[tuple[Cell, ...]] = []
    for name, one in found.items():
        if name in TABLES:
            counts, source = f"{TABLES[name].counts}, less with each line of its table", TABLES[name].source
        else:
            shares, source = HOURLY_RULES[name]
            counts = f"{', '.join(f'{100.0 * share:g}' for share in shares)} % of the last {len(shares)} hours, the latest first"
        rows.append((name, one.in_words(), counts, _link(source)))
    return table("The same patient in four centres", ("centre", "protamine", "which heparin it counts", "source"), rows)


def reactions_to_protamine() -> ResultTable:
    """Return the numbers on reactions to protamine, and what its overdose does."""
    rows: list[tuple[Cell, ...]] = [(one.what, _link(one.source)) for one in REACTIONS_TO_PROTAMINE]
    rows.append((f"rebound: {REBOUND.where.removeprefix('Abstract: ')}", _link(REBOUND)))
    return table("Protamine itself", ("what is known", "source"), rows)


def allergy() -> ResultTable:
    """Return allergic reactions to heparin, the mildest first: how each looks, and what is done."""
    rows = [(one.name, one.looks, one.do, _link(one.source)) for one in REACTIONS]
    return table("Allergy to heparin", ("reaction", "how it looks", "what is done", "source"), rows)


# Two regrets


def published_regrets(side: str) -> ResultTable:
    """Return what was published of too much or too little heparin, for and against; raises ``ValueError`` for another side."""
    rows = [(SPEAKS[one.speaks], one.patients, one.found, one.but or "–", _link(one.source)) for one in associations(side)]
    headings = ("the paper", "patients", "what it found", "but", "source")
    return table(f"{side[0].upper()}{side[1:]} heparin: for and against", headings, rows)


def signs() -> ResultTable:
    """Return the signs that a patient should report, in a patient's words."""
    rows = [(one.sign, "a bleed" if one.of == "too much" else "a clot", _link(one.source)) for one in SIGNS]
    return table("Call the nurse at once for", ("sign", "it may be", "source"), rows)


# Errors, checks and the team


def checks() -> ResultTable:
    """Return every check: what is done, which errors it catches how surely, and what it costs."""
    rows = []
    for one in CHECKS.values():
        caught = "; ".join(f"{error_in_words(catch.kind)} {100.0 * catch.chance.value:.0f} %" for catch in one.catches)
        rests_on = sorted({catch.chance.source.confidence for catch in one.catches})
        rows.append((one.name, one.what, caught, f"{one.minutes.value:g} min per {one.per}", ", ".join(rests_on)))
    headings = ("check", "what is done", "catches", "costs", "the chances are")
    return table("Checks", headings, rows, note="The minutes are assumed.")


def arms(several: Sequence[CheckedArm]) -> ResultTable:
    """Return what checks cost and spared in each arm of a trial."""
    rows = [
        (one.arm, f"{one.minutes:.0f} min", f"{one.above_fraction:.1%}", f"{one.below_fraction:.1%}",
         f"{one.peak_99_u_per_ml:.2f} U/mL", f"{one.most_u_per_ml:.2f} U/mL")
        for one in several
    ]  # fmt: skip
    headings = ("checks", "staff time a patient", "time above", "time below", "peak of the worst 1 %", "highest of all")
    return table("The same patients and the same errors, with other checks", headings, rows)


def handover(one: Handover) -> ResultTable:
    """Return a handover as a table, one line a heading."""
    lines = [line.partition(":") for line in one.in_words().splitlines()[1:]]
    rows = [(head, words.strip()) for head, _, words in lines]
    return table(f"Handover at {one.at_h:.4g} h", ("", "what is said"), rows)


def documentation(items: Sequence[Item]) -> ResultTable:
    """Return what a chart holds and what it lacks."""
    rows = [(one.what, one.written or "MISSING") for one in items]
    missing = sum(one.is_missing for one in items)
    note = f"{missing} of {len(items)} are missing." if missing else "A colleague can go on from here."
    return table("In the chart", ("what", "written"), rows, note=note)


def duties(several: Sequence[Duty]) -> ResultTable:
    """Return who does what in a course, in the order of time."""
    rows = [(f"{one.time_h:.4g} h", one.role, one.does) for one in several]
    said = DIVISION.where.removeprefix("who does what: ")
    note = f"{said[:1].upper()}{said[1:]} ({DIVISION.confidence})."
    return table("Who does what", ("when", "who", "what"), rows, note=note)


def leaflet(one: Leaflet) -> ResultTable:
    """Return a leaflet as a table, one row a heading with its sentences."""
    rows = [(heading, " ".join(words if words.endswith(".") else f"{words}." for words in said)) for heading, said in one.parts]
    return table(one.title, ("", "in the patient's words"), rows)

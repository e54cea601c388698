"""What is given instead of heparin in HIT, titrated by the same loop and the same kind of table: argatroban and bivalirudin.

The tables of this folder count micrograms where a table of heparin counts units, so they stand apart from the nomograms of
heparin and each knows its drug. The drugs that are not titrated (danaparoid, fondaparinux, tablets): ``practice.about``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from heparin_pk.base.checks import check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import ClottingTime
from heparin_pk.body.patient import Patient
from heparin_pk.published import SWAN_ARGATROBAN_DERIVED, ZHANG_2012_BIVALIRUDIN
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import titrate
from heparin_pk.teaching import practice
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.pump import Bag, Pump

ASH_TABLE = Source(
    key="HIT_alternatives",
    citation="Table of anticoagulants for heparin-induced thrombocytopenia (ashpublications.net, view-large 10692593)",
    where="Argatroban aPTT 1.5-3.0 times baseline; bivalirudin 0.15 mg/kg/h, aPTT 1.5-2.5 times baseline",
    confidence="primary",
    url="http://ashpublications.net/view-large/10692593",
)
BIVALIRUDIN_APTT = ClottingTime(
    name="aPTT under bivalirudin (assumed)",
    assay="aptt_s",
    baseline_s=30.0,
    most_s=75.0,
    half_at_u_per_ml=0.7,
    source=ASH_TABLE.at(
        "aPTT = 30 + 75 C / (0.7 + C) s: 2.0 x at 0.15 mg/kg/h, the middle of its 1.5-2.5 x; no concentration law was found",
        "assumed",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Alternative:
    """An anticoagulant that is titrated in the place of heparin.

    ``name``: its name.
    ``drug``: the published set; amounts are micrograms.
    ``table``: the hospital's table it is titrated by.
    ``pump``: the pump with its bag, in micrograms.
    ``why``: when it is chosen, in words.
    ``caveats``: what was assumed.
    """

    name: str
    drug: Drug
    table: Nomogram
    pump: Pump
    why: str
    caveats: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("name", "why"):
            check_text(name, getattr(self, name))
        check_is("drug", self.drug, Drug, "a Drug")
        check_is("table", self.table, Nomogram, "a Nomogram")
        check_is("pump", self.pump, Pump, "a Pump")

    __repr__ = shown

    def course(self, patient: Patient, *, hours: float = 24.0, seed: int = 0) -> Course:
        """Return the course of a patient titrated by the table, with results after an hour."""
        laboratory = Laboratory(assay=self.table.assay)
        return titrate(patient, self.drug, self.table, hours=hours, laboratory=laboratory, pump=self.pump, seed=seed)

    def in_words(self) -> str:
        """Return what it is, its table and what was assumed."""
        return "\n".join([f"{self.name}: {self.why}", str(self.table), *(f"  caveat: {one}" for one in self.caveats)])


@cache
def _table(name: str) -> Nomogram:
    with resources.as_file(resources.files(__name__) / f"{name}.toml") as file:
        return Nomogram.load(file)


@cache
def named(name: str) -> Alternative:
    """Return an alternative by name; raises ``ValueError`` for another name."""
    check_one_of("name", name, NAMES)
    if name == "argatroban":
        return Alternative(
            name=name,
            drug=SWAN_ARGATROBAN_DERIVED,
            table=_table(name),
            pump=Pump(bag=Bag(units_u=125_000.0, volume_ml=125.0)),
            why="short-acting, cleared by the liver: for kidney failure, a procedure ahead or a risk of bleeding",
            caveats=(SWAN_ARGATROBAN_DERIVED.departures, "The bag is the vial of the US label, 125 mg in 125 mL."),
        )
    return Alternative(
        name=name,
        drug=replace(ZHANG_2012_BIVALIRUDIN, reagent=BIVALIRUDIN_APTT),
        table=_table(name),
        pump=Pump(bag=Bag(units_u=250_000.0, volume_ml=50.0)),
        why="the shortest-acting, mostly cleaved in plasma; in HIT outside coronary intervention without a label",
        caveats=(
            BIVALIRUDIN_APTT.source.where,
            "The set's clearance (volunteers) is half as high again as that of a drug page (3.4 mL/min/kg, "
            "drugs.com): at one rate "
            "its plateau is a third lower.",
            ZHANG_2012_BIVALIRUDIN.departures,
            "The bag is the US label's, 250 mg in 50 mL.",
        ),
    )


NAMES = ("argatroban", "bivalirudin")


def others_in_words() -> str:
    """Return what practice says of the alternatives that no aPTT titrates: danaparoid, fondaparinux, and which drug for whom."""
    return practice.in_words("hit-treatment", "danaparoid", "fondaparinux")

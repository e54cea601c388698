"""What is given instead of heparin in HIT, titrated by the same loop and the same kind of table: argatroban and bivalirudin.

The tables of this folder count micrograms where a table of heparin counts units, so they stand apart from the nomograms of
heparin and each knows its drug. The drugs that are not titrated (danaparoid, fondaparinux, tablets): ``practice.about``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from heparin_pk.base.checks import check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import ClottingTime
from heparin_pk.body.covariate import Covariate
from heparin_pk.body.patient import Patient
from heparin_pk.published import SWAN_ARGATROBAN_DERIVED
from heparin_pk.published.drug import Drug, Parameter, ValidityDomain
from heparin_pk.published.sources import BIVALIRUDIN_LABEL
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
FOX_1993 = Source(
    key="Bivalirudin_HIT_chapter",
    citation="A chapter on bivalirudin in HIT (guwsmedical.info; authors not on the page; cites Fox 1993, Robson 2000)",
    where="Normal kidneys: clearance about 3.4 mL/min/kg, half-life about 25 min",
    confidence="second-hand",
    url="https://www.guwsmedical.info/induced-thrombocytopenia/info-hqa.html",
)
KIDNEY_HALF_LIVES = Source(
    key="Bivalirudin_half_lives",
    citation="Bivalirudin half-life, a page that quotes the US label (droracle.ai 337114)",
    where=(
        "Half-life 25 min, moderate renal impairment 34 min, severe 57 min, on dialysis 3.5 h. For severe impairment the page "
        "says a clearance reduced more than the 21 % of moderate"
    ),
    confidence="second-hand",
    url="https://www.droracle.ai/articles/337114/what-is-the-half-life-of-bivalirudin",
)
KIDNEYS = {
    "normal": (1.0, 25.0),
    "moderate": (0.79, 34.0),
    "severe": (0.79, 57.0),
    "dialysis": (0.30, 210.0),
}
"""How kidneys change bivalirudin: share of the clearance (``BIVALIRUDIN_LABEL``) and half-life, min (``KIDNEY_HALF_LIVES``).

They contradict Robson 2000 as the chapter of ``FOX_1993`` tells it: clearance lower by 45 % in moderate and 68 % in severe
impairment, and the page of the half-lives reduces the clearance of severe impairment by more than 21 % too. The rows of the
label are kept; a volume that grows with the half-life makes both of its numbers true, and is an artefact of that.
"""
_V_ML_PER_KG = 3.4 * 25.0 / 0.693147


def _volume_ratio(kidneys: str) -> float:
    """Return how much larger the volume is than with normal kidneys: both numbers of a row of ``KIDNEYS`` hold."""
    clearance_fraction, half_life_min = KIDNEYS[kidneys]
    return clearance_fraction * half_life_min / KIDNEYS["normal"][1]


BIVALIRUDIN_DERIVED = Drug(
    name="BIVALIRUDIN_DERIVED",
    label="bivalirudin (patients)",
    title="bivalirudin, one compartment (volume DERIVED from clearance and half-life)",
    family="direct thrombin inhibitor",
    amount_unit="µg",
    parameters=(
        Parameter(name="clearance_ml_per_kg_per_h", value=Value(3.4 * 60.0, FOX_1993.at("Clearance 3.4 mL/min/kg"))),
        Parameter(
            name="v1_ml_per_kg",
            value=Value(_V_ML_PER_KG, FOX_1993.at("3.4 mL/min/kg x 25 min / ln 2; its 240 mL/kg would give 49 min", "derived")),
        ),
    ),
    reagent=ClottingTime(
        name="aPTT under bivalirudin (assumed)",
        assay="aptt_s",
        baseline_s=30.0,
        most_s=75.0,
        half_at_u_per_ml=1.1,
        source=ASH_TABLE.at(
            "aPTT = 30 + 75 C / (1.1 + C) s: 2.0 x at 0.15 mg/kg/h, the middle of its 1.5-2.5 x; no concentration law was found",
            "assumed",
        ),
    ),
    anti_xa_fraction=0.0,
    covariate_effects=(
        Covariate(
            name="kidney failure",
            feature="kidney_failure",
            on=("clearance_ml_per_h",),
            form="times",
            effect=Value(
                KIDNEYS["dialysis"][0], BIVALIRUDIN_LABEL.at("8.6: clearance reduced about 70 % on dialysis", "derived")
            ),
            words="I am on dialysis: bivalirudin leaves me at a third of the usual speed.",
        ),
        Covariate(
            name="kidney failure, volume",
            feature="kidney_failure",
            on=("v1_ml",),
            form="times",
            effect=Value(
                _volume_ratio("dialysis"), KIDNEY_HALF_LIVES.at("so that the half-life on dialysis is 3.5 h", "derived")
            ),
            words="I am on dialysis: bivalirudin stays for hours in me.",
        ),
    ),
    studied=ValidityDomain(
        population="patients at coronary intervention, with normal to failing kidneys (weights not printed)",
        age_y=(18.0, 90.0),
        routes=("bolus", "infusion"),
        dose_u_per_kg=(0.0, 1050.0),
        rate_u_per_kg_per_h=(25.0, 1750.0),
        assay="bivalirudin in plasma",
    ),
    departures=(
        "Derived from a clearance and a half-life; the aPTT law is assumed, and no variability between patients is drawn. Rates "
        "of HIT (from 25 µg/kg/h, on dialysis) count as studied. Zhang 2012 (young volunteers) clears 1.6 times as much. "
        "Severe kidney failure: 21 % less clearance by the label, 68 % less by Robson 2000, with levels 2.5 times as "
        "high; the label's row is kept."
    ),
)


def with_kidneys(patient: Patient, kidneys: str) -> Patient:
    """Return the patient with kidneys of a row of ``KIDNEYS``, as bivalirudin sees them.

    Raises ``ValueError`` for another name.
    """
    check_one_of("kidneys", kidneys, KIDNEYS)
    if kidneys == "dialysis":
        return replace(patient, kidney_failure=True)
    factors = {"clearance_ml_per_h": KIDNEYS[kidneys][0], "v1_ml": _volume_ratio(kidneys)}
    return replace(patient, factors=(*patient.factors, *factors.items()))


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
        drug=BIVALIRUDIN_DERIVED,
        table=_table(name),
        pump=Pump(bag=Bag(units_u=250_000.0, volume_ml=50.0)),
        why="the shortest-acting, mostly cleaved in plasma; in HIT outside coronary intervention without a label",
        caveats=(
            BIVALIRUDIN_DERIVED.reagent.source.where if BIVALIRUDIN_DERIVED.reagent else "",
            BIVALIRUDIN_DERIVED.departures,
            "The bag is the US label's, 250 mg in 50 mL.",
        ),
    )


NAMES = ("argatroban", "bivalirudin")


def others_in_words() -> str:
    """Return what practice says of the alternatives that no aPTT titrates: danaparoid, fondaparinux, and which drug for whom."""
    return practice.in_words("hit-treatment", "danaparoid", "fondaparinux")

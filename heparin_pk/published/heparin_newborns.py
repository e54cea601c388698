"""Unfractionated heparin in preterm newborns: McDonald 1981, one set for each age group."""

from heparin_pk.base.source import Source, Value
from heparin_pk.published.drug import Drug, Parameter, ValidityDomain

MCDONALD_1981 = Source(
    key="McDonald_1981",
    citation=(
        "McDonald et al. 1981. Heparin clearance in the newborn (the page read names no author, year or journal; these two are "
        "second-hand)"
    ),
    where="Abstract: 25 preterm newborns, 100 U/kg, levels to 150 min",
    confidence="primary",
    url="https://scilit.com/publications/2f448b379407adcde271ff93210adb22",
)


def _group(
    name: str, weeks: str, weight_kg: tuple[float, float], v_ml_per_kg: float, cl_ml_per_kg_per_min: float, t: float
) -> Drug:
    """Return the set of one group of the abstract; ``t`` is its printed half-life in min, told and not used."""
    one_compartment = 0.693147 * v_ml_per_kg / cl_ml_per_kg_per_min
    return Drug(
        name=name,
        label=f"McDonald 1981 ({weeks} weeks)",
        title=f"preterm newborns of {weeks} weeks, one compartment, linear",
        parameters=(
            Parameter(
                name="v1_ml_per_kg",
                value=Value(v_ml_per_kg, MCDONALD_1981.at(f"Abstract, {weeks} weeks: Vd {v_ml_per_kg} mL/kg")),
            ),
            Parameter(
                name="clearance_ml_per_kg_per_h",
                value=Value(
                    60.0 * cl_ml_per_kg_per_min, MCDONALD_1981.at(f"Abstract, {weeks} weeks: Cl {cl_ml_per_kg_per_min} mL/kg/min")
                ),
            ),
        ),
        reagent=None,
        studied=ValidityDomain(
            population=f"preterm newborns of {weeks} weeks' gestation (25 in three groups), one bolus of 100 U/kg",
            weight_kg=weight_kg,
            age_y=(0.0, 0.1),
            routes=("bolus", "infusion"),
            assay="heparin by a chromogenic assay",
        ),
        covariate_effects=(),
        departures=(
            f"Not a model of the paper: its volume and clearance in one compartment. Their half-life is {one_compartment:.1f} "
            f"min; the abstract prints {t:g} min. Variability and residual error are not in the abstract. Antithrombin was "
            "26.5 % of an adult's, and its effect is already in these numbers. Limits of weight, age and infusions are assumed."
        ),
    )


MCDONALD_1981_36_WEEKS_UFH = _group("MCDONALD_1981_36_WEEKS_UFH", "33 to 36", (1.0, 4.0), 57.8, 1.37, 35.5)
MCDONALD_1981_32_WEEKS_UFH = _group("MCDONALD_1981_32_WEEKS_UFH", "29 to 32", (0.7, 3.0), 73.3, 1.43, 35.5)
MCDONALD_1981_28_WEEKS_UFH = _group("MCDONALD_1981_28_WEEKS_UFH", "25 to 28", (0.4, 2.0), 81.0, 1.49, 41.6)

SETS = (MCDONALD_1981_36_WEEKS_UFH, MCDONALD_1981_32_WEEKS_UFH, MCDONALD_1981_28_WEEKS_UFH)

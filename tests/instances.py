"""Examples that several test files use: an adult, a drug, a source, a range, a scripted controller, a course."""

from heparin_pk import (
    Bolus,
    Decision,
    Fixed,
    Hold,
    Infusion,
    Nomogram,
    Patient,
    Protamine,
    Regimen,
    Source,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    published,
    titrate,
)

SOURCE = Source(key="A_2020", citation="A", where="Table 1", confidence="derived")
ADULT, UFH = Patient(weight_kg=75), published.UFH_DEFAULT
RASCHKE = Nomogram.load("raschke-1993")
RANGE = TherapeuticRange(assay="aptt_s", low=50, high=70)


class Scripted:
    """A controller whose decisions are listed beforehand."""

    assay = "aptt_s"

    def __init__(self, *decisions):
        self.decisions = list(decisions)

    def decide(self, situation):
        return self.decisions.pop(0) if self.decisions else Decision()


def course_of_every_order():
    """Return a course over 24 h with every kind of order and three results."""
    regimen = Regimen(
        (
            Bolus(time_h=0, dose_u_per_kg=80, over_min=5),
            Infusion(time_h=0, rate_u_per_kg_per_h=18),
            Hold(time_h=3, duration_min=30),
            Subcutaneous(time_h=5, dose_u=5000),
            Stop(time_h=20),
            Protamine(time_h=20.5, dose_mg=12.5),
        )
    )
    return titrate(Patient(weight_kg=82, age_y=70), UFH, Fixed(regimen=regimen, draws_h=(6, 13.25, 21)), hours=24, seed=9)

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


# Made exports of two intensive-care databases, no real patient

INPUTEVENTS = """subject_id,hadm_id,stay_id,starttime,endtime,itemid,amount,amountuom,rate,rateuom,patientweight,statusdescription
1,2,3,2150-01-01 22:00:00,2150-01-02 04:30:00,225152,9360,units,1440,units/hour,80,ChangeDose/Rate
1,2,3,2150-01-01 22:00:00,2150-01-01 22:01:00,225152,6400,units,,,80,FinishedRunning
1,2,3,2150-01-02 04:30:00,2150-01-02 05:30:00,225152,1200,units,1200,units/hour,80,FinishedRunning
1,2,3,2150-01-02 04:30:00,2150-01-02 09:30:00,225152,9999,units,9999,units/hour,80,Rewritten
1,2,3,2150-01-02 04:30:00,2150-01-02 05:30:00,221289,1,mg,1,mcg/kg/min,80,FinishedRunning
1,2,4,2150-01-05 04:30:00,2150-01-05 05:30:00,225152,1200,units,1200,units/hour,80,FinishedRunning
"""
LABEVENTS = """hadm_id,itemid,charttime,value,valuenum,valueuom
2,51275,2150-01-02 04:00:00,>150,,sec
2,51275,2150-01-01 21:00:00,31,31,sec
2,51237,2150-01-02 04:00:00,1.1,1.1,
9,51275,2150-01-02 04:00:00,88,88,sec
"""
INFUSIONDRUG = """patientunitstayid,infusionoffset,drugname,drugrate,infusionrate,patientweight
7,120,Heparin (units/hr),1440,14.4,80
7,510,Heparin (units/kg/hr),15,12,80
7,570,Heparin (units/hr),0,0,80
7,130,Propofol (mcg/kg/min),20,,80
8,130,Heparin (units/hr),900,,70
"""
LAB = """patientunitstayid,labresultoffset,labname,labresult,labresulttext
7,60,PTT,31,31
7,480,PTT,,>150
7,480,PT - INR,1.1,1.1
8,300,PTT,60,60
"""

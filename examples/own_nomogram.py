"""A nomogram of your own: a TOML text, written to a file, loaded, and used on one patient.

The table is invented. Each band has only its upper edge (``below``), so a gap or an overlap cannot be written.
"""

import tempfile
from pathlib import Path

from heparin_pk import Infusion, Laboratory, Nomogram, Patient, published, titrate

TABLE = """
title = "our ward, anti-Xa (invented)"
assay = "anti_xa_u_per_ml"
round_to = 0.01
target = [0.30, 0.70]
rate_round_u_per_h = 50

[source]
key = "Ours_2020"
citation = "Our ward in 2020 (invented)"
where = "the sheet on the wall"
confidence = "assumed"

[start]
bolus_u_per_kg = 70
rate_u_per_kg_per_h = 16
first_check_h = 6

[recheck]
hours = 6

[[bands]]
label = "<0.30"
below = 0.30
change_u_per_kg_per_h = 2

[[bands]]
label = "0.30-0.70"
below = 0.71

[[bands]]
label = ">0.70"
below = inf
hold_min = 30
change_u_per_kg_per_h = -2
"""

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "ours.toml"
    file.write_text(TABLE, encoding="utf-8")
    table = Nomogram.load(file)

print(table)
patient = Patient(weight_kg=90, acute_thrombosis=True)
course = titrate(patient, published.UFH_DEFAULT, table, laboratory=Laboratory(assay=table.assay), seed=5)
for entry in course.entries:
    rates = [order.rate_u_per_h for order in entry.orders if isinstance(order, Infusion)]
    print(f"{entry.time_h:g} h: level {entry.lab.value if entry.lab else 'none yet'}, rate {rates or 'unchanged'} U/h")

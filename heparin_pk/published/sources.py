"""Papers and pages the published sets were read from, each once."""

from heparin_pk.source import Source

HALF_LIFE_TABLE = Source(
    key="Half_life_table",
    citation="Handbook table (ACCP lineage): half-life of heparin about 30, 60 and 150 min after 25, 100 and 400 U/kg",
    where="Restated at medicalalgorithms.com (reversal of heparin by protamine); the primary text was not reached",
    confidence="second-hand",
    url="https://www.medicalalgorithms.com/reversal-of-unfractionated-heparin-therapy-with-protamine-sulfate",
)
SWISS_LABEL = Source(
    key="Swiss_label",
    citation="Heparin sodium, Swiss professional information (Fachinformation), section Kinetics",
    where="Half-life 1 h at 100 IU/kg and 2.5 h at 400 IU/kg",
    confidence="primary",
    url="https://ch.oddb.org:443/it/gcc/fachinfo/reg/46240/chapter/kinetic",
)
US_LABEL = Source(
    key="US_label",
    citation="Heparin sodium injection, US prescribing information, section 12.3 Pharmacokinetics",
    where="Volume 0.07 L/kg; biphasic clearance, saturable and first order; half-life 0.5 to 2 h",
    confidence="primary",
    url="https://www.pfizermedicalinformation.com/heparin-inj-4/clinical-pharmacology",
)
HIRSH_1976 = Source(
    key="Hirsh_1976",
    citation=(
        "Hirsh J, van Aken WG, Gallus AS, Dollery CT, Cade JF, Yung WL. Heparin kinetics in venous thrombosis and pulmonary "
        "embolism. 1976;(4):691-695 (journal not named on the page read)"
    ),
    where="Abstract: half-life 63 +- 15 min after 70 U/kg in 20 patients",
    confidence="primary",
    url="https://researchnow.flinders.edu.au/en/publications/heparin-kinetics-in-venous-thrombosis-and-pulmonary-embolism",
)
TEIEN_1977 = Source(
    key="Teien_1977",
    citation="Teien. Heparin elimination in patients with liver cirrhosis. Thromb Haemost 1977;38(3):701-706",
    where="Abstract: half-life 74.0 min after 100 U/kg in 6 normal subjects",
    confidence="primary",
    doi="10.1055/s-0038-1651886",
)
DE_SWART_1982 = Source(
    key="de_Swart_1982",
    citation="de Swart, et al. Kinetics of intravenously administered heparin in normal humans. Blood 1982;60(6):1251-1258",
    where="Abstract: rapid initial loss, then a convex curve; saturable and linear clearance together",
    confidence="primary",
    pmid="7139119",
)
JIA_2015 = Source(
    key="Jia_2015",
    citation=(
        "Jia Z, Tian G, Ren Y, Sun Z, Lu W, Hou X. Pharmacokinetic model of unfractionated heparin during and after "
        "cardiopulmonary bypass in cardiac surgery. J Transl Med 2015;13:45"
    ),
    where="Final model, typical values, as coded and traced by nlmixr2lib (Jia_2015_unfractionatedHeparin)",
    confidence="re-coded",
    doi="10.1186/s12967-015-0404-5",
)
KANDROTAS_1989 = Source(
    key="Kandrotas_1989",
    citation="Kandrotas RJ, et al. Heparin pharmacokinetics during hemodialysis. Ther Drug Monit 1989;11(6):674-679",
    where="Abstract: first-order volume 68 mL/kg, clearance 28 mL/min in 21 haemodialysis patients",
    confidence="primary",
    doi="10.1097/00007691-198911000-00011",
    pmid="2595748",
)
BRANCAZIO = Source(
    key="Brancazio_1995",
    citation=(
        "Brancazio LR, Roperti KA, Stierer R, Laifer SA. Pharmacokinetics and pharmacodynamics of subcutaneous heparin during "
        "the early third trimester of pregnancy. Pages 1240-1245 (year 1995 by its DOI)"
    ),
    where="Abstract: peak 0.23 +- 0.036 U/mL at 222 +- 20 min in six women who were not pregnant, 143 U/kg",
    confidence="primary",
    doi="10.1016/0002-9378(95)91362-9",
)
PROTAMINE_LABEL = Source(
    key="Protamine_label",
    citation="Protamine sulfate injection, US prescribing information",
    where="Each mg neutralises not less than 100 USP heparin units",
    confidence="primary",
    url="https://www.recallguide.org/drug/protamine-sulfate/",
)
PROTAMINE_2002 = Source(
    key="Butterworth_2002",
    citation=(
        "Butterworth J, Lin YA, Prielipp RC, Bennett J, Hammon JW, James RL. Rapid disappearance of protamine in adults "
        "undergoing cardiac operation with cardiopulmonary bypass. Ann Thorac Surg 2002;74(5):1589-1595"
    ),
    where="Abstract: half-life 4.5 min (1.9 to 18) in 26 patients after 250 mg (reference itself as quoted elsewhere)",
    confidence="primary",
    url=(
        "https://discovery.researcher.life/article/rapid-disappearance-of-protamine-in-adults-undergoing-cardiac-operation-with-"
        "cardiopulmonary-bypass/2fb6a5c20d1f3ef1b151074b2ba31cb5"
    ),
)
RASCHKE_1993 = Source(
    key="Raschke_1993",
    citation=(
        "Raschke RA, Reilly BM, Guidry JR, Fontana JR, Srinivas S. The weight-based heparin dosing nomogram compared with a "
        "standard care nomogram: a randomized controlled trial. Ann Intern Med 1993;119(9):874-881"
    ),
    where="46-70 s = 1.5-2.3 x control, the range of its table",
    confidence="second-hand",
    doi="10.7326/0003-4819-119-9-199311010-00002",
    pmid="8214998",
)
DERIVED = Source(
    key="DERIVED",
    citation="heparin_pk, derived set: least squares on published half-lives, clearances and the clinical infusion dose",
    where="benchmarks/derive_default.py; shipped values are the optimum, rounded",
    confidence="derived",
)
ASSUMED = Source(
    key="ASSUMED",
    citation="heparin_pk, teaching assumption: no source was found",
    where="stated beside the value",
    confidence="assumed",
)

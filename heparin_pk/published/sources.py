"""Papers and pages that more than one module cites, each once. The papers of a new drug may stand in its own file."""

from heparin_pk.base import source as base
from heparin_pk.base.source import Source

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
    citation="Heparin sodium injection, US prescribing information, section 12 Clinical pharmacology",
    where="12.3: Volume 0.07 L/kg; biphasic clearance, saturable and first order; half-life 0.5 to 2 h",
    confidence="primary",
    url="https://www.pfizermedicalinformation.com/heparin-inj-4/clinical-pharmacology",
)
HIRSH_1976 = Source(
    key="Hirsh_1976",
    citation=(
        "Hirsh J, van Aken WG, Gallus AS, Dollery CT, Cade JF, Yung WL. Heparin kinetics in venous thrombosis and pulmonary "
        "embolism. 1976;(4):691-695 (journal not named on the page read)"
    ),
    where="Abstract: half-life 63 +- 15 min after 70 U/kg in 20 patients, similar to values reported in normal volunteers",
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
PROTAMINE_AND_ANTI_XA = Source(
    key="Protamine_LHN_1",
    citation=(
        "Neutralization of a low molecular weight heparin (LHN-1) and conventional heparin by protamine sulfate, in vitro and in "
        "rats. Thromb Haemost (authors and year not on the page read)"
    ),
    where="Abstract: of conventional heparin the aPTT activity was completely neutralised in parallel with the anti-Xa activity",
    confidence="primary",
    doi="10.1055/s-0038-1661675",
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
AL_SALLAMI_2016 = Source(
    key="Al_Sallami_2016",
    citation=(
        "Al-Sallami HS, Newall F, Monagle P, Ignjatovic V, Cranswick N, Duffull S. Development of a population "
        "pharmacokinetic-pharmacodynamic model of a single bolus dose of unfractionated heparin in paediatric patients. "
        "Br J Clin Pharmacol 2016;82(1):178-184"
    ),
    where="Tables 1 to 3, as coded and traced by nlmixr2lib (AlSallami_2016_unfractionatedHeparin)",
    confidence="re-coded",
    doi="10.1111/bcp.12930",
    pmid="26972703",
    url="https://pmc.ncbi.nlm.nih.gov/articles/PMC4917811/",
)
EDRICH_2015 = Source(
    key="Edrich_2015",
    citation=(
        "Edrich T, Frendl G, Michaud G, Paschalidis ICh. Heparin requirements for full anticoagulation are higher for patients "
        "on dabigatran than for those on warfarin - a model-based study. Clin Pharmacol 2015;7:19-27 (or 19-25: both are found)"
    ),
    where="Tables 1 and 3 and the supplement's control stream, as coded and traced by nlmixr2lib (Edrich_2015_heparin)",
    confidence="re-coded",
    doi="10.2147/CPAA.S72185",
    pmid="25709508",
)
BRUNET_2008 = Source(
    key="Brunet_2008",
    citation=(
        "Brunet P, Simon N, Opris A, Faure V, Lorec-Penet AM, Portugal H, Dussol B, Berland Y. Pharmacodynamics of "
        "unfractionated heparin during and after a hemodialysis session. Am J Kidney Dis 2008;51(5):789-795"
    ),
    where="Abstract: one compartment, first order, terminal half-life 54 min; 25 IU/kg/h for 1 h, then 12.5 for 2 h",
    confidence="primary",
    doi="10.1053/j.ajkd.2007.12.040",
    pmid="18436089",
)
DELAVENNE_2017 = Source(
    key="Delavenne_2017",
    citation=(
        "Delavenne X, Ollier E, Chollet S, Sandri F, Lanoiselee J, Hodin S, Montmartin A, Fuzellier JF, Mismetti P, Gergele L. "
        "Pharmacokinetic/pharmacodynamic model for unfractionated heparin dosing during cardiopulmonary bypass. "
        "Br J Anaesth 2017;118(5):705-712"
    ),
    where="Table 2, as transcribed and checked against the table in a public coding (vanderzwaag/nomogram)",
    confidence="re-coded",
    doi="10.1093/bja/aex044",
    pmid="28510738",
)
SALEM_2022 = Source(
    key="Salem_2022",
    citation=(
        "Salem AM, et al. Reassessing the pediatric dosing recommendations for unfractionated heparin using real-world data: a "
        "pharmacokinetic-pharmacodynamic modeling approach. J Clin Pharmacol 2022;62(6):733-746"
    ),
    where=(
        "Abstract: CL 3.28 L/h and V 8.83 L for 50 kg, allometrically scaled by body weight, V also by an age-dependent "
        "maturation of extracellular water; aPTT slope 150 s per IU/mL; 633 patients below 19 years"
    ),
    confidence="primary",
    doi="10.1002/jcph.2007",
    pmid="34816442",
)
RXKINETICS = Source(
    key="rxkinetics",
    citation="Kinetics software (rxkinetics.com): heparin formulas",
    where="Vd = blood volume; kel = 0.693 /h, x 1.2 for smokers, x 0.8 from 70 years",
    confidence="primary",
    url="http://www.rxkinetics.com/kin_help/hlp_heparin_formulas.htm",
)
SETTE_1985 = Source(
    key="Sette_1985",
    citation=(
        "Sette H, Hughes RD, Langley PG, Gimson AES, Williams R. Heparin response and clearance in acute and chronic liver "
        "disease. Thromb Haemost 1985;54(3):591-594"
    ),
    where="Abstract: 2,500 U IV, controls: anti-Xa half-life 50.2 +- 2.7 min, peak 0.69 +- 0.04 U/mL",
    confidence="primary",
    doi="10.1055/s-0038-1660076",
    pmid="4089794",
)
GREEN_2003 = Source(
    key="Green_2003",
    citation=(
        "Green B, Duffull SB. Development of a dosing strategy for enoxaparin in obese patients. Br J Clin Pharmacol "
        "2003;56(1):96-103"
    ),
    where="Table 3, as coded and traced by nlmixr2lib (Green_2003_enoxaparin)",
    confidence="re-coded",
    doi="10.1046/j.1365-2125.2003.01849.x",
    pmid="12848781",
)
GREEN_2005 = Source(
    key="Green_2005",
    citation=(
        "Green B, Greenwood M, Saltissi D, Westhuyzen J, Kluver L, Rowell J, Atherton J. Dosing strategy for enoxaparin in "
        "patients with renal impairment presenting with acute coronary syndromes. Br J Clin Pharmacol 2005;59(3):281-290"
    ),
    where="Table 2, covariate model, as coded and traced by nlmixr2lib (Green_2005_enoxaparin)",
    confidence="re-coded",
    doi="10.1111/j.1365-2125.2004.02253.x",
)
FENG_2006 = Source(
    key="Feng_2006",
    citation=(
        "Feng Y, Green B, Duffull SB, Kane-Gill SL, Bobek MB, Bies RR. Development of a dosage strategy in patients receiving "
        "enoxaparin by continuous intravenous infusion using modelling and simulation. Br J Clin Pharmacol 2006;62(2):165-176"
    ),
    where="Table 2, final model, as coded and traced by nlmixr2lib (Feng_2006_enoxaparin)",
    confidence="re-coded",
    doi="10.1111/j.1365-2125.2006.02650.x",
)
ENOXAPARIN_GUIDE = Source(
    key="Enoxaparin_drug_guide",
    citation="Drug guide (Skyscape, 19th edition, 2024): enoxaparin",
    where="About 100 % absorbed; half-life 4.5 h after a single dose, 7 h after repeated ones",
    confidence="primary",
    url=(
        "https://download.skyscape.com/download/ota/lonestar/5081BD35-DC38-45CA-B340-5211CB24C044/drugguidecan.ed19_2024/"
        "content/HTML/l/tl37.htm"
    ),
)
SWAN_2000 = Source(
    key="Swan_2000",
    citation=(
        "Swan SK, Hursting MJ. The pharmacokinetics and pharmacodynamics of argatroban: effects of age, gender, and hepatic or "
        "renal dysfunction. Pharmacotherapy 2000;20(3):318-329"
    ),
    where="Abstract: 40 volunteers, CL 4.7 +- 1.1 mL/min/kg, Vss 179.5 +- 33 mL/kg, half-life 46.2 +- 10.2 min",
    confidence="primary",
    doi="10.1592/phco.20.4.318.34881",
    pmid="10730687",
)
SWAN_2000_LIVER = SWAN_2000.at(
    "Moderate hepatic impairment: clearance 1.5 mL/min/kg, half-life 152 min, as told in a chapter on HIT "
    "(guwsmedical.info/induced-thrombocytopenia/special-populations.html)",
    "second-hand",
)
ARGATROBAN_LABEL = Source(
    key="Argatroban_label",
    citation="Argatroban injection, US prescribing information (Gland Pharma, revised 5/2017)",
    where="HIT: 2 mcg/kg/min; coronary intervention: 350 mcg/kg, then 25 mcg/kg/min",
    confidence="primary",
    url="https://fda.report/DailyMed/e5ccb93c-f411-4e7e-824a-4a592b4947ec",
)
ZHANG_2012 = Source(
    key="Zhang_2012",
    citation=(
        "Zhang DM, Wang K, Zhao X, Li YF, Zheng QS, Wang ZN, Cui YM. Population pharmacokinetics and pharmacodynamics of "
        "bivalirudin in young healthy Chinese volunteers. Acta Pharmacol Sin 2012;33:1387-1394"
    ),
    where="Tables 2 and 3, as coded and traced by nlmixr2lib (Zhang_2012_bivalirudin)",
    confidence="re-coded",
    doi="10.1038/aps.2012.37",
)
BIVALIRUDIN_LABEL = Source(
    key="Bivalirudin_label",
    citation="Bivalirudin for injection, US prescribing information",
    where="8.6: clearance reduced about 21 % in moderate and severe renal impairment, about 70 % on dialysis",
    confidence="primary",
    url="https://medlibrary.org/lib/rx/meds/bivalirudin-13/page/3/",
)
DERIVED = Source(
    key="DERIVED",
    citation="heparin_pk, derived set: least squares on published half-lives, clearances and the clinical infusion dose",
    where="benchmarks/derive_default.py; shipped values are the optimum, rounded",
    confidence="derived",
)
ASSUMED = base.ASSUMED

"""Sources that only the claims use; those of the parameter sets are in ``heparin_pk.published.sources``."""

from heparin_pk.base.source import Source
from heparin_pk.evidence.datasets import MIMIC_III_DEMO
from heparin_pk.published.heparin_newborns import MCDONALD_1981
from heparin_pk.published.patients import DOAC_TO_HEPARIN, SAME_NEED

KROON_1992 = Source(
    key="Kroon_1992",
    citation="Kroon et al. 1992: 12,500 IU of heparin under the skin after myocardial infarction",
    where="Abstract: largest aPTT 42.6 s (SD 12.4; 30.4 to 70.7)",
    confidence="primary",
    url="https://scilit.net/publications/7f04e6642aa9f23cf45b2775a2162e6f",
)
PROPHYLAXIS_257 = Source(
    key="SC_prophylaxis_257",
    citation="aPTT of 257 patients before and under 5,000 U of heparin every 8 hours (abstract; title not seen)",
    where="32.0 +- 8.5 s before, 37.6 +- 15.2 s after",
    confidence="primary",
    url="https://staging.scite.ai/authors/b-l-toussaint-nzvpbP",
)
PK10169 = Source(
    key="PK10169_crossover",
    citation="Dawes et al. 1986: heparin and the low-molecular-weight heparin PK10169 in eight volunteers",
    where="Abstract: bioavailability of PK10169 3-fold greater than that of unfractionated heparin",
    confidence="primary",
    url="https://scilit.net/publications/a81bf3fbe85b215d825a09fc42815435",
)
SC_LABEL = Source(
    key="Heparin_label_SC",
    citation="Heparin sodium injection, older US prescribing information",
    where="Peak plasma levels are achieved 2 to 4 hours following subcutaneous administration",
    confidence="primary",
    url="http://en.qjbchina.com/html/View_2963.html",
)
BJORNSSON_SLOPES = Source(
    key="Bjornsson_slopes",
    citation="Bjornsson: intersubject variability in the anticoagulant response to heparin in vitro (20 normal subjects)",
    where="Abstract: slopes 1.488 to 3.427 mL/unit from 0.05 to 1.5 U/mL",
    confidence="primary",
    url="https://scilit.net/publications/cb65bf814dc3b519f2a28c19ee39f66d",
)
MCMASTER = Source(
    key="Levine_1994",
    citation=(
        "Levine MN, Hirsh J, Gent M, et al. A randomized trial comparing activated thromboplastin time with heparin assay in "
        "patients with acute venous thromboembolism requiring large daily doses of heparin. Arch Intern Med 1994;154(1):49-56"
    ),
    where="Abstract: anti-Xa 0.35-0.67 U/mL and aPTT 60-85 s were both equivalent to 0.2-0.4 U/mL by protamine titration",
    confidence="primary",
    url="https://jamanetwork.com/journals/jamainternalmedicine/article-abstract/618256",
)
BRILL_EDWARDS = Source(
    key="Brill_Edwards_1993",
    citation=(
        "Brill-Edwards P, Ginsberg JS, Johnston M, Hirsh J. Establishing a therapeutic range for heparin therapy. Ann Intern Med "
        "1993;119(2):104-109"
    ),
    where=(
        "Abstract: for all reagents a ratio of 1.5 is much less than 0.2 U/mL by protamine titration (0.35 anti-Xa: Levine 1994)"
    ),
    confidence="primary",
    doi="10.7326/0003-4819-119-2-199307150-00002",
    pmid="8512158",
)
VTE_DAY_ONE = SAME_NEED.at("Day 1: DVT 507 +- 105, PE 426 +- 105, normal venogram 457 +- 46 U/kg/24 h")
REILLY_1996 = Source(
    key="Reilly_1996",
    citation="Reilly & Raschke 1996: new method to predict patients' intravenous heparin dose requirements",
    where="Abstract: effective maintenance dose 16.02 U/kg/h (95 % CI 14.9 to 17.15) in 46 patients",
    confidence="primary",
    url="https://experts.arizona.edu/en/publications/new-method-to-predict-patients-intravenous-heparin-dose-requireme",
)
OBESITY_CLASSES = Source(
    key="Obesity_20587743",
    citation=(
        "Identifying optimal initial infusion rates for unfractionated heparin in morbidly obese patients. Ann Pharmacother "
        "2010;44(7-8):1141-1151"
    ),
    where="Abstract: 11.5 (class III) against 13.5 U/kg/h (normal weight)",
    confidence="primary",
    doi="10.1345/aph.1P088",
    pmid="20587743",
)
ICU_HEAVY = Source(
    key="ICU_obesity_2015",
    citation=(
        "Unfractionated heparin dosing for therapeutic anticoagulation in critically ill obese adults. J Crit Care, April 2015 "
        "(authors not seen)"
    ),
    where=(
        "Abstract: 2,017 U/h and 13.1 U/kg/h (130 kg and more) against 1,582 U/h and 15.8 U/kg/h (95 to 104 kg); the difference "
        "appears to be driven by patients above 165 kg"
    ),
    confidence="primary",
    url="https://insights.ovid.com/jcrca/201504000/00009772-201504000-00032",
)
ANDREW_1994 = Source(
    key="Andrew_1994",
    citation="Andrew M, et al. Heparin therapy in pediatric patients: a prospective cohort study. Pediatr Res 1994;35(1):78-83",
    where="Abstract: 28 U/kg/h for infants under 1 year and 20 U/kg/h for the rest of 65 children to maintain a therapeutic aPTT",
    confidence="primary",
    doi="10.1203/00006450-199401000-00016",
    pmid="8134203",
)
MCDONALD_1982 = Source(
    key="McDonald_1982",
    citation="McDonald MM, Hathaway WE. J Pediatr 1982;101(3):451-457 (15 newborns and infants; title not seen)",
    where="Abstract: 16 to 35, mean 27 U/kg/h for 0.3 to 0.5 U/mL",
    confidence="primary",
    pmid="7108670",
)
PCI_DOSES = Source(
    key="PCI_dose_finding",
    citation="Optimal weight-based unfractionated heparin dosing during percutaneous coronary intervention (40 patients)",
    where="Abstract: median ACT at 30 min 227, 235, 257 and 275 s after 70, 80, 90 and 100 U/kg, with the Hemotech system",
    confidence="primary",
    url=(
        "https://www.openaccessjournals.com/abstract/optimal-weight-based-unfractionated-heparin-dosing--during-percutaneous-"
        "coronary-intervention-18168.html"
    ),
)
PCI_FIXED = Source(
    key="PCI_5000",
    citation=(
        "Effect of fixed-bolus (5,000 units) unfractionated heparin before primary percutaneous coronary intervention on "
        "activated clotting time, time flow, and all-cause mortality. Am J Cardiol 2017;119(2):178-185"
    ),
    where="Abstract: mean first ACT 243.4 s (SD 61.5); the device is not in it",
    confidence="primary",
    pmid="27814785",
)
SIMSTAT = Source(
    key="Anti_Xa_nomogram_19",
    citation="Validation of an unfractionated heparin nomogram using an anti-factor Xa chromogenic assay (19 patients)",
    where="Abstract: stabilised after 25.0 +- 8.6 h",
    confidence="primary",
    url="http://www.simstat.com/validation-of-an-unfractionated-heparin-nomogram-using-an-anti-factor-xa-chromogenic-assay/",
)
MIMIC = MIMIC_III_DEMO.at(
    "22 patients, 108 aPTTs on infusion: median 12.75 U/kg/h and 61.1 s (quartiles 48 and 80 s); the reagent is not known",
    "derived",
)
PROTAMINE_INFUSION = Source(
    key="Protamine_1250",
    citation="Protamine: antidote for heparin (teaching page)",
    where="1,250 units/hour will require about 30 mg",
    confidence="second-hand",
    url="http://selooki.blogg.se/2023/september/protamine-antidote-for-heparin.html",
)
WIKEM = Source(
    key="WikEM",
    citation="WikEM: unfractionated heparin",
    where="Anticoagulation effect lasts up to 3 hr after stopping infusion",
    confidence="second-hand",
    url="https://ww.wikem.org/wiki/Unfractionated_heparin",
)
DOAC_TRANSITION = DOAC_TO_HEPARIN.at(
    "Abstract: median 18.5 h (14.9 to 26.9) after a factor Xa inhibitor, 7.3 h (5.9 to 14.7) without"
)
GUILLET_2003 = Source(
    key="Guillet_enoxaparin",
    citation=(
        "Guillet B, Simon N, Sampol JJ, Lorec-Penet AM, Portugal H, Berland Y, Dussol B, Brunet P. Pharmacokinetics of the low "
        "molecular weight heparin enoxaparin during 48 h after bolus administration as an anticoagulant in haemodialysis"
    ),
    where="Abstract: 60 IU/kg in 30 patients; anti-Xa above 0.4 up to 10 h, above 0.1 up to 24 h",
    confidence="primary",
    url="https://dmice.ohsu.edu/trec-gen/data/2006/documents/nephrodiatransp.zip",
)
CPB_SPREAD = Source(
    key="ACT_spread",
    citation="Heparin and the ACT before bypass in adults (abstract; title not seen)",
    where="ACT from 210 to more than 600 s after 2 mg/kg (about 220 U/kg)",
    confidence="primary",
    url="https://popline.org/node/155072",
)
BIVALIRUDIN_HALF_LIFE = Source(
    key="Kidney_drug_handbook",
    citation="Bivalirudin, kidney-disease drug handbook (kidneydiseaseclinic.net)",
    where="half-life, normal: 13-37 minutes",
    confidence="primary",
    url="https://kidneydiseaseclinic.net/kdc/bivalirudin-txt",
)
NEWBORN_CLEARANCE = MCDONALD_1981.at("Abstract: eight normal adults, 75 U/kg: half-life 63.3 min")
SC_1983 = Source(
    key="Thromb_Res_1983",
    citation="Thromb Res 1983;32(4):381-391 (title not seen): 5,000 IU of heparin under the skin",
    where="Abstract: peak anti-Xa 0.07 IU/mL",
    confidence="primary",
    doi="10.1016/0049-3848(83)90091-9",
    pmid="6658720",
)
OBESE_BYPASS = Source(
    key="Obese_bypass_2018",
    citation="Heparin by total or ideal weight in 60 obese patients before bypass, a randomised trial (title not seen)",
    where="Abstract: 6.52 +- 0.97 IU/mL after 300 IU/kg of total weight",
    confidence="primary",
    url="https://insights.ovid.com/ejanet/201808000/00003643-201808000-00010",
)
PCI_10000 = Source(
    key="PCI_10000_U",
    citation=(
        "Assessment of safety and efficacy of conventional heparin dose in percutaneous coronary interventions characterized by "
        "means of activated clotting time. 2008 (205 patients; authors and journal not seen)"
    ),
    where="Abstract: 353 +- 94.5 s ten minutes after 10,000 U; the device is not in it",
    confidence="primary",
    url="https://www.acemap.info/paper/167442310",
)
INFANT_DOSES = Source(
    key="Infants_Toronto_2012",
    citation=(
        "Unfractionated heparin dosing in young infants: clinical outcomes in a cohort monitored with anti-factor Xa levels. "
        "J Thromb Haemost 2012;10(3):368-374"
    ),
    where="Abstract: 83 of 100 infants under 6 months reached anti-Xa 0.35-0.7; median dose 33 U/kg/h (quartiles 30-36)",
    confidence="primary",
    doi="10.1111/j.1538-7836.2012.04624.x",
    pmid="22244010",
)
PREGNANCY_DOSE = Source(
    key="Clark_2009",
    citation=(
        "Clark NP, Delate T, Cleary SJ, Witt DM. Analysis of unfractionated heparin dose requirements to target therapeutic "
        "anti-Xa intensity during pregnancy. Thromb Res 2009"
    ),
    where="Abstract: 39 pregnancies, 1998-2005: a mean of 403.5 U/kg/day for a mid-interval anti-Xa of 0.3-0.7 U/mL",
    confidence="primary",
    doi="10.1016/j.thromres.2009.07.014",
    pmid="19699510",
)
PREGNANCY_INTERMEDIATE_DOSE = Source(
    key="Pregnancy_UFH_2010",
    citation=(
        "Unfractionated heparin dose requirements targeting intermediate intensity antifactor Xa concentration during "
        "pregnancy. Pharmacotherapy 2010;30(4):369-74"
    ),
    where="Abstract: a mean of 236.9 U/kg/day at the first mid-interval anti-Xa of 0.1-0.3 U/mL, 27 pregnancies",
    confidence="primary",
    doi="10.1592/phco.30.4.369",
    pmid="20334457",
)
LEIDEN_ICU = Source(
    key="Leiden_ICU_2025",
    citation=(
        "Elevated unfractionated heparin requirement in COVID-19 ICU patients: exploring influencing factors. COVID 2025;5(4):51"
    ),
    where="Abstract: median 383 (162 patients with COVID-19) and 308 IU/kg/day (1,006 others); Appendix A: target 60-80 s",
    confidence="primary",
    url="https://www.mdpi.com/2673-8112/5/4/51",
)
ICU_BY_BMI = Source(
    key="Gerlach_2013",
    citation=(
        "Gerlach AT, Folino J, Morris BN, Murphy CV, Stawicki SP, Cook CH. Comparison of heparin dosing based on actual body "
        "weight in non-obese, obese and morbidly obese critically ill patients. Int J Crit Illn Inj Sci 2013;3(3):195-199"
    ),
    where="Abstract: at steady state 16.3 +- 5.3, 11.6 +- 5.5 and 11.1 +- 1.2 U/kg/h; mean BMI 24.2, 34.1 and 55.3",
    confidence="primary",
    doi="10.4103/2229-5151.119200",
    pmid="24404457",
)

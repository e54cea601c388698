"""How patients differ: the covariate effects of the default set, each with its paper, its size and what the patient would say.

Where a paper prints an effect, the factor on the parameter was chosen so that the default set gives it back (confidence
"derived"); where only a direction is printed, the size is "assumed" and says so. An effect that a paper contradicts stands in
``HYPOTHESES``: it is off until ``drug.with_hypotheses(name)`` switches it on.
"""

from heparin_pk.base.source import Source, Value
from heparin_pk.body.covariate import Covariate
from heparin_pk.published.hypothesis import Hypothesis
from heparin_pk.published.sources import BRANCAZIO, BRUNET_2008, HIRSH_1976, KANDROTAS_1989, SETTE_1985, TEIEN_1977

CAMPBELL_1996 = Source(
    key="Campbell_1996",
    citation="Campbell et al. 1996: aging and heparin-related bleeding (199 patients with proximal vein thrombosis)",
    where="Abstract: age against heparin level r = 0.239, against the dose needed r = -0.267",
    confidence="primary",
    url="http://archinte.jamanetwork.com/article.aspx?articleid=621860",
)
WOMEN = Source(
    key="Whitfield_1980_women",
    citation=(
        "Whitfield & Levy 1980. Relationship between concentration and anticoagulant effect of heparin in plasma of normal "
        "subjects: magnitude and predictability of interindividual differences"
    ),
    where="Abstract: women have steeper slopes; by how much is not printed",
    confidence="primary",
)
CHUNILAL_2002 = Source(
    key="Chunilal_2002",
    citation=(
        "Chunilal SD, Young E, Johnston MA, Robertson C, Naguit I, Stevens P, Galashan D, Oskamp ML, Brennan B, Ginsberg JS. The "
        "APTT response of pregnant plasma to unfractionated heparin. Thromb Haemost 2002;87(1):92-97"
    ),
    where=(
        "Abstract: slope of log aPTT (base not stated) against added heparin 0.76 in 13 plasmas of the third trimester, 1.2 in "
        "15 of women who were not pregnant; correlated with non-specific protein binding (47 against 35 %), fibrinogen (5.1 "
        "against 2.8 g/L) and factor VIII (2.7 against 1.2 U/mL)"
    ),
    confidence="primary",
    doi="10.1055/s-0037-1612949",
    pmid="11848463",
)
WHITFIELD_1983 = Source(
    key="Whitfield_1983",
    citation="Whitfield et al. 1983: heparin and the aPTT in pregnant and other women",
    where="Abstract: slope 2.33 +- 0.49 (not pregnant) and 1.68 +- 0.46 (third trimester)",
    confidence="primary",
    doi="10.1038/clpt.1983.123",
)
GUSTO_I = Source(
    key="GUSTO_I_aPTT",
    citation="Granger et al. 1996: aPTT and outcome in 29,656 patients given lysis and heparin (GUSTO-I)",
    where="Abstract: the 24-hour aPTT is lower in smokers; by how much is not printed",
    confidence="primary",
    url="https://scilit.com/publications/afdf6558591d0c70488068381b49e0ea",
)
CIRCADIAN_1994 = Source(
    key="Circadian_1994",
    citation=(
        "J Intern Med 1994: diurnal variations in the effect of a continuous heparin infusion, nine patients with venous "
        "thromboembolism (title and authors not on the page read)"
    ),
    where=(
        "Abstract: highest from 4 to 6 h, lowest at 12 h in all variables; 26 % of the 24-h mean between the two in the anti-IIa "
        "(P < 0.05) and the anti-Xa (not significant, 95 % CI -0.05 to 0.72 U/mL)"
    ),
    confidence="primary",
    doi="10.1111/j.1365-2796.1994.tb01096.x",
)
DECOUSUS_1985 = Source(
    key="Decousus_1985",
    citation=(
        "Decousus HA, Croze M, Levi FA, Jaubert JG, Perpoint BM, De Bonadona JF, Reinberg A, Queneau PM. Circadian changes in "
        "anticoagulant effect of heparin infused at a constant rate. Br Med J 1985;290:341-344"
    ),
    where=(
        "Abstract: six patients, highest at night and lowest in the morning, on two days alike; between them almost 50 % in the "
        "aPTT, 60 % in the thrombin time, 40 % in the factor Xa assay"
    ),
    confidence="primary",
    doi="10.1136/bmj.290.6465.341",
    pmid="3917812",
)
KRULDER_1992 = Source(
    key="Krulder_1992",
    citation=(
        "Krulder JW, de Boer A, van den Besselaar AM, Cohen AF, Schoemaker HC, Briët E, Meinders AE. Diurnal rhythm in "
        "anticoagulant effect of heparin during a low dose constant rate infusion. Thromb Haemost 1992;68(1):30-2"
    ),
    where="Abstract: six volunteers, 500 U/h for 30 h; aPTT, thrombin time and anti-Xa higher at night, lower in the morning",
    confidence="primary",
    pmid="1514169",
)
APIXABAN = Source(
    key="Ward_2013",
    citation=(
        "Ward C, Conner G, Donnan G, Gallus A, McRae S. Practical management of patients on apixaban: a consensus guide. "
        "Thrombosis Journal 2013;11:27"
    ),
    where="Abstract: a direct factor Xa inhibitor with a 12-hour half-life",
    confidence="primary",
    doi="10.1186/1477-9560-11-27",
    pmid="24380488",
)
MELICINE_2024 = Source(
    key="Melicine_2024",
    citation=(
        "Melicine S, Habay C, Ghammad W, Carré J, Diehl JL, Smadja DM, Gendron N, Helley D, Mauge L. DOAC-Remove to counteract "
        "the interference of anti-Xa oral anticoagulants on the monitoring of heparin. Int J Lab Hematol 2024"
    ),
    where=(
        "Abstract: interference with the anti-Xa lasted 6.0 days (quartiles 3.0 and 11.0) after apixaban (26 patients), 4.5 (2.0 "
        "and 5.8) after rivaroxaban (20), more than 3 days in 83 % of 89; only suspected cases were tested"
    ),
    confidence="primary",
    doi="10.1111/ijlh.14321",
    pmid="38803134",
)
DOAC_TO_HEPARIN = Source(
    key="DOAC_to_heparin",
    citation=(
        "An evaluation of time to therapeutic range of intravenous unfractionated heparin after transitioning from direct oral "
        "factor Xa inhibitors (authors, journal and year not on the page read)"
    ),
    where="Abstract: in range after 18.5 h (quartiles 14.9 and 26.9), against 7.3 h without such a drug before",
    confidence="primary",
    url=(
        "https://discovery.researcher.life/article/an-evaluation-of-time-to-therapeutic-range-of-intravenous-unfractionated-"
        "heparin-after-transitioning-from-direct-oral-factor-xa-inhibitors/26ae3010e8773e28995014c639c6a3df"
    ),
)
SAME_NEED = Source(
    key="Heparin_requirements_31",
    citation=(
        "Heparin requirements in pulmonary embolism and venous thrombosis: a prospective study (authors, journal and year not on "
        "the page read)"
    ),
    where=(
        "Abstract: 31 patients need 426 (pulmonary embolism), 507 (deep vein thrombosis), 434 (neither) and 457 (normal "
        "venogram) U/kg in the first 24 h, not significantly different: the diagnosis does not affect the dose"
    ),
    confidence="primary",
    url="https://scilit.com/publications/eaf7be9440ce1ac0244284a02ad54dcb",
)
ENSOM_2004 = Source(
    key="Ensom_2004",
    citation=(
        "Ensom MHH, et al. Pharmacokinetics of low molecular weight heparin and unfractionated heparin in pregnancy. J Soc "
        "Gynecol Investig 2004;11(6):377-383"
    ),
    where=(
        "Abstract: six women, area under the anti-Xa of heparin before pregnancy and in each trimester, no significant difference"
    ),
    confidence="primary",
    doi="10.1016/j.jsgi.2004.02.007",
    pmid="15350250",
)

AGE = Covariate(
    name="age",
    feature="age_y",
    on=("bmax_u",),
    form="per unit above",
    reference=60.0,
    effect=Value(-0.004, CAMPBELL_1996.at("only correlations are printed; 0.4 % less capacity a year is assumed", "assumed")),
    words="I am over 60: my vessel walls take up less heparin each year, so I need a little less.",
)
SEX = Covariate(
    name="sex",
    feature="female",
    on=("slope_ml_per_u",),
    form="times",
    effect=Value(1.12, WOMEN.at("women have steeper slopes; 12 % is assumed", "assumed")),
    words="I am a woman: my aPTT rises a little more steeply with the same heparin.",
)
FACTOR_VIII = Covariate(
    name="factor VIII",
    feature="factor_viii_u_per_ml",
    on=("slope_ml_per_u",),
    form="power above",
    reference=1.2,
    effect=Value(
        -0.56,
        CHUNILAL_2002.at(
            "slopes 0.76 / 1.2 at factor VIII 2.7 / 1.2 U/mL (the ratio needs no base of the log). Assumed: that all of it is "
            "factor VIII; the paper names non-specific protein binding first, and fibrinogen",
            "assumed",
        ),
    ),
    words="My factor VIII is high, and what rises with it: my aPTT looks low although there is enough heparin.",
)
"""Assumed in size, and not contradicted: in the test tube 6 U/mL of factor VIII alone shorten the aPTT by about half at 0.5 U/mL
of heparin and leave the anti-Xa as it is (Mitsuguro M, et al. Int J Hematol 2015;101(2):119-125, abstract, PMID 25416968)."""
PREGNANCY_RESPONSE = Covariate(
    name="pregnancy",
    feature="pregnant",
    on=("slope_ml_per_u",),
    form="times",
    effect=Value(1.68 / 2.33, WHITFIELD_1983.at("slope 1.68 against 2.33 mL/U", "derived")),
    words="I am in the last third of pregnancy: my aPTT rises less with the same heparin.",
)
SMOKING = Covariate(
    name="smoking",
    feature="smoker",
    on=("bmax_u",),
    form="times",
    effect=Value(1.1, GUSTO_I.at("only the direction is printed; 10 % more capacity is assumed", "assumed")),
    words="I smoke: heparin leaves me a little faster.",
)
DOAC = Covariate(
    name="factor Xa inhibitor",
    feature="doac_anti_xa_u_per_ml",
    on=("anti_xa_u_per_ml",),
    form="fades",
    effect=Value(
        12.0, APIXABAN.at("Abstract: a 12-hour half-life. In hospital patients the anti-Xa often stays longer (Melicine_2024)")
    ),
    words=(
        "I took a pill that blocks factor Xa: the anti-Xa test counts it as heparin until it is gone. In a hospital that often "
        "takes days longer than a half-life of 12 hours says."
    ),
)

COVARIATE_EFFECTS = (AGE, SEX, FACTOR_VIII, PREGNANCY_RESPONSE, SMOKING, DOAC)
"""The covariate effects of the default set besides weight and antithrombin; a patient without the feature is typical."""

ACUTE_THROMBOSIS = Hypothesis(
    effect=Covariate(
        name="acute thrombosis",
        feature="acute_thrombosis",
        on=("bmax_u",),
        form="times",
        effect=Value(
            1.2,
            HIRSH_1976.at(
                "half-life shorter in four with pulmonary embolism (P < 0.005); 1.2, 20.7 U/kg/h, is assumed", "assumed"
            ),
        ),
        words="I have a fresh clot: heparin leaves me faster in the first days.",
    ),
    against=(
        SAME_NEED,
        HIRSH_1976.at("Abstract: the half-lives of all 20 are similar to values previously reported in normal volunteers"),
    ),
)
CIRRHOSIS = Hypothesis(
    effect=Covariate(
        name="cirrhosis",
        feature="cirrhosis",
        on=("bmax_u",),
        form="times",
        effect=Value(
            0.48, TEIEN_1977.at("half-life 117.8 min (6 patients) against 74.0: 0.48 of the capacity gives it", "derived")
        ),
        words="My liver is scarred: it clears heparin at half its capacity.",
    ),
    against=(
        SETTE_1985.at(
            "Abstract: heparin kinetics in chronic liver disease did not differ from controls; fulminant failure clears it "
            "faster, half-life 27.8 against 50.2 min"
        ),
    ),
)
KIDNEY_FAILURE = Hypothesis(
    effect=Covariate(
        name="kidney failure",
        feature="kidney_failure",
        on=("clearance_ml_per_h",),
        form="times",
        effect=Value(
            0.17,
            KANDROTAS_1989.at(
                "half-life 117 min on dialysis against 74.0 min in normal people of another study, dose and assay (Teien "
                "1977): 0.17 of the first-order clearance. A longer half-life in uraemia is printed without its size by "
                "Andrassy 1981 (PMID 7330827)",
                "derived",
            ),
        ),
        words="My kidneys have failed: the slow, first-order part of my clearance is nearly gone.",
    ),
    against=(BRUNET_2008.at("Abstract: terminal half-life 54 min in 35 patients on haemodialysis, that of people with kidneys"),),
)
PREGNANCY_KINETICS = Hypothesis(
    effect=Covariate(
        name="pregnancy kinetics",
        feature="pregnant",
        on=("v1_ml", "clearance_ml_per_h", "bmax_u"),
        form="times",
        effect=Value(
            1.5,
            BRANCAZIO.at(
                "peak 0.11 against 0.23 U/mL under the skin, at 113 against 222 min; half more of each is assumed: it gives "
                "0.14, and not the earlier peak",
                "assumed",
            ),
        ),
        words="I am in the last third of pregnancy: heparin spreads wider and leaves faster.",
    ),
    against=(ENSOM_2004,),
)
TIME_OF_DAY = Hypothesis(
    effect=Covariate(
        name="time of day",
        feature="clock_at_start_h",
        on=("activity_fraction",),
        form="swing",
        reference=0.0,
        effect=Value(
            0.13,
            CIRCADIAN_1994.at(
                "26 % between highest and lowest, taken as 13 % either way. A cosine has one free moment: its lowest stands at "
                "12 h as printed, so that its highest falls at 0 h, where 4 to 8 h is printed",
                "derived",
            ),
        ),
        words="The same infusion thins my blood least around noon, and more at night.",
    ),
    supporting=(
        DECOUSUS_1985.at(
            "Abstract: a larger swing than this, 40 % in the factor Xa assay and almost 50 % in the aPTT, on two days"
        ),
        KRULDER_1992,
    ),
    against=(
        CIRCADIAN_1994.at(
            "Abstract: the anti-Xa difference is not significant (95 % CI -0.05 to 0.72 U/mL), and the moment of the highest "
            "and the lowest effect varies widely between patients"
        ),
        DECOUSUS_1985.at("Abstract: against the hour alone: lowest in the morning, and not at noon"),
    ),
)
SLOW_DOAC = Hypothesis(
    effect=Covariate(
        name="slow factor Xa inhibitor",
        feature="doac_anti_xa_u_per_ml",
        on=("anti_xa_u_per_ml",),
        form="fades",
        effect=Value(
            45.0,
            MELICINE_2024.at(
                "6.0 days after apixaban, from 0.92 U/mL (another cohort, PMID 40028301) to 0.1 U/mL (assumed; the limit is not "
                "printed); with the quartiles 3.0 and 11.0 days it is 22 and 82 h",
                "derived",
            ),
        ),
        words="I took a pill that blocks factor Xa: days later the anti-Xa test still counts it as heparin.",
    ),
    against=(APIXABAN, DOAC_TO_HEPARIN),
)

HYPOTHESES = (ACUTE_THROMBOSIS, CIRRHOSIS, KIDNEY_FAILURE, PREGNANCY_KINETICS, TIME_OF_DAY, SLOW_DOAC)
"""Covariate effects that a paper contradicts, with that paper: off by default, for ``drug.with_hypotheses(name)``."""

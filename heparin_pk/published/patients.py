"""How patients differ: the covariate effects of the default set, each with its paper, its size and what the patient would say.

Where a paper prints an effect (a ratio of half-lives), the factor on the parameter was chosen so that the default set gives it
back (confidence "derived"); where only a direction is printed, the size is "assumed" and says so.
"""

from heparin_pk.base.source import Source, Value
from heparin_pk.body.covariate import Covariate
from heparin_pk.published.sources import BRANCAZIO, HIRSH_1976, KANDROTAS_1989, TEIEN_1977

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
    citation="Chunilal et al. 2002: the aPTT of pregnant women responds less to heparin (abstract)",
    where="Abstract: log-slope 0.76 against 1.2 with factor VIII 2.7 against 1.2 U/mL",
    confidence="primary",
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
    citation="J Intern Med 1994: swing of heparin's effect over the day at a constant infusion (nine patients; title not seen)",
    where="Abstract: highest from 4 to 6 h, lowest at 12 h; 26 % anti-Xa between the two",
    confidence="primary",
    doi="10.1111/j.1365-2796.1994.tb01096.x",
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
ACUTE_THROMBOSIS = Covariate(
    name="acute thrombosis",
    feature="acute_thrombosis",
    on=("bmax_u",),
    form="times",
    effect=Value(
        1.2, HIRSH_1976.at("half-life shorter with pulmonary embolism (P < 0.005); 1.2 puts the need at 20.7 U/kg/h", "assumed")
    ),
    words="I have a fresh clot: heparin leaves me faster in the first days.",
)
CIRRHOSIS = Covariate(
    name="cirrhosis",
    feature="cirrhosis",
    on=("bmax_u",),
    form="times",
    effect=Value(
        0.48,
        TEIEN_1977.at(
            "half-life 117.8 against 74.0 min: 0.48 of the capacity gives it. Sette 1985 saw no change in chronic liver disease",
            "derived",
        ),
    ),
    words="My liver is scarred: it clears heparin at half its capacity.",
)
KIDNEY_FAILURE = Covariate(
    name="kidney failure",
    feature="kidney_failure",
    on=("clearance_ml_per_h",),
    form="times",
    effect=Value(
        0.17,
        KANDROTAS_1989.at(
            "half-life 117 min on dialysis against 74.0 min in normal people (Teien 1977): 0.17 of the first-order clearance",
            "derived",
        ),
    ),
    words="My kidneys have failed: the slow, first-order part of my clearance is nearly gone.",
)
FACTOR_VIII = Covariate(
    name="factor VIII",
    feature="factor_viii_u_per_ml",
    on=("slope_ml_per_u",),
    form="power above",
    reference=1.2,
    effect=Value(
        -0.56, CHUNILAL_2002.at("0.76 / 1.2 at 2.7 / 1.2 U/mL; all of it put on factor VIII (fibrinogen rose too)", "derived")
    ),
    words="My factor VIII is high: my aPTT looks low although there is enough heparin.",
)
PREGNANCY_RESPONSE = Covariate(
    name="pregnancy",
    feature="pregnant",
    on=("slope_ml_per_u",),
    form="times",
    effect=Value(1.68 / 2.33, WHITFIELD_1983.at("slope 1.68 against 2.33 mL/U", "derived")),
    words="I am in the last third of pregnancy: my aPTT rises less with the same heparin.",
)
PREGNANCY_KINETICS = Covariate(
    name="pregnancy",
    feature="pregnant",
    on=("v1_ml", "clearance_ml_per_h", "bmax_u"),
    form="times",
    effect=Value(
        1.5, BRANCAZIO.at("peak 0.11 against 0.23 U/mL under the skin; half more of each is assumed and explains 0.14", "assumed")
    ),
    words="I am in the last third of pregnancy: heparin spreads wider and leaves faster.",
)
SMOKING = Covariate(
    name="smoking",
    feature="smoker",
    on=("bmax_u",),
    form="times",
    effect=Value(1.1, GUSTO_I.at("only the direction is printed; 10 % more capacity is assumed", "assumed")),
    words="I smoke: heparin leaves me a little faster.",
)
TIME_OF_DAY = Covariate(
    name="time of day",
    feature="clock_at_start_h",
    on=("activity_fraction",),
    form="swing",
    reference=5.0,
    effect=Value(0.13, CIRCADIAN_1994.at("26 % between highest and lowest, taken as 13 % either way about 5 h", "derived")),
    words="The same infusion thins my blood most before dawn and least around midday or later.",
)
DOAC = Covariate(
    name="factor Xa inhibitor",
    feature="doac_anti_xa_u_per_ml",
    on=("anti_xa_u_per_ml",),
    form="fades",
    effect=Value(12.0, APIXABAN),
    words="I took a factor Xa inhibitor: the anti-Xa assay counts it as heparin until it is gone.",
)

COVARIATE_EFFECTS = (
    AGE,
    SEX,
    ACUTE_THROMBOSIS,
    CIRRHOSIS,
    KIDNEY_FAILURE,
    FACTOR_VIII,
    PREGNANCY_RESPONSE,
    PREGNANCY_KINETICS,
    SMOKING,
    TIME_OF_DAY,
    DOAC,
)
"""The covariate effects of the default set besides weight and antithrombin; a patient without the feature is typical."""

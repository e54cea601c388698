"""Several models in one call and in one picture."""

import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from heparin_pk import Bolus, Infusion, OutsideValidityDomain, Patient, Regimen, Subcutaneous, overlay, plot, published, simulate

PATIENT = Patient(weight_kg=75, height_cm=175, sex="male", age_y=50)

USUAL = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
class TestOverlay:
    def test_is_one_simulation_each(self):
        courses = overlay(PATIENT, published.UFH, USUAL)
        assert [course.drug for course in courses] == list(published.UFH)
        alone = simulate(PATIENT, published.JIA_2015_UFH, USUAL, hours=24)
        np.testing.assert_array_equal(courses[5].states, alone.states)

    def test_labels_say_assay_and_validity(self):
        ax = plot.overlay(overlay(PATIENT, published.UFH, USUAL), target=published.ranges.ANTI_XA_TREATMENT)
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert len(labels) == 16  # the seventeenth says nothing about anti-Xa
        assert "Jia 2015 (bypass)\n(anti-FIIa) outside: dose, route" in labels
        assert any("within what was studied" in label for label in labels)
        assert any("Edrich 2015 (ablation)" in text.get_text() for text in ax.texts)
        thin = [line.get_linewidth() for line in ax.get_lines() if "outside" in str(line.get_label())]
        thick = [line.get_linewidth() for line in ax.get_lines() if "within" in str(line.get_label())]
        assert max(thin) < min(thick)
        lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
        patterns = [str(line._unscaled_dash_pattern) for line in lines]  # its public name for every broken line is "--"
        assert len({(line.get_color(), dashes) for line, dashes in zip(lines, patterns, strict=True)}) == len(lines) == 16
        assert len(set(patterns[:6])) == 6, "told apart without colour"
        plt.close(ax.figure)

    def test_a_model_keeps_its_colour_from_assay_to_assay(self):
        courses = overlay(PATIENT, published.UFH, USUAL)
        looks = []
        for assay in ("anti_xa_u_per_ml", "aptt_ratio"):
            ax = plot.overlay(courses, assay=assay)
            lines = [line for line in ax.get_lines() if "(" in str(line.get_label())]
            looks.append(
                {str(line.get_label()).split("\n")[0]: (line.get_color(), str(line._unscaled_dash_pattern[1])) for line in lines}
            )
            plt.close(ax.figure)
        both = looks[0].keys() & looks[1].keys()
        assert len(both) == 11
        assert all(looks[0][name][0] == looks[1][name][0] for name in both)

    def test_what_lies_beyond_is_hatched(self):
        beyond = Regimen((Bolus(time_h=0, dose_u_per_kg=900),))
        course = simulate(PATIENT, published.UFH_DEFAULT, beyond, hours=6)
        axes = plot.course(course, target=published.ranges.ANTI_XA_TREATMENT)
        assert [c for c in axes[0].collections if c.get_hatch()]
        assert any("outside: dose, level" in text.get_text() for text in axes[0].texts)
        usual = plot.course(simulate(PATIENT, published.UFH_DEFAULT, USUAL), target=published.ranges.ANTI_XA_TREATMENT)
        assert not [c for c in usual[0].collections if c.get_hatch()]
        plt.close("all")

    def test_words(self):
        words = plot.describe_overlay(overlay(PATIENT, (published.UFH_DEFAULT, published.EDRICH_2015_UFH), USUAL))
        assert words.startswith("anti-Xa after 24 h: binding pool (default) 0.449 U/mL (within what was studied)")
        assert "Edrich 2015 (ablation): nothing published" in words

    def test_what_is_not_in_the_picture_is_named_under_it(self):
        ax = plot.overlay(overlay(PATIENT, published.UFH, USUAL), assay="aptt_s", target=published.ranges.APTT_RASCHKE)
        said = "\n".join(text.get_text() for text in ax.texts)
        assert "nothing published about aPTT: Delavenne 2017 (bypass); Lanoiselée 2026 (bypass);\nEdrich 2015 (ablation)" in said
        assert "ends above this picture: Jia 2015 (bypass), 240 s; Al-Sallami 2016 (children), 417" in said
        assert ax.get_ylim()[0] == 20
        plt.close(ax.figure)

    @pytest.mark.parametrize("rate", [0.0, 3.0])
    def test_the_range_stays_in_the_picture_when_nothing_reaches_it(self, rate):
        little = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=rate),))
        ax = plot.overlay(overlay(PATIENT, (published.UFH_DEFAULT,), little), target=published.ranges.ANTI_XA_TREATMENT)
        assert ax.get_ylim()[0] == 0
        assert ax.get_ylim()[1] > 0.7
        plt.close(ax.figure)

    def test_no_reason_is_lost_in_the_short_form(self, monkeypatch):
        small, great = (replace(PATIENT, weight_kg=kg, age_y=y, height_cm=cm) for kg, y, cm in ((9, 2, 75), (250, 110, 175)))
        courses = [course for patient in (PATIENT, small, great) for course in overlay(patient, published.UFH, USUAL)]
        shorts = [plot.outside_in_short(course) for course in courses]
        assert [short.startswith("outside: ") for short in shorts] == [bool(course.outside) for course in courses]
        assert not [short for short in shorts if "got" in short]
        monkeypatch.setitem(plot.outside_in_short.__globals__, "_KINDS", {})  # a reason without a short word
        assert plot.outside_in_short(courses[5]).startswith("outside: was studied at bolus 125 to 500 U/kg; got 80")

    @pytest.mark.parametrize(
        ("drugs", "regimen", "message"),
        [
            ((), USUAL, "must be dosed in one unit; got none"),
            (
                (published.UFH_DEFAULT, published.SWAN_ARGATROBAN_DERIVED),
                USUAL,
                "UFH_B_DERIVED in U; SWAN_ARGATROBAN_DERIVED in µg",
            ),
            (
                (published.JIA_2015_UFH,),
                Regimen((Subcutaneous(time_h=0, dose_u=1),)),
                "JIA_2015_UFH: this model does not say how a subc",
            ),
            (("UFH",), USUAL, "a model must be a Drug; got 'UFH'"),
        ],
    )
    def test_what_cannot_be_overlaid(self, drugs, regimen, message):
        with pytest.raises(ValueError, match=message):
            overlay(PATIENT, drugs, regimen)
        with pytest.raises(ValueError, match="none of these models says anything about aPTT"):
            plot.overlay(overlay(PATIENT, (published.EDRICH_2015_UFH,), USUAL), assay="aptt_s")


def test_one_warning_a_model():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        overlay(PATIENT, (published.UFH_DEFAULT, published.JIA_2015_UFH, published.SALEM_2022_UFH), USUAL)
    assert [str(one.message).split()[0] for one in said] == ["Jia", "Salem"]
    assert all(one.category is OutsideValidityDomain and one.filename == __file__ for one in said)

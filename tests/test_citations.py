"""Citations: a run cites the papers it used and no others."""

import re

import pytest

from heparin_pk import Bolus, Nomogram, Patient, Regimen, print_citations, published, simulate, titrate
from heparin_pk.base import citations as papers


def test_a_run_cites_what_it_used_and_nothing_else(capsys):
    jia = simulate(Patient(weight_kg=66), published.JIA_2015_UFH, Regimen((Bolus(time_h=0, dose_u_per_kg=375),)), hours=2)
    keys = {source.key for source in papers.sources(jia)}
    assert keys >= {
        "Jia_2015",
        "Whitfield_1980",
        published.reagents.MODERN.source.key,
    }  # the model, the exponential law, the reagent it is read in
    assert not keys & {"Erasmus_115265", "Krulder_1996", "Hirsh_1976", "Campbell_1996", "Raschke_1993"}
    child = Patient(weight_kg=20, height_cm=115, sex="male", age_y=6)
    bolus = Regimen((Bolus(time_h=0, dose_u_per_kg=91),))
    keys = {source.key for source in papers.sources(simulate(child, published.AL_SALLAMI_2016_UFH, bolus, hours=2))}
    assert keys == {"Al_Sallami_2016", "Al_Sallami_2015"}
    old = Patient(weight_kg=70, age_y=80)
    course = titrate(old, published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=12)
    keys = {source.key for source in papers.sources(course)}
    assert keys >= {"Hirsh_1976", "Campbell_1996", "Raschke_1993"}
    assert not keys & {"Teien_1977_cirrhosis", "Ward_2013", "Circadian_1994"}
    capsys.readouterr()
    print_citations()
    last = capsys.readouterr().out
    print_citations(course)
    assert capsys.readouterr().out == last
    assert last.count("@misc{") == len(keys)
    assert "Raschke RA, Reilly BM" in last.split("@misc")[0]


def test_bibtex_is_balanced():
    for drug in published.ALL:
        for source in drug.sources:
            entry = source.bibtex()
            assert entry.count("{") == entry.count("}")
            assert re.match(r"@misc\{[A-Za-z0-9_-]+,\n", entry)
            assert not re.search(r"(?<!\\)[%&#$]", entry)


def test_nothing_was_run_yet(monkeypatch):
    monkeypatch.setattr(papers, "_latest", [])
    with pytest.raises(ValueError, match="nothing was run yet"):
        papers.citations()
    with pytest.raises(ValueError, match="a course must be a Course or a Trial; got 3"):
        papers.citations(3)

"""The colours of the pictures and of the widgets: contrast on what they stand on, and readers who see no red or no green.

Contrast: WCAG 2.2, definitions "relative luminance" and "contrast ratio" (w3.org/TR/WCAG22); 3:1 for lines and marks (1.4.11),
4.5:1 for text (1.4.3).

Readers without red or green cones: Machado GM, Oliveira MM, Fernandes LAF. A physiologically-based model for simulation of color
vision deficiency. IEEE Trans Vis Comput Graph 2009;15:1291-1298, the matrices of severity 1.0, on linear RGB (second-hand: as
public programs print them, which agree digit for digit). Distance: CIE 1976 L*a*b*, white D65.
"""

from __future__ import annotations

from itertools import combinations

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex, to_rgb

from heparin_pk import Nomogram, Patient, plot, published, titrate
from heparin_pk.widgets.page import DARK

LINES = {name: getattr(plot, name) for name in ("BLUE", "VERMILION", "PURPLE", "BROWN", "NAVY", "GREEN", "BLACK")}
SEEN_BY = {
    "all cones": np.eye(3),
    "no red cones": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
LEAST_DISTANCE = 20.0
"""Of two lines, in L*a*b*. Our choice: a little more than the 18 that is the least among the six colours of Okabe and Ito, for
readers without green cones."""


def linear(colour: str) -> np.ndarray:
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((float(XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lab(colour: str, seen_by: str) -> np.ndarray:
    t = XYZ @ np.clip(SEEN_BY[seen_by] @ linear(colour), 0.0, 1.0) / (XYZ @ np.ones(3))
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def over(colour: str, opacity: float, under: str = "white") -> str:
    return to_hex(opacity * np.array(to_rgb(colour)) + (1 - opacity) * np.array(to_rgb(under)))


SHADE = over(plot.RANGE, plot.RANGE_SHADE)


def test_the_formulas_give_known_numbers():
    assert contrast("white", "black") == pytest.approx(21.0)
    assert contrast("white", "#767676") == pytest.approx(4.54, abs=0.01)  # the lightest grey that passes, as WCAG tools print it
    assert lab("white", "all cones") == pytest.approx([100.0, 0.0, 0.0], abs=0.1)
    assert lab("red", "all cones") == pytest.approx([53.2, 80.1, 67.2], abs=0.1)  # sRGB red in CIE L*a*b*, D65


@pytest.mark.parametrize("name", LINES)
def test_a_line_stands_out_on_white_and_on_the_shaded_range(name):
    assert contrast(LINES[name], "white") >= 3.0
    assert contrast(LINES[name], SHADE) >= 3.0


def in_the_dark(colour: str) -> str:
    """Return what the filter of the dark theme makes of a colour (W3C Filter Effects 1: hueRotate of 180 degrees)."""
    assert DARK == "invert(0.93) hue-rotate(180deg)"
    turned = [[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]]
    inverted = 0.93 * (1.0 - np.array(to_rgb(colour))) + 0.07 * np.array(to_rgb(colour))
    return to_hex(np.clip(turned @ inverted, 0.0, 1.0))


@pytest.mark.parametrize("name", LINES)
def test_a_line_stands_out_in_the_dark_theme(name):
    assert in_the_dark("white") == "#121212"
    for under in ("white", SHADE):
        assert contrast(in_the_dark(LINES[name]), in_the_dark(under)) >= 3.0
        assert contrast(in_the_dark(plot.RANGE_TEXT), in_the_dark(under)) >= 4.5


@pytest.mark.parametrize("seen_by", SEEN_BY)
def test_two_lines_are_never_alike(seen_by):
    assert set(plot.COLOURS) == set(LINES.values()) - {plot.BLACK}
    distances = {
        pair: float(np.linalg.norm(lab(LINES[pair[0]], seen_by) - lab(LINES[pair[1]], seen_by)))
        for pair in combinations([name for name in LINES if name != "BLACK"], 2)
    }
    assert min(distances.values()) >= LEAST_DISTANCE, min(distances.items(), key=lambda item: item[1])


def test_the_words_and_the_edges_of_the_range_can_be_read():
    for under in ("white", SHADE):
        assert contrast(plot.RANGE_TEXT, under) >= 4.5


def pictures():
    """Return pictures that write in colour, and that shade a range."""
    patient, table = Patient(weight_kg=75), Nomogram.load("raschke-1993")
    heparin, target = published.UFH_DEFAULT, published.ranges.ANTI_XA_TREATMENT
    several = list(published.reagents.REAGENTS.values())
    yield plot.course(titrate(patient, heparin, table), target=table.target)[0]
    yield plot.bands(table)
    yield plot.clearances({"m": heparin}, patient, target)
    yield plot.reagents(patient, several, target=table.target)


def test_every_written_word_has_contrast_on_white_and_on_the_range():
    seen = set()
    for ax in pictures():
        for text in [*ax.texts, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]:
            seen.add(to_hex(text.get_color()))
    plt.close("all")
    assert len(seen) >= 3
    for colour in seen:
        assert contrast(colour, "white") >= 4.5, colour
        assert contrast(colour, SHADE) >= 4.5, colour


def test_every_line_of_these_pictures_has_contrast():
    for ax in pictures():
        for line in ax.get_lines():
            opacity = line.get_alpha() if line.get_alpha() is not None else 1.0
            assert contrast(over(to_hex(line.get_color()), opacity), "white") >= 3.0, line.get_label()
    plt.close("all")


def test_lines_differ_in_their_dashes_too():
    assert len(set(plot.DASHES)) == len(plot.COLOURS)

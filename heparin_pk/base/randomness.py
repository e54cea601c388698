"""Counter-based random numbers: every draw has an address, so the order of calls does not matter.

A draw is addressed by (seed, stream, subject, time). An extra blood sample therefore changes no other draw, and patient 17 is
the same patient in any cohort, in any order and on any machine.

The bits are those of Philox4x64-10 (Salmon et al. 2011) with key (seed, stream) and counter (subject, moment, 0, 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from heparin_pk.base.checks import as_seen
from heparin_pk.base.elementwise import COMPILED, each
from heparin_pk.base.streams import Stream, SubStream, address

Compiler = Callable[[Callable[..., Any]], Callable[..., Any]]

_TICKS_PER_H = 36_000  # a tenth of a second
_TOGETHER = 4096
"""So many words are computed together: what that takes stays in the processor's cache."""
_FEW = 4
"""Up to so many different moments are drawn one after the other, each for all its subjects at once: of more moments each has too
few of the subjects for numpy's own generator, which draws for all between the first and the last."""


def checked_seed(seed: int | np.random.Generator) -> int:
    """Return a seed as an integer; a Generator is asked for one (and moves on).

    Raises ``ValueError`` for anything else, and for integers outside [0, 2**64).
    """
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2**64 - 1 or a numpy Generator; got {as_seen(seed)}")
    return int(seed)


def standard_normal(seed: int, stream: Stream | SubStream, time_h: float, subject: int = 0) -> float:
    """Return the standard normal number at this address.

    >>> standard_normal(1, Stream.TABLE_ROW, 6.0) == standard_normal(1, Stream.TABLE_ROW, 6.0)
    True
    """
    return float(inverse_normal(np.array([uniform(seed, stream, time_h, subject)]))[0])


def uniform(seed: int, stream: Stream | SubStream, time_h: float, subject: int = 0) -> float:
    """Return the number at this address that is spread evenly over (0, 1)."""
    raw = np.random.Philox(key=_key(seed, stream), counter=_counter(subject, time_h)).random_raw()
    return _between_0_and_1(int(raw))


def standard_normals(seed: int, stream: Stream | SubStream, time_h: float | np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Return the standard normal numbers of many subjects (m,), at one moment or each at its own (m,).

    >>> alone = [standard_normal(1, Stream.STEP, 6.0, i) for i in range(9)]
    >>> bool((standard_normals(1, Stream.STEP, 6.0, np.arange(9)) == alone).all())
    True
    """
    return inverse_normal(uniforms(seed, stream, time_h, subjects))


def uniforms(seed: int, stream: Stream | SubStream, time_h: float | np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Return :func:`uniform` of many subjects (m,), at one moment or each at its own (m,)."""
    subjects = np.asarray(subjects, dtype=np.uint64)
    key = _key(seed, stream)
    if uniforms in COMPILED:
        ticks = _ticks(time_h) if isinstance(time_h, np.ndarray) else _counter(0, time_h)[1:2]
        return np.asarray(COMPILED[uniforms](subjects, ticks, _round_keys(key)))
    if not isinstance(time_h, np.ndarray):
        return _spread(_at_one_moment(key, time_h, subjects))
    if len(moments := np.unique(time_h)) > _FEW:
        return _spread(_first_words(key, subjects, time_h))
    raw = np.empty(len(subjects), dtype=np.uint64)
    for moment in moments.tolist():
        here = time_h == moment
        raw[here] = _at_one_moment(key, moment, subjects[here])
    return _spread(raw)


def _key(seed: int, stream: Stream | SubStream) -> np.ndarray:
    return np.array([seed, address(stream)], dtype=np.uint64)


def _counter(subject: int, time_h: float) -> np.ndarray:
    return np.array([subject, round(time_h * _TICKS_PER_H), 0, 0], dtype=np.uint64)


def _between_0_and_1(raw: int) -> float:
    return ((raw >> 11) + 0.5) * 2.0**-53


def _spread(raw: np.ndarray) -> np.ndarray:
    return ((raw >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53


def _at_one_moment(key: np.ndarray, time_h: float, subjects: np.ndarray) -> np.ndarray:
    """Return the raw words of many subjects at one moment: neighbours lie on one stream, four words apart."""
    if not len(subjects):
        return subjects
    first, last = int(subjects.min()), int(subjects.max())
    if last - first < 4 * len(subjects) + 64:
        words = np.random.Philox(key=key, counter=_counter(first, time_h)).random_raw(4 * (last - first + 1))
        return words[::4][(subjects - np.uint64(first)).astype(np.int64)]
    return _first_words(key, subjects, np.full(len(subjects), time_h))


def _first_words(key: np.ndarray, subjects: np.ndarray, time_h: np.ndarray) -> np.ndarray:
    """Return the raw words of many subjects, each at its own moment, as numpy's generator would (it counts before it draws)."""
    one, two, keys = subjects + np.uint64(1), _ticks(time_h), _round_keys(key)
    one_round, found = round_of(), np.empty_like(one)
    for first in range(0, len(one), _TOGETHER):
        part = slice(first, first + _TOGETHER)
        words = one[part], two[part], np.uint64(0), np.uint64(0)
        for key in keys:
            words = one_round(*words, *key)
        found[part] = words[0]
    return found


def _ticks(time_h: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(time_h * _TICKS_PER_H).astype(np.uint64))


def _round_keys(key: np.ndarray) -> np.ndarray:
    """Return the keys of the ten rounds, (10, 2)."""
    return np.asarray(key + np.arange(10, dtype=np.uint64)[:, None] * _WEYL)


def each_uniform_of(compiled: Compiler) -> Callable[..., Any]:
    """Return :func:`uniforms` subject after subject, its part passed through ``compiled``, to be compiled.

    It takes the subjects (m,), their moments in ticks, (m,) or (1,) for all, and the keys of the ten rounds (10, 2).
    """
    one_round = round_of(compiled)

    def each_uniform(subjects: Any, ticks: Any, keys: Any) -> Any:
        found, nothing, own = np.empty(len(subjects)), np.uint64(0), len(ticks) > 1
        for i in range(len(subjects)):
            one, two, three, four = subjects[i] + np.uint64(1), ticks[i if own else 0], nothing, nothing
            for turn in range(10):
                one, two, three, four = one_round(one, two, three, four, keys[turn, 0], keys[turn, 1])
            found[i] = (np.float64(np.int64(one >> np.uint64(11))) + 0.5) * 2.0**-53
        return found

    return each_uniform


_FACTOR_1, _FACTOR_2 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_WEYL = np.array([0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B], dtype=np.uint64)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def round_of(compiled: Compiler = lambda function: function) -> Callable[..., Any]:
    """Return one of the ten rounds of Philox4x64-10, its parts passed through ``compiled`` (nothing, or a compiler).

    It takes the four words and the two keys of the round, unsigned numbers of 64 bits or arrays of them, and returns four words.
    """

    @compiled
    def product(factor: Any, x: Any) -> Any:
        """Return the high and the low half of the product."""
        factor_high, factor_low, high, low = factor >> _HALF, factor & _LOW, x >> _HALF, x & _LOW
        middle = factor_low * high + (factor_low * low >> _HALF)  # none of these sums reaches 2**64
        other = factor_high * low + (middle & _LOW)
        return factor_high * high + (middle >> _HALF) + (other >> _HALF), factor * x

    @compiled
    def one_round(one: Any, two: Any, three: Any, four: Any, key_1: Any, key_2: Any) -> Any:
        high_1, low_1 = product(_FACTOR_1, one)
        high_2, low_2 = product(_FACTOR_2, three)
        return high_2 ^ two ^ key_1, low_2, high_1 ^ four ^ key_2, low_1

    return one_round


def log_normal(cv_fraction: float, z: float | np.ndarray) -> float | np.ndarray:
    """Return the log-normal factor with median 1 and this coefficient of variation at a standard normal number."""
    sigma = math.sqrt(math.log1p(cv_fraction**2))
    factor: float | np.ndarray = each(math.exp, sigma * z)
    return factor


# Wichura's algorithm AS 241 (Appl Statist 1988;37:477-484), as the standard library's statistics module codes it, on arrays.
_CENTRE = (
    (2.50908_09287_30122_6727e3, 3.34305_75583_58812_8105e4, 6.72657_70927_00870_0853e4, 4.59219_53931_54987_1457e4,
     1.37316_93765_50946_1125e4, 1.97159_09503_06551_4427e3, 1.33141_66789_17843_7745e2, 3.38713_28727_96366_6080e0),
    (5.22649_52788_52854_5610e3, 2.87290_85735_72194_2674e4, 3.93078_95800_09271_0610e4, 2.12137_94301_58659_5867e4,
     5.39419_60214_24751_1077e3, 6.87187_00749_20579_0830e2, 4.23133_30701_60091_1252e1, 1.0),
)  # fmt: skip
_NEAR = (
    (7.74545_01427_83414_07640e-4, 2.27238_44989_26918_45833e-2, 2.41780_72517_74506_11770e-1, 1.27045_82524_52368_38258e0,
     3.64784_83247_63204_60504e0, 5.76949_72214_60691_40550e0, 4.63033_78461_56545_29590e0, 1.42343_71107_49683_57734e0),
    (1.05075_00716_44416_84324e-9, 5.47593_80849_95344_94600e-4, 1.51986_66563_61645_71966e-2, 1.48103_97642_74800_74590e-1,
     6.89767_33498_51000_04550e-1, 1.67638_48301_83803_84940e0, 2.05319_16266_37758_82187e0, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033_43992_92288_13265e-7, 2.71155_55687_43487_57815e-5, 1.24266_09473_88078_43860e-3, 2.65321_89526_57612_30930e-2,
     2.96560_57182_85048_91230e-1, 1.78482_65399_17291_33580e0, 5.46378_49111_64114_36990e0, 6.65790_46435_01103_77720e0),
    (2.04426_31033_89939_78564e-15, 1.42151_17583_16445_88870e-7, 1.84631_83175_10054_68180e-5, 7.86869_13114_56132_59100e-4,
     1.48753_61290_85061_48525e-2, 1.36929_88092_27358_05310e-1, 5.99832_20655_58879_37690e-1, 1.0),
)  # fmt: skip


def inverse_normal(p: np.ndarray) -> np.ndarray:
    """Return where the standard normal distribution reaches each probability, shape (m,).

    >>> inverse_normal(np.array([0.5, 0.975])).round(3).tolist()
    [0.0, 1.96]
    """
    if inverse_normal in COMPILED:
        return np.asarray(COMPILED[inverse_normal](p))
    q = p - 0.5
    above, below = _polynomials(_CENTRE, 0.180625 - q * q)
    z: np.ndarray = above * q / below
    tail = np.flatnonzero(np.abs(q) > 0.425)
    if len(tail):
        r = np.sqrt(-np.asarray(each(math.log, np.minimum(p[tail], 1.0 - p[tail]))))
        near, far = _polynomials(_NEAR, r - 1.6), _polynomials(_FAR, r - 5.0)
        far = np.where(r > 5.0, far[0] / far[1], near[0] / near[1])
        z[tail] = np.where(q[tail] < 0.0, -far, far)
    return z


def _polynomials(coefficients: Any, x: Any) -> tuple[Any, Any]:
    """Return two polynomials of a number or an array."""
    above, below = coefficients[0][0], coefficients[1][0]
    for one, two in zip(coefficients[0][1:], coefficients[1][1:]):  # noqa: B905  compiled too, where nothing can be strict
        above, below = above * x + one, below * x + two
    return above, below


def each_inverse_normal_of(compiled: Compiler = lambda function: function) -> Callable[..., Any]:
    """Return :func:`inverse_normal` element after element, its part passed through ``compiled``, to be compiled."""
    polynomials = compiled(_polynomials)

    def each_inverse_normal(p: Any) -> Any:
        # One kind of arithmetic a loop, and no branches: the compiler then makes vector code of all but the logarithm.
        z, tail, n_tail = np.empty(len(p)), np.empty(len(p), np.int64), 0
        for i in range(len(p)):
            q = p[i] - 0.5
            above, below = polynomials(_CENTRE, 0.180625 - q * q)
            z[i] = above * q / below
        for i in range(len(p)):
            tail[n_tail] = i
            n_tail += abs(p[i] - 0.5) > 0.425
        r = np.empty(n_tail)
        for j in range(n_tail):
            r[j] = math.log(min(p[tail[j]], 1.0 - p[tail[j]]))
        for j in range(n_tail):
            r[j] = math.sqrt(-r[j])
        for j in range(n_tail):
            above, below = polynomials(_FAR, r[j] - 5.0) if r[j] > 5.0 else polynomials(_NEAR, r[j] - 1.6)
            z[tail[j]] = -(above / below) if p[tail[j]] < 0.5 else above / below
        return z

    return each_inverse_normal

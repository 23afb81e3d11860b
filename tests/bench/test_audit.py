"""The audit: a classifier that finds a fingerprint where there is one, and the attackers show it none."""

from random import Random

import numpy as np
import pytest

from bench.risk.audit import GROUPS, ITS_KIND, Sample, draw_samples, pooled, told_apart
from bench.risk.boosting import out_of_sample_scores
from bench.risk.material import Made
from bench.risk.measures import area_under_curve


def _sample(shift: float, rows: int = 3_000) -> Sample:
    generator = np.random.default_rng(5)
    is_attacker = np.arange(rows) % 2 == 0
    features = generator.normal(size=(rows, 3))
    features[is_attacker, 1] += shift
    return Sample(features=features, is_attacker=is_attacker)


def test_what_is_alike_cannot_be_told_apart() -> None:
    assert told_apart(_sample(0.0)) == pytest.approx(0.5, abs=0.04)


def test_a_fingerprint_is_found() -> None:
    # Two normals one standard deviation apart: Φ(1/√2) = .76.
    assert told_apart(_sample(1.0)) == pytest.approx(0.76, abs=0.03)


def test_a_fingerprint_in_a_combination_is_found() -> None:
    generator = np.random.default_rng(6)
    features = generator.normal(size=(4_000, 2))
    labels = (features[:, 0] > 0) == (features[:, 1] > 0)
    scores = out_of_sample_scores(features, labels, folds=4, seed=1)
    assert area_under_curve(scores[~labels], scores[labels]) > 0.9


def test_too_few_say_nothing() -> None:
    assert np.isnan(told_apart(_sample(1.0, rows=200)))


def test_attackers_are_compared_with_as_many_real_sign_ins_of_their_kind() -> None:
    material = Made(seed=5, users=2_500, each=150).material()
    samples = draw_samples(material.happenings, material.attacks, material.donors, Random(1))
    assert {(attack, group) for attack in ITS_KIND for group in GROUPS if group not in ITS_KIND[attack]} == set(samples)
    for sample in samples.values():
        assert 2 * sample.is_attacker.sum() == len(sample.is_attacker)
    twice = pooled([samples, samples])
    assert all(len(twice[key].features) == 2 * len(samples[key].features) for key in samples)

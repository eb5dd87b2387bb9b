"""How often the intervals contain the truth, over populations that they do not know.

The bounds are those of the 95 % interval, 93 and 97 %. Rare outcomes are the exception above: how they are
correlated cannot be seen in the sample, so the interval presumes some correlation. Few classes with a strong
correlation are the exception below: the interval cannot know of the class that the sample lacks.
"""

from __future__ import annotations

import numpy as np
import pytest

from clustered_queries import Setting, class_shares, draw_outcomes, draw_sizes
from robust_dml.runtime.randomness import numpy_generator
from robust_dml.statistics import mean_interval, paired_difference, share_interval, share_interval_over_seeds

SAMPLES = 800
FEW, SOME, MANY = (5, 180), (20, 45), (280, 8)


def coverage(share: float, setting: Setting) -> float:
    """The percentage of samples whose interval contains the population's share."""
    generator = numpy_generator("coverage", str(setting), str(share))
    return 100 * float(
        np.mean([share_interval(*draw_outcomes(share, setting, generator)).contains(share) for _ in range(SAMPLES)])
    )


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("correlation", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_a_share_of_many_classes_is_covered_as_often_as_stated(share: float, correlation: float, unequal: bool) -> None:
    assert 93 <= coverage(share, Setting(*MANY, correlation, unequal)) <= 97


@pytest.mark.parametrize("classes", [FEW, SOME])
@pytest.mark.parametrize("correlation", [0.0, 0.05, 0.3])
def test_a_half_of_few_classes_is_covered_as_often_as_stated(classes: tuple[int, int], correlation: float) -> None:
    assert 93 <= coverage(0.5, Setting(*classes, correlation)) <= 97


@pytest.mark.parametrize("correlation", [0.0, 0.3])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.95])
def test_shares_near_0_and_1_of_many_classes_are_covered_at_least_as_often(share: float, correlation: float) -> None:
    assert coverage(share, Setting(*MANY, correlation, unequal=True)) >= 93


@pytest.mark.parametrize("classes", [FEW, SOME])
@pytest.mark.parametrize("correlation", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("share", [0.01, 0.95, 0.999])
def test_shares_near_0_and_1_of_few_classes_are_covered_at_least_as_often(
    share: float, correlation: float, classes: tuple[int, int]
) -> None:
    assert coverage(share, Setting(*classes, correlation)) >= 93


def test_the_hardest_population_is_covered_less_often_than_stated() -> None:
    """Five classes, one in ten queries wrong, most of them in one class: a known limit."""
    assert 89 <= coverage(0.9, Setting(*FEW, 0.3)) < 93


@pytest.mark.parametrize("classes", [FEW, SOME, MANY])
def test_the_mixture_of_all_shares_is_covered_as_often_as_stated(classes: tuple[int, int]) -> None:
    """Shares uniform in [0, 1], and 0 and 1 themselves, of classes whose correlation is moderate."""
    setting, generator = Setting(*classes, 0.05), numpy_generator("mixture", classes[0])
    shares = np.concatenate([generator.random(SAMPLES), np.repeat([0.0, 1.0], SAMPLES // 20)])
    covered = [share_interval(*draw_outcomes(share, setting, generator)).contains(share) for share in shares]
    assert 93 <= 100 * np.mean(covered) <= 97


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_of_0_and_1_are_always_covered(share: float) -> None:
    assert coverage(share, Setting(*MANY, 0.3)) == 100


@pytest.mark.parametrize("classes", [FEW, SOME, MANY])
def test_the_mean_of_a_metric_is_covered_as_often_as_stated(classes: tuple[int, int]) -> None:
    """Per-query values between 0 and 1, as of mAP@R: beta with the mean of their class."""
    setting, generator = Setting(*classes, 0.05), numpy_generator("metric", classes[0])
    covered = []
    for _ in range(SAMPLES):
        sizes = draw_sizes(setting, generator)
        means = np.repeat(class_shares(0.4, setting, generator), sizes).clip(0.01, 0.99)
        values = generator.beta(2 * means, 2 * (1 - means))
        covered.append(mean_interval(values, np.repeat(np.arange(setting.classes), sizes)).contains(0.4))
    assert 93 <= 100 * np.mean(covered) <= 97


def test_the_mean_over_seeds_is_covered_as_often_as_stated() -> None:
    """Three seeds right on nearly the same queries: no more information than their number of queries."""
    setting, generator = Setting(100, 10, 0.1), numpy_generator("coverage over seeds")
    covered = []
    for _ in range(SAMPLES):
        right, clusters = draw_outcomes(0.6, setting, generator)
        seeds = np.stack([right ^ (generator.random(len(right)) < 0.1) for _ in range(3)])
        covered.append(share_interval_over_seeds(seeds, clusters).contains(0.6 * 0.9 + 0.4 * 0.1))
    assert 93 <= 100 * np.mean(covered) <= 97


@pytest.mark.parametrize("classes", [FEW, SOME, MANY])
@pytest.mark.parametrize("discordance", [0.02, 0.3])
def test_equal_methods_are_resolved_in_at_most_seven_of_a_hundred_samples(
    discordance: float, classes: tuple[int, int]
) -> None:
    setting = Setting(*classes, 0.1, unequal=True)
    assert resolved(setting, discordance, wins=0.5) <= 7


def test_unequal_methods_are_resolved() -> None:
    assert resolved(Setting(*MANY, 0.1), 0.3, wins=0.6) >= 90


def resolved(setting: Setting, discordance: float, *, wins: float) -> float:
    """The percentage of samples that resolve two methods, the first right alone on `wins` of the discordant queries."""
    generator = numpy_generator("resolved", str(setting), str(discordance))
    decisions = []
    for _ in range(SAMPLES // 2):
        differs, clusters = draw_outcomes(discordance, setting, generator)
        sizes = np.bincount(clusters, minlength=setting.classes)
        first = generator.random(len(clusters)) < np.repeat(class_shares(wins, setting, generator), sizes)
        decisions.append(paired_difference(differs & first, differs & ~first, clusters).resolved)
    return 100 * float(np.mean(decisions))

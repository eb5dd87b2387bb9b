"""Certified recall of a model: it falls with the radius, and no attack on the same model is below it."""

from __future__ import annotations

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.evaluation.target import load_target
from robust_dml.evaluation.threats.certificate import CertificateOptions, measure_certificate


def test_the_attack_is_never_below_the_certificate(make_study: MakeStudy) -> None:
    target = load_target(make_study(), MODEL)
    radii = [0.001, 0.01, 2.0]
    options = CertificateOptions(
        sigma=0.1, epsilon=radii, queries=12, samples=4000, gallery_samples=20, alpha=0.1, steps=4, attack_samples=8
    )
    found = {(each.setting, each.level): each.value for each in measure_certificate(target, options)}
    certified, guarded, attacked = (
        [found[setting, radius] for radius in (0.0, *radii)] for setting in ("certified", "RetrievalGuard", "empirical")
    )
    assert certified == sorted(certified, reverse=True) and attacked == sorted(attacked, reverse=True)
    assert all(low <= mine <= high for low, mine, high in zip(guarded, certified, attacked, strict=True))
    assert certified[0] > 0 == certified[-1] and attacked[-1] < attacked[0]
    assert found["abstained", 0.0] + certified[0] <= attacked[0] + 1e-9

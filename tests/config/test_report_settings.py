"""The settings of the report: what tables, figures, claims and page show changes them, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from robust_dml.config import load_study
from robust_dml.config.resolve import report_settings
from robust_dml.runtime.files import digest_of

STUDY = """
name: small
seeds: [0, 1]
datasets: {digits: {kind: digits, transform: {size: 16, resize: 16}, backbone: small}}
backbones: {small: {kind: convnet, embedding: 16}}
losses: {triplet: {kind: triplet}}
trainings:
  natural: {method: natural}
  other: {method: natural, attack: {optimiser: pgd, epsilon: 0.2}}
  robust-a: {method: robust, perturb: anchor}
  robust-b: {method: robust, perturb: negative}
attacks:
  fgsm: {optimiser: fgsm, epsilon: 0.1}
  pgd: {optimiser: pgd, epsilon: 0.1, steps: 3}
report: {headline: fgsm-0.1, natural: natural, robust: robust-a, examples: 4}
"""


def digest(folder: Path, text: str) -> str:
    path = folder / "small.yaml"
    path.write_text(text)
    return digest_of(report_settings(load_study(path)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("headline: fgsm-0.1", "headline: pgd-0.1"),
        ("natural: natural, robust", "natural: other, robust"),
        ("robust: robust-a", "robust: robust-b"),
        ("examples: 4", "examples: 5"),
        ("seeds: [0, 1]", "seeds: [0]"),
        ("name: small\n", "name: small\ntitle: Small\n"),
        ("steps: 3", "steps: 4"),
        ("perturb: negative", "perturb: positive"),
        (
            "  fgsm: {optimiser: fgsm, epsilon: 0.1}\n  pgd: {optimiser: pgd, epsilon: 0.1, steps: 3}\n",
            "  pgd: {optimiser: pgd, epsilon: 0.1, steps: 3}\n  fgsm: {optimiser: fgsm, epsilon: 0.1}\n",
        ),
    ],
)
def test_what_a_reader_sees_changes_the_settings(tmp_path: Path, old: str, new: str) -> None:
    assert old in STUDY
    assert digest(tmp_path, STUDY) != digest(tmp_path, STUDY.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("report:", "# a comment\nreport:"),
        ("name: small\n", "name: small\ndevice: cpu\n"),
        ("name: small\n", "name: small\ndata_root: elsewhere\n"),
        ("epsilon: 0.1, steps: 3}", "epsilon: [0.1], norm: linf, steps: 3}"),
    ],
)
def test_what_a_reader_does_not_see_leaves_the_settings(tmp_path: Path, old: str, new: str) -> None:
    assert old in STUDY
    assert digest(tmp_path, STUDY) == digest(tmp_path, STUDY.replace(old, new))

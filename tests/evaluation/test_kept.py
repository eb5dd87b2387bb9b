"""Blocks of long work that a killed job finds again; a damaged one is computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.evaluation.kept import Kept
from robust_dml.evaluation.target import load_target
from robust_dml.evaluation.threats.certificate import CertificateOptions, measure_certificate


class Counted:
    """Work that counts how often it is done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Tensor:
        self.times += 1
        return torch.tensor([[1.5, -2.0]])


def test_what_is_kept_is_not_computed_again(tmp_path: Path) -> None:
    work, kept = Counted(), Kept(tmp_path / "kept")
    assert torch.equal(kept.tensor("a", work), kept.tensor("a", work)) and work.times == 1
    kept.clear()
    assert not (tmp_path / "kept").exists()
    assert torch.equal(Kept().tensor("a", work), Kept().tensor("a", work)) and work.times == 3


@pytest.mark.parametrize("place", [0, -1])
def test_a_damaged_block_is_computed_again(tmp_path: Path, place: int, capsys: pytest.CaptureFixture[str]) -> None:
    work, kept = Counted(), Kept(tmp_path)
    kept.tensor("a", work)
    content = bytearray((tmp_path / "a.npy").read_bytes())
    content[place] ^= 1
    (tmp_path / "a.npy").write_bytes(content)
    assert torch.equal(kept.tensor("a", work), torch.tensor([[1.5, -2.0]])) and work.times == 2
    assert "a.npy" in capsys.readouterr().err


def test_a_certificate_goes_on_where_it_was_killed(make_study: MakeStudy, tmp_path: Path) -> None:
    target = load_target(make_study(), MODEL)
    options = CertificateOptions(
        sigma=0.1, epsilon=[0.01], queries=9, samples=50, gallery_samples=5, steps=2, attack_samples=4
    )
    whole = list(measure_certificate(target, options))
    passes = 0

    def failing(images: Tensor) -> Tensor:
        nonlocal passes
        passes += 1
        if passes == 30:
            raise KeyboardInterrupt
        return target.embed(images)

    kept = Kept(tmp_path / "kept")
    with pytest.raises(KeyboardInterrupt):
        list(measure_certificate(replace(target, embed=failing, kept=kept), options))
    saved = len(list((tmp_path / "kept").glob("*.npy")))
    assert saved > 0
    assert list(measure_certificate(replace(target, kept=kept), options)) == whole
    assert len(list((tmp_path / "kept").glob("*.npy"))) > saved

"""Queries whose recall is certified in a second: 1,000 noisy copies each, and their radii, on one core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row, figures
from benchmarks.turns import take_turns
from benchmarks.worker import Call, Way

SAMPLES, SIGMA = 1000, 0.25
HERE = "benchmarks.rows.certificate"


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row: queries per second of the demo's network and gallery."""
    queries = 4 if quick else 32
    turns = take_turns({"ours": Call(f"{HERE}:certify", {"queries": queries}, threads=1)}, rounds=3 if quick else 7)
    values = {"queries/s": round(queries / min(turns.seconds["ours"]), 2), "MiB": round(turns.memory["ours"])}
    yield figures(f"certified recall, {SAMPLES:,} samples of 32 pixels, gallery of 2,240, one core", values)


def certify(queries: int) -> Way:
    """Smooth some queries and certify them against a gallery that is smoothed already."""
    import torch

    from robust_dml.config.training import BackboneConfig
    from robust_dml.evaluation.smoothing import Smoothed, certified_radii, error_of_mean
    from robust_dml.models import build_model
    from robust_dml.models.folding import frozen_embedding
    from robust_dml.retrieval import Items

    config = BackboneConfig(kind="convnet", widths=[16, 32, 64], embedding=128)
    embed = frozen_embedding(build_model(config, seed=0, data_root=Path()).eval(), torch.contiguous_format)
    smoothed, generator = Smoothed(embed, SIGMA, 0), torch.Generator().manual_seed(0)
    images, labels = torch.rand(queries, 3, 32, 32, generator=generator), torch.arange(2240) % 280
    gallery = Items(0.9 * torch.nn.functional.normalize(torch.randn(2240, 128, generator=generator)), labels, labels)
    ids = torch.arange(queries) + len(labels)

    def run() -> list[float]:
        asked = Items(smoothed.means(images, ids, SAMPLES, "queries"), labels[:queries], ids)
        error = error_of_mean(SAMPLES, 0.001)
        found: list[float] = certified_radii(asked, gallery, lipschitz=smoothed.lipschitz, error=error).tolist()
        return found

    return run

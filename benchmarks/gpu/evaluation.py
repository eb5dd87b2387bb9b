"""An evaluation of ResNet50: PGD-20 on the margin in float32, as every reported number is computed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.gpu.dataset import prepare, study_in
from benchmarks.gpu.size import Size
from benchmarks.gpu.steps import matmul_speed
from benchmarks.gpu.timing import seconds_of
from benchmarks.row import Row, figures

if TYPE_CHECKING:
    from robust_dml.evaluation.target import Target

STEPS = 20


def rows(size: Size) -> Iterator[Row]:
    """Yield one row: queries/s, and the share of the limit in float32."""
    import numpy as np

    from robust_dml.config.attacks import AttackConfig
    from robust_dml.config.evaluation import AttackAt
    from robust_dml.evaluation.batches import AttackBatch, attack_batch
    from robust_dml.runtime.torch_settings import exact_float32

    with TemporaryDirectory() as folder, exact_float32():
        target = target_in(Path(folder), size)
        attack = AttackConfig(optimiser="pgd", objective="margin", epsilon=[0.01], steps=STEPS)
        batch = AttackBatch(target, target, AttackAt("pgd", attack, 0.01), False, np.arange(0))
        positions = np.arange(min(size.queries, len(target.queries)))
        seconds = seconds_of(lambda: attack_batch(batch, positions), size)
        peak = matmul_speed(size, "fp32")
    speed = (2 * STEPS + 1 + 3) * size.gflop(len(positions)) / seconds
    values = {"queries/s": round(len(positions) / seconds, 1), "GFLOP/s": round(speed), "share": round(speed / peak, 3)}
    yield figures(f"evaluation, PGD-{STEPS} on the margin, {len(positions)} queries at a time, fp32", values)


def target_in(folder: Path, size: Size) -> Target:
    """Return ResNet50 with random weights and fitted BatchNorm as a target, on the set of an epoch."""
    import numpy as np
    import torch

    from benchmarks import engine
    from robust_dml.evaluation.target import Target
    from robust_dml.models.embed_part import as_pixels, embed_part
    from robust_dml.models.folding import FoldedModel, FrozenEmbedding
    from robust_dml.retrieval import Items

    few = size if size.tiny else _Few(size.device)
    prepare(folder, few)
    opened = engine.open_training(study_in(folder, few, "fp32"), "natural")
    part, device, layout = opened.dataset.part("test"), opened.device, torch.channels_last
    model = opened.forward.model
    engine.calibrate(model, as_pixels(part.test_images(np.arange(16)), device))
    embed = FrozenEmbedding(FoldedModel(model), layout)
    items = Items.of(embed_part(embed, part, device, layout, 64), part)
    return Target(embed, device, layout, part, items, items, part, 0, "", opened.dataset.sha256)


class _Few(Size):
    """A tenth of the images of an epoch: an attack's cost does not depend on their number."""

    @property
    def images(self) -> int:
        return 1_200

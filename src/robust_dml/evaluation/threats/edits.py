"""Common corruptions and benign edits: recall@1 of edited queries, of an edited gallery, or of both.

Edits are made on the fly, a function of the image's id; `robust_dml.evaluation.edits` has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import Field

from robust_dml.evaluation.readings import Reading, mean_reading
from robust_dml.records import Threat
from robust_dml.retrieval.ranking import rank
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    from robust_dml.data.loading.dataset import Part
    from robust_dml.evaluation.target import Target
    from robust_dml.retrieval.items import Items

BATCH = 128
Name = Literal[
    "gaussian-noise",
    "shot-noise",
    "impulse-noise",
    "gaussian-blur",
    "box-blur",
    "brighter",
    "darker",
    "contrast",
    "saturation",
    "hue",
    "jpeg",
    "posterize",
    "pixelate",
    "crop",
    "rotation",
    "shift",
    "overlay",
    "flip",
]
Severity = Annotated[Integer, Field(ge=1, le=5)]
Side = Literal["queries", "gallery", "both"]


class EditsOptions(Options):
    """Which edits, how strong, and of what."""

    edits: list[Name] = Field(list(get_args(Name)), min_length=1, description="the edits, each at every severity")
    severities: list[Severity] = Field([1, 2, 3, 4, 5], min_length=1, description="from 1, hardly visible, to 5")
    of: list[Side] = Field(["queries"], min_length=1, description="what is edited")


def measure_edits(target: Target, options: EditsOptions) -> Iterator[Reading]:
    """Yield recall@1 of each edit at each severity, of the mean over edits, and of the worst edit."""
    clean = _right(target.queries, target.gallery, torch.zeros(len(target.queries), dtype=torch.bool))
    judge = _Judge(target, rank(target.queries, target.gallery).scored.cpu())
    yield judge.reading("clean", 0, clean)
    for side in options.of:
        for severity in sorted(set(options.severities)):
            right: dict[str, Tensor] = {
                name: _edited_right(target, name, severity, side) for name in dict.fromkeys(options.edits)
            }
            worst = min(right, key=lambda name: float(right[name][judge.scored].mean()))
            mean = torch.stack(list(right.values())).mean(0)
            for setting, values in {**right, "mean edit": mean, "worst edit": right[worst]}.items():
                yield judge.reading(setting if side == "queries" else f"{setting} of {side}", severity, values)


@dataclass(frozen=True)
class _Judge:
    target: Target
    scored: Tensor

    def reading(self, setting: str, severity: int, right: Tensor) -> Reading:
        """Return recall@1 over the scored queries, from `right` (Q,), with its interval."""
        labels = self.target.queries.labels.cpu()[self.scored]
        return mean_reading(setting, severity, "recall@1", right[self.scored], labels)


def _edited_right(target: Target, name: str, severity: int, side: Side) -> Tensor:
    """Return 1 where a query's nearest neighbour has its class, float64 (Q,); a query that fails counts as wrong."""
    queries, gallery = target.queries, target.gallery
    failed = torch.zeros(len(queries), dtype=torch.bool, device=queries.labels.device)
    if side in ("queries", "both"):
        embeddings = embed_edited(target, target.part, name, severity)
        failed = ~torch.isfinite(embeddings).all(1)
        queries = queries.embedded_as(torch.where(failed[:, None], queries.embeddings, embeddings))
    if side in ("gallery", "both"):
        gallery = gallery.embedded_as(embed_edited(target, target.gallery_part, name, severity))
        if not bool(torch.isfinite(gallery.embeddings).all()):
            raise UserError(f"{name}, severity {severity}: embeddings of the edited gallery are not finite")
    return _right(queries, gallery, failed)


def embed_edited(target: Target, part: Part, name: str, severity: int) -> Tensor:
    """Return the embeddings (N, d) of the edited images of a part."""
    from robust_dml.evaluation.edits import edited
    from robust_dml.models.embed_part import as_pixels

    found = []
    with torch.no_grad():
        for rows in torch.split(torch.arange(len(part)), BATCH):
            images = edited(name, part.test_images(rows), severity, part.ids[rows.numpy()].tolist())
            found.append(target.embed(as_pixels(images, target.device, target.layout)).float())
    return torch.cat(found)


def _right(queries: Items, gallery: Items, failed: Tensor) -> Tensor:
    return rank(queries, gallery).without(failed.to(queries.labels.device)).right.double().cpu()


ENTRY = Threat(
    label="common corruptions and edits",
    summary="images are changed by noise, blur, compression, crops and the like; lower recall@1 is worse",
    perturbs="both",
    metric="recall@1",
    curve=("clean", "mean edit"),
    options=EditsOptions,
    measure=measure_edits,
    code=("robust_dml.evaluation.edits",),
)

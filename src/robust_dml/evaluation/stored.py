"""The stored results of one model: each is read once, and must have been made for this very model and these images."""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import CLEAN, AttackAt, released_of
from robust_dml.config.paths import attacked_path
from robust_dml.evaluation.attacked import Attacked, load_attacked
from robust_dml.evaluation.planned import attack_digests
from robust_dml.evaluation.trained import verified_model
from robust_dml.runtime.errors import UserError


class StoredResults:
    """The attacked embeddings of a model, by label. Raises UserError if the model itself is missing.

    `gallery` is the number of gallery images that are not the queries themselves.
    """

    def __init__(self, study: Study, run: Run, data_sha256: str, gallery: int) -> None:
        self.study, self.run, self.data_sha256, self.gallery = study, run, data_sha256, gallery
        _, self.model_sha256 = verified_model(study, run)
        self._digests = attack_digests(study)
        self._found: dict[str, Attacked] = {}
        self._released = {at.label for at in released_of(study)}

    def load(self, label: str) -> Attacked:
        """Read a result. Raises UserError if it is absent, damaged, or made for another model or other images."""
        if label not in self._found:
            self._found[label] = self._checked(label)
        return self._found[label]

    def put(self, label: str, attacked: Attacked) -> None:
        """Add a result that was put together from others."""
        self._found[label] = attacked

    def has_released(self, at: AttackAt) -> bool:
        """Return whether the study runs the released code's version of an attack."""
        return _released_label(at) in self._released

    def released(self, at: AttackAt) -> Attacked:
        """Read the result of the released code's version of an attack."""
        return self.load(_released_label(at))

    def __contains__(self, label: str) -> bool:
        return label in self._found

    def _checked(self, label: str) -> Attacked:
        path = attacked_path(self.study.name, self.run, self._digests[label])
        found = load_attacked(path)
        facts = [
            ("attack", self._digests[label], found.origin.planned),
            ("model", self.model_sha256, found.origin.model_sha256),
            ("set of images", self.data_sha256, found.origin.data_sha256),
        ]
        if label == CLEAN.label:
            facts.append(("gallery", _described(self.gallery), _described(len(found.gallery))))
        for what, expected, recorded in facts:
            if expected != recorded:
                raise UserError(
                    f"{path}: made for another {what}: expected {expected}, found {recorded}; run `robust-dml attack`"
                    " or snakemake again"
                )
        return found


def _described(gallery: int) -> str:
    return f"{gallery} images" if gallery else "the queries themselves"


def _released_label(at: AttackAt) -> str:
    return f"{at.label},as-released"

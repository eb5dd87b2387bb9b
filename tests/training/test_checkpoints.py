"""Which epoch each choice points to."""

from __future__ import annotations

from robust_dml.training.checkpoints import Choice, epochs_of, updated
from robust_dml.training.history import HistoryRow


def row(epoch: int, clean: float | None, adversarial: float | None) -> HistoryRow:
    measured = {"loss": 0.1, "bad_steps": 0, "steps": 1, "seconds": 1.0, "images_per_second": 1.0, "memory_mb": 1.0}
    return HistoryRow(epoch=epoch, recall=clean, adversarial_recall=adversarial, **measured)  # type: ignore[arg-type]


def test_the_first_of_the_best_epochs() -> None:
    choices: dict[str, Choice] = {}
    scores = [(0.5, 0.1), (0.7, 0.4), (0.7, 0.3), (0.6, 0.5)]
    for epoch, (clean, adversarial) in enumerate(scores, start=1):
        choices = updated(choices, row(epoch, clean, adversarial))
    assert choices == {"best-clean": Choice(2, 0.7), "best-adversarial": Choice(4, 0.5)}
    assert epochs_of(choices) == {2, 4}


def test_an_epoch_without_validation_changes_nothing() -> None:
    choices = updated({}, row(1, 0.0, None))
    assert updated(choices, row(2, None, None)) == choices == {"best-clean": Choice(1, 0.0)}

"""Which epoch each choice points to."""

from __future__ import annotations

from robust_dml.training.checkpoints import Choices, epochs_of, updated


def test_the_first_of_the_best_epochs() -> None:
    choices: Choices = {}
    scores = [(0.5, 0.1), (0.7, 0.4), (0.7, 0.3), (0.6, 0.5)]
    for epoch, (clean, adversarial) in enumerate(scores, start=1):
        choices = updated(choices, {"epoch": epoch, "recall@1": clean, "adversarial_recall@1": adversarial})
    assert choices == {"best-clean": {"epoch": 2, "score": 0.7}, "best-adversarial": {"epoch": 4, "score": 0.5}}
    assert epochs_of(choices) == {2, 4}


def test_an_epoch_without_validation_changes_nothing() -> None:
    choices = updated({}, {"epoch": 1, "recall@1": 0.0})
    assert updated(choices, {"epoch": 2}) == choices == {"best-clean": {"epoch": 1, "score": 0.0}}

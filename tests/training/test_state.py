"""The files of a state: every flipped bit is found, and the state before the last is kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from torch import nn

from robust_dml.models.folding import FoldedModel
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.options import Options
from robust_dml.training.adam import Adam
from robust_dml.training.checkpoints import Choice
from robust_dml.training.history import HistoryRow
from robust_dml.training.methods import method_of_function
from robust_dml.training.published import PublishedModel
from robust_dml.training.state import Learner, StateFolder, TrainingProgress

KEY = {"settings": {"epochs": 3}, "torch": "2"}
ROW = HistoryRow(epoch=1, loss=0.5, bad_steps=0, steps=4, seconds=0.1, images_per_second=9.0, memory_mb=3.5)


def learner(seed: int = 0, width: int = 3) -> Learner:
    torch.manual_seed(seed)
    model = nn.Linear(width, 2)
    optimiser = Adam(dict(model.named_parameters()), learning_rate=0.1, weight_decay=0.0)
    published = PublishedModel(FoldedModel(model), average_steps=4)  # type: ignore[arg-type]
    return Learner(model, method_of_function(lambda step: step, Options()), optimiser, published)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "run" / "digest", KEY)


def files(state: StateFolder) -> list[str]:
    return sorted(file.name for file in state.folder.iterdir())


def test_what_was_saved_is_loaded(state: StateFolder) -> None:
    saved = learner(1)
    progress = TrainingProgress(epoch=1, step=2, history=[ROW], choices={"best-clean": Choice(1, 0.5)}, spread=0.25)
    state.save_epoch(saved.model, progress)
    state.save(saved, progress)
    loaded = learner(2)
    assert state.load(loaded) == progress
    for name, tensor in saved.tensors().items():
        assert torch.equal(loaded.tensors()[name], tensor)


def test_a_folder_without_a_state_is_the_beginning(state: StateFolder) -> None:
    assert state.load(learner()) == TrainingProgress()


def test_the_state_before_the_last_is_kept_with_the_epochs_it_refers_to(state: StateFolder) -> None:
    best, saved = [1, 1, 3, 4], {}
    for epoch, chosen in enumerate(best, start=1):
        progress = TrainingProgress(epoch=epoch, choices={"best-clean": Choice(chosen, 0.5)})
        progress.saved_epochs = saved
        if chosen == epoch:
            state.save_epoch(learner(epoch).model, progress)
        state.save(learner(epoch), progress)
        saved = progress.saved_epochs
        kept = {f"epoch-{number}.safetensors" for number in best[max(0, epoch - 2) : epoch]}
        assert {name for name in files(state) if name.startswith("epoch")} == kept
        assert len([name for name in files(state) if name.startswith("state")]) == min(2, epoch)


def test_every_flipped_bit_is_found(state: StateFolder, capsys: pytest.CaptureFixture[str]) -> None:
    state.save(learner(), TrainingProgress(epoch=1, history=[ROW]))
    (file,) = state.folder.iterdir()
    whole, chance = file.read_bytes(), random.Random(0)
    for _ in range(200):
        place = chance.randrange(len(whole))
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :])
        assert state.load(learner(5)) == TrainingProgress()
        assert capsys.readouterr().err.startswith(f"{file}: damaged")
    for length in (0, 7, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert state.load(learner(5)) == TrainingProgress()
    file.write_bytes(whole)
    assert state.load(learner(5)).epoch == 1


def test_a_damaged_state_changes_nothing_of_the_learner(state: StateFolder) -> None:
    state.save(learner(1), TrainingProgress(epoch=1))
    (file,) = state.folder.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    fresh = learner(2)
    before = {name: tensor.clone() for name, tensor in fresh.tensors().items()}
    state.load(fresh)
    assert all(torch.equal(fresh.tensors()[name], tensor) for name, tensor in before.items())


def test_saved_weights_that_are_damaged_or_absent_are_refused(state: StateFolder) -> None:
    progress = TrainingProgress(epoch=2, choices={"best-clean": Choice(2, 0.5)})
    state.save_epoch(learner().model, progress)
    file = state.require_undamaged(2, progress)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(UserError, match=r"epoch-2\.safetensors: damaged"):
        state.require_undamaged(2, progress)
    with pytest.raises(UserError, match="damaged"):
        state.require_undamaged(1, progress)


def test_a_state_of_another_network_is_one_line(state: StateFolder) -> None:
    state.save(learner(), TrainingProgress())
    with pytest.raises(UserError, match="another version of the code"):
        state.load(learner(width=4))

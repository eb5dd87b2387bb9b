"""Train one model of a study; start reading at `train`."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from math import isfinite

import torch

from robust_dml.config import Run, Study
from robust_dml.config.paths import state_folder
from robust_dml.config.resolve import backbone_of, optimisation_of
from robust_dml.data.loading.batches import Batch, train_batches
from robust_dml.models.embed_part import as_pixels
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.locks import only_one
from robust_dml.runtime.progress import say, track
from robust_dml.runtime.torch_settings import training_arithmetic
from robust_dml.training.checkpoints import epochs_of, updated
from robust_dml.training.distributed import first_process
from robust_dml.training.history import HistoryRow, describe, peak_memory_mb
from robust_dml.training.methods import NoTuplesError
from robust_dml.training.outputs import write_outputs
from robust_dml.training.setup import Training
from robust_dml.training.signals import StopRequest
from robust_dml.training.state import TrainingProgress


def train(study: Study, run: Run) -> None:
    """Train the model of `run` and write model.safetensors, history.csv and run.json.

    Goes on from the state of an interrupted training with the same settings, data and code, and then ends in the same
    bytes. Raises UserError for settings that cannot be met, KeyboardInterrupt after SIGTERM or SIGINT once the state is
    saved.
    """
    with training_arithmetic(optimisation_of(study, run), backbone_of(study, run)[1]), _alone(study, run):
        training = Training(study, run)
        with StopRequest() as stop:
            for epoch in range(training.progress.epoch, training.optimisation.epochs):
                train_epoch(training, epoch, stop)
                end_epoch(training, epoch)
        if training.processes.leads:
            write_outputs(training)
            training.state.remove()


def _alone(study: Study, run: Run) -> AbstractContextManager[None]:
    """Refuse a second training of the same model; of the processes of one training the first holds the lock."""
    lock = state_folder(study.name, run, "train", "lock")
    return only_one(lock, f"training {run.path}") if first_process() else nullcontext()


def train_epoch(training: Training, epoch: int, stop: StopRequest) -> None:
    """Train the rest of an epoch, from `progress.step` on.

    Raises KeyboardInterrupt, once the state is saved, if a stop is wanted, UserError if too many steps are left out.
    """
    progress, optimisation = training.progress, training.optimisation
    batches = train_batches(
        training.part,
        classes=optimisation.classes_per_batch,
        samples=optimisation.samples_per_class,
        seed=training.run.seed,
        epoch=epoch,
        first=progress.step,
        workers=optimisation.workers,
    )
    started = time.perf_counter() - progress.seconds
    shown = track(batches, title=f"epoch {epoch + 1}", unit="steps") if training.processes.leads else batches
    for batch in shown:
        loss = train_step(training, batch, epoch, progress.step)
        progress.step += 1
        progress.loss_sum += 0.0 if loss is None else loss
        progress.bad_steps += loss is None
        if training.processes.any(stop.wanted, training.device):
            progress.seconds = time.perf_counter() - started
            save(training)
            raise KeyboardInterrupt
    progress.seconds = time.perf_counter() - started
    require_good_steps(training, epoch)


def train_step(training: Training, batch: Batch, epoch: int, number: int) -> float | None:
    """Make one step of the optimiser; return the loss, or None for a step left out, without tuples or finite loss."""
    images = as_pixels(batch.images, training.device)
    training.forward.refresh()
    try:
        loss = training.method.loss(training.step(images, batch.labels.to(training.device), epoch, number))
    except NoTuplesError:
        return None
    value = loss.item()
    if not isfinite(value):
        return None
    torch.autograd.backward(loss)
    training.processes.sum_gradients(training.parameters().values())
    training.optimiser.step()
    training.published.update(training.optimiser.steps)
    return value


def require_good_steps(training: Training, epoch: int) -> None:
    """Raise UserError if more steps of an epoch were left out than `max_bad_steps` allows."""
    progress = training.progress
    if progress.bad_steps > training.optimisation.max_bad_steps * progress.step:
        raise UserError(
            f"{training.run.path}: epoch {epoch + 1}: {progress.bad_steps} of {progress.step} steps had no tuple or no"
            f" finite loss, more than max_bad_steps allows; check learning_rate, miner and loss"
        )


def end_epoch(training: Training, epoch: int) -> None:
    """Validate, add a row to the history, and save."""
    row, spread = epoch_row(training, epoch)
    before = training.progress
    training.progress = TrainingProgress(
        epoch=epoch + 1,
        history=[*before.history, row],
        choices=updated(before.choices, row),
        saved_epochs=before.saved_epochs,
        spread=before.spread if spread is None else spread,
    )
    save(training)
    if training.processes.leads:
        say(describe(row, training.optimisation.epochs))


def epoch_row(training: Training, epoch: int) -> tuple[HistoryRow, float | None]:
    """Return the history of an epoch and the spread of its test embeddings.

    Recalls are measured every `validate_every` epochs and after the last; else they and the spread are None.
    """
    progress, optimisation = training.progress, training.optimisation
    good = progress.step - progress.bad_steps
    images = progress.step * optimisation.classes_per_batch * optimisation.samples_per_class
    embed = training.exact()
    validated = (epoch + 1) % optimisation.validate_every == 0 or epoch + 1 == optimisation.epochs
    recalls = training.test.recalls(embed) if validated else None
    row = HistoryRow(
        epoch=epoch + 1,
        loss=progress.loss_sum / good if good else None,
        recall=None if recalls is None else recalls.clean,
        adversarial_recall=None if recalls is None else recalls.adversarial,
        validation_recall=training.held_out.recall(embed) if validated and training.held_out else None,
        bad_steps=progress.bad_steps,
        steps=progress.step,
        seconds=round(progress.seconds, 3),
        images_per_second=round(images / progress.seconds, 1) if progress.seconds else 0.0,
        memory_mb=round(peak_memory_mb(training.device), 1),
    )
    return row, None if recalls is None else recalls.spread


def save(training: Training) -> None:
    """Save the state; before it, the weights of the epoch just completed if a choice refers to them."""
    progress = training.progress
    if training.processes.leads:
        if progress.step == 0 and progress.epoch in epochs_of(progress.choices):
            training.state.save_epoch(training.published.model, progress)
        training.state.save(training.learner, progress)
    training.processes.wait()

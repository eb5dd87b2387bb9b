"""Trains one model of a study; read from top to bottom."""

from __future__ import annotations

import time
from math import isfinite

import torch

from robust_dml.config import Run, Study
from robust_dml.data.loading.batches import Batch, train_batches
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import say, track
from robust_dml.training.checkpoints import epochs_of, updated
from robust_dml.training.history import Row, describe, peak_memory_mb
from robust_dml.training.outputs import write_outputs
from robust_dml.training.setup import Training
from robust_dml.training.signals import StopRequest
from robust_dml.training.state import Position
from robust_dml.training.step import NoTuplesError, Step


def train(study: Study, run: Run) -> None:
    """Train the model of `run` and write model.safetensors, history.csv and run.json.

    Goes on from the state of an interrupted training with the same settings and data, and then ends in the same
    bytes. Raises UserError for settings that cannot be met, KeyboardInterrupt after SIGTERM or SIGINT once the state
    is saved.
    """
    training = Training(study, run)
    with StopRequest() as stop:
        for epoch in range(training.position.epoch, training.optimisation.epochs):
            train_epoch(training, epoch, stop)
            end_epoch(training, epoch)
    if training.processes.leads:
        write_outputs(training)
        training.state.remove()


def train_epoch(training: Training, epoch: int, stop: StopRequest) -> None:
    """The rest of an epoch, from `position.step` on. Raises KeyboardInterrupt, after saving, if a stop is wanted."""
    position, optimisation = training.position, training.optimisation
    batches = train_batches(
        training.part,
        classes=optimisation.classes_per_batch,
        samples=optimisation.samples_per_class,
        seed=training.run.seed,
        epoch=epoch,
        first=position.step,
        workers=optimisation.workers,
    )
    started = time.perf_counter() - position.seconds
    shown = track(batches, title=f"epoch {epoch + 1}", unit="steps") if training.processes.leads else batches
    for batch in shown:
        loss = train_step(training, batch, epoch, position.step)
        position.step += 1
        position.loss_sum += 0.0 if loss is None else loss
        position.bad_steps += loss is None
        if training.processes.any(stop.wanted, training.device):
            position.seconds = time.perf_counter() - started
            save(training)
            raise KeyboardInterrupt
    position.seconds = time.perf_counter() - started
    allowed = optimisation.max_bad_steps * position.step
    if position.bad_steps > allowed:
        raise UserError(
            f"{training.run.path}: epoch {epoch + 1}: {position.bad_steps} of {position.step} steps had no tuple or no"
            f" finite loss, more than max_bad_steps allows; check learning_rate, miner and loss"
        )


def train_step(training: Training, batch: Batch, epoch: int, number: int) -> float | None:
    """One step of the optimiser: the loss, or None if it was left out for want of tuples or of a finite loss."""
    images = batch.images.to(training.device).float() / 255
    training.network.refresh()
    try:
        loss = training.method(Step(training.tools, images, batch.labels.to(training.device), epoch, number))
    except NoTuplesError:
        return None
    value = loss.item()
    if not isfinite(value):
        return None
    torch.autograd.backward(loss)
    training.processes.sum_gradients(training.network.model.parameters())
    training.optimiser.step()
    return value


def end_epoch(training: Training, epoch: int) -> None:
    """Validate, note the epoch in the history, and save."""
    position = training.position
    good = position.step - position.bad_steps
    images = position.step * training.optimisation.classes_per_batch * training.optimisation.samples_per_class
    row: Row = {
        "epoch": epoch + 1,
        "loss": position.loss_sum / good if good else None,
        "bad_steps": position.bad_steps,
        "steps": position.step,
        "seconds": round(position.seconds, 3),
        "images_per_second": round(images / position.seconds, 1) if position.seconds else 0.0,
        "memory_mb": round(peak_memory_mb(training.device), 1),
    }
    row |= validate(training, epoch)
    choices = updated(position.choices, row)
    position = Position(epoch=epoch + 1, history=[*position.history, row], choices=choices)
    training.position = position
    save(training)
    if training.processes.leads:
        say(describe(row, training.optimisation.epochs))


def validate(training: Training, epoch: int) -> Row:
    """Recalls after an epoch; none between the epochs that `validate_every` names, always after the last."""
    optimisation = training.optimisation
    if (epoch + 1) % optimisation.validate_every and epoch + 1 < optimisation.epochs:
        return {}
    embed = training.network.exact()
    clean, adversarial = training.test.recalls(embed)
    recalls = {"recall@1": clean, "adversarial_recall@1": adversarial}
    if training.held_out is not None:
        recalls["validation_recall@1"] = training.held_out.recall(embed)
    return recalls


def save(training: Training) -> None:
    """Save the state; before it, the weights that a choice has newly come to refer to."""
    position = training.position
    if training.processes.leads:
        if position.step == 0 and position.epoch in epochs_of(position.choices):
            training.state.save_epoch(training.network.model, position.epoch)
        training.state.save(training.network.model, training.optimiser, position)
    training.processes.wait()

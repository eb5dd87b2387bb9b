"""Assemble one training from the study; the loop is in loop.py."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from robust_dml.config import Run, Study
from robust_dml.config.digests import training_digest, training_settings
from robust_dml.config.paths import state_folder
from robust_dml.config.resolve import backbone_of, freeze_batchnorm_of, loss_of, miner_of, optimisation_of
from robust_dml.data import open_dataset
from robust_dml.data.loading.dataset import Part
from robust_dml.losses import build_loss
from robust_dml.miners import build_miner
from robust_dml.models.build import build_model
from robust_dml.models.folding import FrozenEmbedding
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import digest_of
from robust_dml.runtime.hardware import take_device
from robust_dml.training.adam import Adam
from robust_dml.training.distributed import join_processes
from robust_dml.training.forward import ForwardPasses, require_frozen
from robust_dml.training.methods import TrainingMethod
from robust_dml.training.published import PublishedModel
from robust_dml.training.state import Learner, StateFolder
from robust_dml.training.step import TrainingStep
from robust_dml.training.validation import Validation


class Training:
    """Model, data, method, optimiser and state of one run, ready to continue from `progress`."""

    def __init__(self, study: Study, run: Run) -> None:
        """Load everything. Raises UserError for impossible settings, absent data, or a state that does not fit."""
        self.study, self.run = study, run
        self.settings = training_settings(study, run)
        self.optimisation = optimisation_of(study, run)
        self.config = study.trainings[run.training]
        self.dataset = open_dataset(study.datasets[run.dataset], study.data_root)
        self.part = self.dataset.part("train")
        self.device = take_device(study.device)
        self.processes = join_processes(self.device)
        self.forward = self._forward()
        self.miner, self.loss = build_miner(miner_of(study, run)), build_loss(loss_of(study, run))
        self.method = self._method()
        self.optimiser = self._optimiser()
        self.test, self.held_out = self._validations()
        self.published = PublishedModel(self.forward.folded, self.optimisation.average_steps)
        self.learner = Learner(self.forward.model, self.method, self.optimiser, self.published)
        self.state = self._state()
        self.progress = self.state.load(self.learner)

    def step(self, images: Tensor, labels: Tensor, epoch: int, number: int) -> TrainingStep:
        """Return step `number` of an epoch, on images (B, 3, H, W) in [0, 1] with labels (B,)."""
        return TrainingStep(
            images=images,
            labels=labels,
            epoch=epoch,
            number=number,
            epochs=self.optimisation.epochs,
            seed=self.run.seed,
            config=self.config,
            forward=self.forward,
            miner=self.miner,
            loss_function=self.loss,
            processes=self.processes,
        )

    def exact(self) -> FrozenEmbedding:
        """Return the model to publish, as it is now, in float32 and eval mode, for evaluation."""
        return FrozenEmbedding(self.published.folded, self.forward.format)

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return all weights that are trained: the model's and the method's own."""
        own = {f"method/{name}": parameter for name, parameter in self.method.parameters().items()}
        return {**dict(self.forward.model.named_parameters()), **own}

    def _forward(self) -> ForwardPasses:
        backbone = backbone_of(self.study, self.run)[1]
        model = build_model(backbone, seed=self.run.seed, data_root=self.study.data_root).to(self.device)
        frozen = freeze_batchnorm_of(self.study, self.run)
        forward = ForwardPasses(model, self.optimisation, freeze_batchnorm=frozen)
        require_frozen(forward, self.processes.count)
        return forward

    def _method(self) -> TrainingMethod:
        method: TrainingMethod = self.config.record.build(self.config.options)
        method.prepare(self.forward.model, classes=int(self.part.labels.max()) + 1, seed=self.run.seed)
        if method.parameters() and self.processes.count > 1:
            raise UserError(f"trainings: {self.config.method} trains weights of its own; it needs one process")
        return method

    def _optimiser(self) -> Adam:
        rates = {"learning_rate": self.optimisation.learning_rate, "weight_decay": self.optimisation.weight_decay}
        return Adam(self.parameters(), **rates)

    def _validations(self) -> tuple[Validation, Validation | None]:
        queries, gallery = self.dataset.queries_and_gallery()
        if self.dataset.config.validation == 0:
            return self._validation(queries, gallery), None
        held_out = self.dataset.part("validation")
        return self._validation(queries, gallery), self._validation(held_out, held_out)

    def _validation(self, queries: Part, gallery: Part) -> Validation:
        attacked = self.optimisation.validation_queries
        return Validation(queries, gallery, self.config.attack, self.run.seed, self.device, self.processes, attacked)

    def _state(self) -> StateFolder:
        key = {
            "settings": self.settings,
            "data_sha256": self.dataset.sha256,
            "digest": training_digest(self.study, self.run),
            "torch": torch.__version__,
        }
        return StateFolder(state_folder(self.study.name, self.run, "train", digest_of(key)), key)

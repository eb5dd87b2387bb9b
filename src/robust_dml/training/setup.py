"""All that a training consists of, made from the study; the training itself is in loop.py."""

from __future__ import annotations

import torch

from robust_dml.config import Run, Study, training_settings
from robust_dml.config.paths import state_folder
from robust_dml.config.resolve import backbone_of, loss_of, miner_of, optimisation_of
from robust_dml.data import open_dataset
from robust_dml.losses import build_loss
from robust_dml.miners import build_miner
from robust_dml.models import build_model
from robust_dml.runtime.files import digest_of
from robust_dml.runtime.hardware import take_device
from robust_dml.training.adam import Adam
from robust_dml.training.checkpoints import require_choice
from robust_dml.training.distributed import join_processes
from robust_dml.training.forward import Network, require_frozen
from robust_dml.training.methods import method_of
from robust_dml.training.state import StateFolder
from robust_dml.training.step import Tools
from robust_dml.training.torch_settings import set_backend
from robust_dml.training.validation import Validation


class Training:
    """Network, data, method, optimiser and state of one model, ready to go on from `position`."""

    def __init__(self, study: Study, run: Run) -> None:
        """Raises UserError for settings that cannot be met, data that is absent, a state that does not fit."""
        self.study, self.run = study, run
        self.settings = training_settings(study, run)
        self.optimisation = optimisation_of(study, run)
        self.config = study.trainings[run.training]
        self.method = method_of(self.config.method)
        self.dataset = open_dataset(study.datasets[run.dataset], study.data_root)
        require_choice(self.optimisation, self.dataset.config.validation, f"datasets.{run.dataset}")
        set_backend(self.optimisation)
        self.device = take_device(study.device)
        self.processes = join_processes(self.device)
        self.network = self._network()
        miner, loss = build_miner(miner_of(study, run)), build_loss(loss_of(study, run))
        self.tools = Tools(self.network, miner, loss, self.config, run.seed, self.processes)
        self.optimiser = Adam(
            self.network.model,
            learning_rate=self.optimisation.learning_rate,
            weight_decay=self.optimisation.weight_decay,
        )
        self.part = self.dataset.part("train")
        self.test, self.held_out = self._validations()
        key = {"settings": self.settings, "data_sha256": self.dataset.sha256, "torch": torch.__version__}
        self.state = StateFolder(state_folder(study.name, run, "train", digest_of(key)), key)
        self.position = self.state.load(self.network.model, self.optimiser)

    def _network(self) -> Network:
        _, backbone = backbone_of(self.study, self.run)
        model = build_model(backbone, seed=self.run.seed, data_root=self.study.data_root).to(self.device)
        network = Network(model, self.optimisation, freeze_batchnorm=backbone.freeze_batchnorm)
        require_frozen(network, self.processes.count)
        return network

    def _validations(self) -> tuple[Validation, Validation | None]:
        shared = (self.config.attack, self.run.seed, self.device, self.processes)
        queries = self.dataset.part("test")
        gallery = queries if self.dataset.config.gallery == "test" else self.dataset.part("train")
        if self.dataset.config.validation == 0:
            return Validation(queries, gallery, *shared), None
        held_out = self.dataset.part("validation")
        return Validation(queries, gallery, *shared), Validation(held_out, held_out, *shared)

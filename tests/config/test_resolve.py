"""What one model is made of: the nearest setting wins."""

from config.test_digests import OTHER, RUN, STUDY, changed
from robust_dml.config import Run, Study
from robust_dml.config.resolve import freeze_batchnorm_of, loss_of, miner_of, optimisation_of, report_settings, runs


def test_runs_are_the_grid() -> None:
    listed = list(runs(STUDY))
    assert len(listed) == len(set(listed))
    assert RUN in listed and Run("gaussians", "triplet", "natural", 0) not in listed
    assert str(RUN.path) == "patches/triplet/robust-anchor/seed0"
    assert str(RUN.model) == "patches/triplet/robust-anchor"


def test_the_optimisation_of_a_training_wins_over_that_of_the_dataset_and_of_the_study() -> None:
    study = changed("trainings", "robust-anchor", optimisation={"epochs": 3})
    study = Study(**{**study.model_dump(mode="json"), "optimisation": {"epochs": 9}})
    assert optimisation_of(study, RUN).epochs == 3
    assert optimisation_of(study, OTHER).epochs == 9
    assert (
        optimisation_of(study, OTHER).classes_per_batch == STUDY.datasets["patches"].optimisation["classes_per_batch"]
    )


def test_the_miner_of_a_training_wins_over_that_of_the_dataset() -> None:
    study = changed("datasets", "patches", miner={"kind": "TripletMarginMiner"})
    assert miner_of(study, RUN).kind == "TripletMarginMiner"
    content = study.model_dump(mode="json")
    content["trainings"]["robust-anchor"]["miner"] = {"kind": "distance-weighted", "options": {"cutoff": 0.1}}
    both = Study(**content)
    assert (miner_of(both, RUN).kind, miner_of(both, RUN).options.cutoff) == ("distance-weighted", 0.1)
    assert miner_of(both, OTHER).kind == "TripletMarginMiner"


def test_a_training_changes_single_options_of_its_loss() -> None:
    study = changed("trainings", "robust-anchor", loss={"power": 2.0})
    assert loss_of(study, RUN).options.power == 2
    assert loss_of(study, RUN).options.margin == loss_of(STUDY, RUN).options.margin
    assert loss_of(study, OTHER) == STUDY.losses["triplet"]


def test_batchnorm_is_frozen_as_the_training_says_else_as_the_backbone_says() -> None:
    assert freeze_batchnorm_of(STUDY, RUN) == STUDY.backbones[STUDY.datasets["patches"].backbone].freeze_batchnorm
    for frozen in (True, False):
        assert freeze_batchnorm_of(changed("trainings", "robust-anchor", freeze_batchnorm=frozen), RUN) is frozen


def test_the_order_of_trainings_is_part_of_the_report() -> None:
    content = STUDY.model_dump(mode="json")
    content["trainings"] = dict(reversed(content["trainings"].items()))
    backwards = Study(**content)
    assert report_settings(backwards) != report_settings(STUDY)
    assert backwards.model_dump() == STUDY.model_dump()

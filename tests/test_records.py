"""Records are read without torch, and say what tables, plans and checks need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from robust_dml.records import CHECKS, METHODS, METRICS, OPTIMISERS, THREATS

HEAVY = """
import sys
from robust_dml.records import REGISTRIES
for registry in REGISTRIES:
    for name in registry.names:
        registry.load(name)
heavy = "torch torchvision matplotlib pandas sklearn skimage scipy faiss pytorch_metric_learning".split()
print([name for name in heavy if name in sys.modules])
"""


def test_all_records_are_read_without_a_heavy_import() -> None:
    out = subprocess.run([sys.executable, "-c", HEAVY], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_one_training_method_is_the_reference_and_one_is_the_papers() -> None:
    families = [METHODS.load(name).family for name in METHODS.names]
    assert families.count("natural") == 1 and families.count("robust") == 1


def test_optimisers_that_train_can_also_attack() -> None:
    trains = {name for name in OPTIMISERS.names if OPTIMISERS.load(name).trains}
    assert trains == {"fgsm", "r-fgsm", "pgd"} | (trains & {"apgd"})
    assert all(OPTIMISERS.load(name).attack is not None for name in trains)


@pytest.mark.parametrize("name", OPTIMISERS.names)
def test_more_steps_cost_more_passes(name: str) -> None:
    record = OPTIMISERS.load(name)
    extra = {"source": "natural"} if "source" in record.options.model_fields else {}
    if "steps" not in record.options.model_fields:
        assert record.counted == ""
        return
    few, many = (record.options(steps=steps, **extra) for steps in (3, 9))
    assert record.passes(many) > record.passes(few) > 0
    assert (record.steps(few), record.steps(many)) == (3, 9)
    assert record.counted in ("steps", "queries", "draws")


def test_the_metric_of_a_threat_exists() -> None:
    names = {number for name in METRICS.names for number in METRICS.load(name).labels}
    assert all(THREATS.load(name).metric in names for name in THREATS.names)


def test_checks_have_different_places_and_titles() -> None:
    found = [CHECKS.load(name) for name in CHECKS.names]
    assert len({check.order for check in found}) == len({check.title for check in found}) == len(found)

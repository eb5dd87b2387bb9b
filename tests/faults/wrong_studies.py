"""Studies with one mistake each: the key that is changed, its wrong value, and words that the refusal must hold."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CI = Path(__file__).parents[2] / "config" / "ci.yaml"


class _Removed:
    """The value of a key that is taken out; its name in a test's is the same in every process."""

    def __repr__(self) -> str:
        return "removed"


REMOVED = _Removed()


@dataclass(frozen=True)
class Wrong:
    """A mistake at `place`, dotted; the refusal names `named`, or the place itself."""

    place: str
    value: object
    hint: str
    named: str = ""

    @property
    def words(self) -> tuple[str, str]:
        """What the refusal must say: the place in the YAML, and a hint."""
        return self.named or self.place, self.hint

    def study(self) -> dict[str, Any]:
        """Return the ci study with this mistake."""
        content: dict[str, Any] = yaml.safe_load(CI.read_text())
        *keys, last = self.place.split(".")
        section = content
        for key in keys:
            section = section.setdefault(key, {})
        if self.value is REMOVED:
            del section[last]
        else:
            section[last] = deepcopy(self.value)
        return content


NAN, INFINITE = float("nan"), float("inf")
HUGE = 10**12
PGD = {"optimiser": "pgd", "epsilon": 0.1, "steps": 3}
TRANSFORM = {"size": 8, "resize": 8, "train_side": 8}
DIGITS = "datasets.digits"

WRONG = [
    Wrong("name", "Two Words", "match pattern"),
    Wrong("name", "../outside", "match pattern"),
    Wrong("name", "a$(touch x)", "match pattern"),
    Wrong("name", "a" * 200, "at most 80"),
    Wrong("name", REMOVED, "missing"),
    Wrong("sedes", [1], "unknown key"),
    Wrong("device", "gpu", "'auto', 'cpu' or 'cuda'"),
    Wrong("seeds", [], "at least 1"),
    Wrong("seeds", [0, 0], "duplicate seed"),
    Wrong("seeds", [-1], "greater than or equal to 0"),
    Wrong("seeds", [True], "not true or false"),
    Wrong("seeds", [0.5], "integer"),
    Wrong("seeds", [2**63], "less than"),
    Wrong("datasets", {}, "at least 1"),
    Wrong(f"{DIGITS}.kind", "digit", "no such dataset"),
    Wrong(f"{DIGITS}.kind", REMOVED, "missing"),
    Wrong(f"{DIGITS}.kind", "no.module:NAME", "cannot be imported"),
    Wrong(f"{DIGITS}.split", "random-9", "has no split"),
    Wrong(f"{DIGITS}.gallery", "train", "nothing to find"),
    Wrong(f"{DIGITS}.gallery", "both", "'test' or 'train'"),
    Wrong(f"{DIGITS}.losses", [], "at least 1"),
    Wrong(f"{DIGITS}.trainings", [], "at least 1"),
    Wrong(f"{DIGITS}.losses", ["tripel"], "no such name"),
    Wrong(f"{DIGITS}.backbone", "huge", "no such name"),
    Wrong(f"{DIGITS}.validation", 1.5, "less than or equal to 1"),
    Wrong(f"{DIGITS}.pixels", 8, "unknown key"),
    Wrong(f"{DIGITS}.transform.size", 0, "greater than 0"),
    Wrong(f"{DIGITS}.transform.size", 10**6, "less than or equal to 4096"),
    Wrong(f"{DIGITS}.transform.size", 9, "must not be smaller", f"{DIGITS}.transform"),
    Wrong(f"{DIGITS}.transform.scale", [0.9, 0.1], "must rise", f"{DIGITS}.transform"),
    Wrong(f"{DIGITS}.transform.flip", 2, "less than or equal to 1"),
    Wrong(f"{DIGITS}.optimisation", {"epoch": 3}, "unknown key", f"{DIGITS}.optimisation.epoch"),
    Wrong("backbones.tiny.widths", [], "at least 1", "backbones.tiny"),
    Wrong("backbones.tiny.widths", [0], "greater than 0", "backbones.tiny"),
    Wrong("backbones.tiny.widths", [8] * 100, "at most 16", "backbones.tiny"),
    Wrong("backbones.tiny.embedding", 1, "greater than 1"),
    Wrong("backbones.tiny.embedding", HUGE, "less than or equal to 65536"),
    Wrong("backbones.tiny.weights", "imagenet", "no ImageNet weights", "backbones.tiny"),
    Wrong("backbones.tiny.kind", "resnet19", "no such backbone", "backbones.tiny"),
    Wrong("losses.triplet.kind", "triple", "no such loss", "losses.triplet"),
    Wrong("losses.triplet.options", {"margins": 1}, "unknown key", "losses.triplet"),
    Wrong("losses.triplet.options", {"margin": NAN}, "found nan", "losses.triplet"),
    Wrong("losses.triplet.options", {"margin": -1}, "greater than or equal to 0", "losses.triplet"),
    Wrong("miner", {"kind": "hardest-of-all"}, "no such miner"),
    Wrong("optimisation.epochs", 0, "greater than or equal to 1"),
    Wrong("optimisation.epochs", HUGE, "less than or equal to 1000000"),
    Wrong("optimisation.epochs", True, "not true or false"),
    Wrong("optimisation.epochs", "many", "integer"),
    Wrong("optimisation.learning_rate", 0, "greater than 0"),
    Wrong("optimisation.learning_rate", INFINITE, "finite"),
    Wrong("optimisation.learning_rate", NAN, "found nan"),
    Wrong("optimisation.weight_decay", -1, "greater than or equal to 0"),
    Wrong("optimisation.workers", 100_000, "less than or equal to 256"),
    Wrong("optimisation.precision", "fp8", "'fp32', 'tf32' or 'bf16'"),
    Wrong("optimisation.checkpoint", "best", "'last'"),
    Wrong("optimisation.checkpoint", "validation", "needs `validation` above 0", DIGITS),
    Wrong("optimisation.max_bad_steps", 1.5, "less than or equal to 1"),
    Wrong("optimisation.classes_per_batch", 1, "greater than or equal to 2"),
    Wrong("optimisation.samples_per_class", 1, "greater than or equal to 2"),
    Wrong("trainings", {}, "at least 1"),
    Wrong("trainings.natural.method", "unnatural", "no such", "trainings.natural"),
    Wrong("trainings.natural.ramp_epochs", 2, "has no attack", "trainings.natural"),
    Wrong("trainings.natural.ramp_epochs", HUGE, "less than or equal to", "trainings.natural"),
    Wrong("trainings.natural.perturb", "anchor", "unknown key", "trainings.natural"),
    Wrong("trainings.natural.backbone", "none", "no such name"),
    Wrong("trainings.natural.losses", ["contrastive"], "no such name"),
    Wrong("trainings.natural.optimisation", {"epoch": 1}, "unknown key", "trainings.natural.optimisation.epoch"),
    Wrong("trainings.natural.loss", {"margins": 1}, "unknown key", "trainings.natural"),
    Wrong("trainings.robust-anchor.perturb", "everyone", "", "trainings.robust-anchor"),
    Wrong("trainings.robust-anchor.attack", {"optimiser": "square", "steps": 2}, "cannot be used in training"),
    Wrong("trainings.robust-anchor.attack", {"epsilon": 8}, "write 8/255"),
    Wrong("trainings.robust-anchor.attack", {"epsilon": -0.1}, "greater than or equal to 0"),
    Wrong("attacks.none", PGD, "reserved"),
    Wrong("attacks.clean", PGD, "reserved"),
    Wrong("attacks.Pgd", PGD, "match pattern"),
    Wrong("attacks.pgd", {**PGD, "epsilon": 8}, "write 8/255"),
    Wrong("attacks.pgd", {**PGD, "epsilon": INFINITE}, "finite"),
    Wrong("attacks.pgd", {**PGD, "epsilon": "8/0"}, "divides by zero"),
    Wrong("attacks.pgd", {**PGD, "epsilon": []}, "at least 1"),
    Wrong("attacks.pgd", {**PGD, "epsilon": [0.1, 0.1]}, "duplicate epsilon"),
    Wrong("attacks.pgd", {**PGD, "epsilon": True}, "not true or false"),
    Wrong("attacks.pgd", {**PGD, "norm": "l1"}, "'linf' or 'l2'"),
    Wrong("attacks.pgd", {**PGD, "norm": "l2", "epsilon": 1000}, "exceeds the largest l2 distance"),
    Wrong("attacks.pgd", {**PGD, "steps": HUGE}, "less than or equal to"),
    Wrong("attacks.pgd", {**PGD, "steps": 0}, "greater than or equal to 1"),
    Wrong("attacks.pgd", {**PGD, "restarts": HUGE}, "less than or equal to"),
    Wrong("attacks.pgd", {**PGD, "step": 3}, "unknown key"),
    Wrong("attacks.pgd", {**PGD, "objective": "margins"}, "no such objective"),
    Wrong("attacks.pgd", {**PGD, "optimiser": "pdg"}, "no such optimiser"),
    Wrong("attacks.pgd", {**PGD, "threat": "gallery"}, "no such threat"),
    Wrong("attacks.all", {"optimiser": "worst-case", "epsilon": 0.1, "members": ["none"]}, "no such name"),
    Wrong("attacks.all", {"optimiser": "worst-case", "epsilon": 0.2, "members": ["pgd"]}, "lacks epsilon"),
    Wrong("attacks.all", {"optimiser": "transfer", "epsilon": 0.1, "steps": 3, "source": "x"}, "no such name"),
    Wrong("evaluation.batch", 0, "greater than or equal to 1"),
    Wrong("evaluation.block", HUGE, "less than or equal to"),
    Wrong("evaluation.check_queries", -1, "greater than or equal to 0"),
    Wrong("evaluation.metrics", [], "at least 1"),
    Wrong("evaluation.metrics", ["recal"], "no such metric"),
    Wrong("evaluation.metrics", ["r-precision"], "recall: missing"),
    Wrong("report.headline", "pgd-0.3", "no such name"),
    Wrong("report.natural", "robust", "no such name"),
    Wrong("report.examples", 1000, "less than or equal to 48"),
]

FILES = {
    "binary": (bytes(range(256)), "not UTF-8"),
    "Latin-1": ("name: café".encode("latin-1"), "not UTF-8"),
    "UTF-16": ("name: ci".encode("utf-16"), "not UTF-8"),
    "keys that are no strings": (b"{1: a, 2: b}", "a mapping of keys"),
    "a list as a key": (b"? [a, b]\n: c", "a key must be a name"),
    "a doubled key": (b"name: a\nname: b", "duplicate key"),
    "a list": (b"- 1", "a mapping of keys"),
    "nothing": (b"", "a mapping of keys"),
    "an unfinished list": (b"a: [1", "not valid YAML"),
    "a Python object": (b"name: !!python/object/apply:os.system ['touch executed']", "not valid YAML"),
    "a million brackets": (b"[" * 100_000, "not valid YAML"),
    "a NUL byte": (b"name: a\0b", "not valid YAML"),
}
"""Files that are no study: their bytes, and words of the refusal."""

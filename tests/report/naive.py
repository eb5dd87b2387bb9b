"""Every number of the tables once more, straight from the lines of metrics.csv."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

Seeds = dict[str, float]

METRICS = Path("results/made-up/metrics.csv")
SLOTS = {"none (natural)": "natural", **{slot: f"robust-{slot}" for slot in ("positive", "negative", "anchor")}}
RATES = {"natural, 0": "natural", "anchor, 0.5": "half-anchor", "anchor, 1": "robust-anchor"}
ATTACKS = {"clean": "none", "FGSM": "fgsm", "PGD": "pgd", "PGD-20": "pgd-20", "PGD-40": "pgd-40"}


class Naive:
    """Looks values up in metrics.csv by name."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str, str], list[dict[str, str]]] = {}
        with METRICS.open(encoding="utf-8", newline="") as stream:
            for line in csv.DictReader(stream):
                self.lines.setdefault((line["dataset"], line["loss"], line["training"]), []).append(line)

    def seeds(self, dataset: str, loss: str, training: str, result: str, metric: str, protocol: str) -> Seeds:
        attack, epsilon = ("none", "0") if result == "clean" else result.rsplit("-", 1)
        wanted = {"attack": attack, "metric": metric, "protocol": protocol}
        return {
            line["seed"]: float(line["value"])
            for line in self.lines.get((dataset, loss, training), [])
            if all(line[name] == value for name, value in wanted.items()) and float(line["epsilon"]) == float(epsilon)
        }

    def expected(self, table: str, labels: list[str], column: str) -> tuple[float, float] | None:
        """Mean and sample standard deviation in the unit of the table; None for a cell that stays empty."""
        dataset, loss = labels[:2]
        if table == "attacks":
            epsilon = labels[4].split("ε = ")[1].split(",")[0] if "ε" in labels[4] else "0"
            attack = ATTACKS.get(labels[2], labels[2])
            result = "clean" if attack == "none" else f"{attack}-{epsilon}"
            return percent(self.seeds(dataset, loss, column, result, "recall@1", "masked"))
        if table == "gain":
            return self.gain(dataset, labels[1:], column.removesuffix(" gain"))
        training = {"slot": SLOTS, "rate": RATES}.get(table, {}).get(labels[2], labels[2])
        return self.compared(dataset, loss, training, column)

    def compared(self, dataset: str, loss: str, training: str, column: str) -> tuple[float, float] | None:
        result, what = column.split(" ", 1)
        if what == "fold":
            return self.fold(dataset, loss, training, result)
        if what == "difference":
            masked = self.seeds(dataset, loss, training, result, "recall@1", "masked")
            released = self.seeds(dataset, loss, training, result, "recall@1", "as-released")
            return percent({seed: released[seed] - masked[seed] for seed in masked})
        protocol = "as-released" if what.endswith("as-released") else "masked"
        metric = what.split(" ")[0] if what.split(" ")[0] not in ("masked", "as-released") else "recall@1"
        return percent(self.seeds(dataset, loss, training, result, metric, protocol))

    def gain(self, dataset: str, other: list[str], result: str) -> tuple[float, float] | None:
        ours = self.seeds(dataset, "contrastive", "robust-anchor", result, "recall@1", "masked")
        theirs = self.seeds(dataset, *other, result, "recall@1", "masked")
        return percent({seed: ours[seed] - theirs[seed] for seed in ours})

    def fold(self, dataset: str, loss: str, training: str, result: str) -> tuple[float, float] | None:
        if training == "natural":
            return None
        ours = self.seeds(dataset, loss, training, result, "recall@1", "masked")
        base = self.seeds(dataset, loss, "natural", result, "recall@1", "masked")
        if not ours:
            return None
        ratios = [ours[seed] / base[seed] for seed in ours]
        middle = (sum(ours.values()) / len(ours)) / (sum(base.values()) / len(base))
        return middle, statistics.stdev(ratios)


def percent(seeds: Seeds) -> tuple[float, float] | None:
    """Mean and spread of fractions, in percent."""
    if not seeds:
        return None
    values = [100 * value for value in seeds.values()]
    return sum(values) / len(values), statistics.stdev(values)

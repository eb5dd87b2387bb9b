"""Training curves: the loss, and R@1 clean and attacked, by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import grid, legend
from robust_dml.report.figures.style import Mark, marks
from robust_dml.report.labels import NORMS, OPTIMISERS
from robust_dml.report.selection import measured_groups, robust_trainings, trainings_of
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = {"loss": "loss (1 at epoch 1)", "recall@1": "R@1, clean (%)", "adversarial_recall@1": "R@1, attacked (%)"}


def caption(study: Study) -> str:
    """What the curves are, and what they are not."""
    attack = _shared_attack(study)
    words = f"{OPTIMISERS[attack.optimiser]}, {NORMS[attack.norm]}, ε = {attack.epsilon:g}, {attack.steps} steps"
    return (
        "Training curves, one line per seed. Attacked R@1 is that on the test classes under the attack of the robust "
        f"training ({words}), "
        "weaker than the attacks of the tables; trainings that are validated with another attack have no line there. "
        "Losses are shown as multiples of their first, since those of two trainings are not comparable: margins "
        "differ, and each is a mean over its non-zero terms only."
    )


def _shared_attack(study: Study) -> TrainingAttackConfig:
    """The attack that most robust trainings are validated with."""
    attacks = [study.trainings[name].attack for name in robust_trainings(study) or study.trainings]
    return max(attacks, key=attacks.count)


def draw(numbers: Numbers) -> Figure:
    """A row of panels per dataset and loss."""
    shown = measured_groups(numbers.study)
    figure, lines = grid(len(shown), len(COLUMNS), height=1.55, sharex="row")
    for line, group in zip(lines, shown, strict=True):
        _row(numbers, line, *group)
    if not any(ax.lines for ax in figure.axes):
        raise UserError(f"{numbers.study.name}: no history.csv of any model; run snakemake on this study first")
    for ax in lines[-1]:
        ax.set_xlabel("epoch")
    for ax, title in zip(lines[0], COLUMNS.values(), strict=True):
        ax.set_title(title, loc="left")
    legend(figure, numbers.study)
    return figure


def _row(numbers: Numbers, axes: list[Axes], dataset: str, loss: str) -> None:
    shared = _shared_attack(numbers.study)
    for training in trainings_of(numbers.study, dataset, loss):
        for run in numbers.results.runs(dataset, loss, training):
            history = numbers.results.history(run)
            for ax, column in zip(axes, COLUMNS, strict=True):
                if column != "adversarial_recall@1" or numbers.study.trainings[training].attack == shared:
                    _line(ax, _points(history, column), training, marks(numbers.study)[training])
    axes[0].set_ylabel(f"{dataset}\n{loss}")
    axes[0].set_ylim(bottom=0)
    for ax in axes[1:]:
        ax.set_ylim(-2, 102)


def _points(history: list[dict[str, float | None]], column: str) -> list[tuple[float, float]]:
    """Pairs of epoch and value: a recall in percent, a loss as a multiple of the first one."""
    pairs = [(epoch["epoch"], epoch.get(column)) for epoch in history]
    known = [(x, y) for x, y in pairs if x is not None and y is not None]
    first = known[0][1] if known else 0.0
    scale = 100 if column != "loss" else 1 / first if first else 1
    return [(x, scale * y) for x, y in known]


def _line(ax: Axes, points: list[tuple[float, float]], name: str, mark: Mark) -> None:
    if points:
        x, y = zip(*points, strict=True)
        ax.plot(x, y, color=mark.color, linestyle=mark.line, linewidth=1.0, alpha=0.85, label=name)

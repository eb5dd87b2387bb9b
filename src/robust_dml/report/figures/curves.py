"""Training curves: the loss, and R@1 clean and attacked, by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.config import Study
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.records import FigureRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.figures.panels import grid, legend
from robust_dml.report.figures.style import Mark, marks
from robust_dml.report.labels import strength_label
from robust_dml.report.result_files import HistoryRow
from robust_dml.report.selection import Group, measured_groups, of_family, trainings_of
from robust_dml.report.sources import history_files
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = ("loss (1 at epoch 1)", "R@1, clean (%)", "R@1, attacked (%)")
Points = list[tuple[int, float]]


def caption(study: Study) -> str:
    """Return what the curves are, and what they are not."""
    attack = _shared_attack(study)
    words = f"{attack.record.label}, {strength_label(attack, attack.epsilon)}"
    whose = "the robust training" if of_family(study, "robust") else "its validation"
    return (
        "Training curves, one line per seed. Attacked R@1 is that on the test classes under the attack of "
        f"{whose} ({words}), "
        "weaker than the attacks of the tables; trainings that are validated with another attack have no line there. "
        "Losses are shown as multiples of their first, since those of two trainings are not comparable: margins "
        "differ, and each is a mean over its non-zero terms only."
    )


def _shared_attack(study: Study) -> TrainingAttackConfig:
    """Return the attack that most robust trainings are validated with."""
    attacks = [study.trainings[name].attack for name in of_family(study, "robust") or study.trainings]
    return max(attacks, key=attacks.count)


def draw(numbers: Numbers) -> Figure:
    """Draw a row of panels per dataset and loss: loss, R@1 without attack, R@1 under attack."""
    shown = measured_groups(numbers.study)
    figure, lines = grid(len(shown), len(TITLES), height=1.55, sharex="row")
    found = [_row(numbers, line, group) for line, group in zip(lines, shown, strict=True)]
    if not any(found):
        raise UserError(f"{numbers.study.name}: no history.csv of any model; run snakemake on this study first")
    for ax in lines[-1]:
        ax.set_xlabel("epoch")
    for ax, title in zip(lines[0], TITLES, strict=True):
        ax.set_title(title, loc="left")
    legend(figure, numbers.study)
    return figure


def _row(numbers: Numbers, axes: list[Axes], group: Group) -> bool:
    """Draw the curves of a group; return whether any of its models has a history."""
    shared, looks, found = _shared_attack(numbers.study), marks(numbers.study), False
    for training in trainings_of(numbers.study, group):
        comparable = numbers.study.trainings[training].attack == shared
        for run in numbers.results.runs(group.model(training)):
            history = numbers.results.history(run)
            found = found or bool(history)
            for ax, points in zip(axes, _curves(history, attacked=comparable), strict=True):
                _line(ax, points, training, looks[training])
    axes[0].set_ylabel(f"{group.dataset}\n{group.loss}")
    axes[0].set_ylim(bottom=0)
    for ax in axes[1:]:
        ax.set_ylim(-2, 102)
    return found


def _curves(history: list[HistoryRow], *, attacked: bool) -> tuple[Points, Points, Points]:
    """Return pairs of epoch and value: the loss as a multiple of the first one, both recalls in percent."""
    losses = [(row.epoch, row.loss) for row in history if row.loss is not None]
    first = losses[0][1] if losses else 0.0
    return (
        [(epoch, loss / first if first else loss) for epoch, loss in losses],
        [(row.epoch, 100 * row.recall) for row in history if row.recall is not None],
        [
            (row.epoch, 100 * row.adversarial_recall)
            for row in history
            if attacked and row.adversarial_recall is not None
        ],
    )


def _line(ax: Axes, points: Points, name: str, mark: Mark) -> None:
    if points:
        x, y = zip(*points, strict=True)
        marker = mark.marker if len(points) == 1 else ""  # a line of one point is not to be seen
        ax.plot(x, y, color=mark.color, linestyle=mark.line, linewidth=1.0, alpha=0.85, label=name, marker=marker)


ENTRY = FigureRecord(
    title="Training curves",
    order=50,
    wanted=lambda study: bool(study.trainings.keys() - study.models.keys()),
    sources=history_files,
    caption=caption,
    draw=draw,
)

"""What an audit found, in a few lines for a terminal."""

from __future__ import annotations

from pathlib import Path

from robust_dml.cards.card import read_card
from robust_dml.report.labels import radius


def summary(out: Path) -> str:
    """Return recall@1 by radius with its interval, the verdict, and where the files lie."""
    card = read_card(out / "card.json")
    seed, lines = card.seeds[0], [f"\n{card.model.name} on {card.data.name}: recall@1 of {card.data.scored} queries, %"]
    for at in seed.radii:
        label = "clean" if at.epsilon == 0 else f"{card.threat['norm']} {radius(at.epsilon)}"
        low, high = (100 * (end or 0.0) for end in (at.recall.low, at.recall.high))
        lines.append(f"  {label:<14}{100 * at.recall.value:5.1f}  [{low:.1f}, {high:.1f}]")
    lines += [f"{card.protocol.name}: {card.verdict}", *(f"  {reason}" for reason in card.reasons)]
    lines.append(f"page  {out / 'report.html'}\ncard  {out / 'card.json'}")
    return "\n".join(lines)

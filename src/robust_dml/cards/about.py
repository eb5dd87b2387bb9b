"""What the author of a card says of the model, from a YAML file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from robust_dml.cards.card import About
from robust_dml.config.load import read_yaml
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.section import explain


def read_about(path: Path) -> About:
    """Read title, citation, url, licence and reported figures. Raises UserError for an unknown key or a wrong value."""
    content = read_yaml(path, "what the card says of the model")
    try:
        return About(**content) if isinstance(content, dict) else About.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error)}; docs/submit.md has the keys") from error

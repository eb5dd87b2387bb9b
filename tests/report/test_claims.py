"""Claims: every verdict, its reason, and the mistakes that a claims file can hold."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from robust_dml.cli import main
from robust_dml.config import ModelName, load_study
from robust_dml.report.cells import Numbers
from robust_dml.report.claims import Claim, judge, load_claims, record_of
from robust_dml.report.metrics import MetricRow
from robust_dml.report.results import Results
from robust_dml.report.samples import Sample
from robust_dml.runtime.errors import UserError
from robust_dml.statistics import seeds_to_resolve

CONFIG = Path(__file__).parents[2] / "config"
AT = {"dataset": "digits", "loss": "triplet", "attack": "pgd", "epsilon": 0.1}


def claim(**changes) -> Claim:
    base = {
        "id": "c",
        "statement": "s",
        "source": "ours",
        "quantity": "ratio",
        "of": {"training": "robust-anchor", **AT},
        "to": {"training": "natural", **AT},
        "at_least": 1.6,
    }
    return Claim(**{name: value for name, value in {**base, **changes}.items() if value is not None})


QUERIES = 400


def metrics(values: dict[tuple[str, str], dict[int, float]]) -> list[MetricRow]:
    """Rows of PGD at 0.1, masked R@1, by (loss, training) and seed."""
    return [
        MetricRow("digits", "small", loss, training, seed, "pgd", "linf", 0.1, 10, "margin", "masked", "recall@1", each)
        for (loss, training), seeds in values.items()
        for seed, each in seeds.items()
    ]


def samples(values: dict[tuple[str, str], dict[int, float]]) -> dict[tuple[ModelName, str, str], Sample]:
    """What each query did: the first ones are right, as many as the value says; classes are spread over them."""
    ids = np.arange(QUERIES)
    return {
        (ModelName("digits", loss, training), "pgd-0.1", "masked"): Sample(
            tuple(seeds), ids, ids % 40, np.array([ids < each * QUERIES for each in seeds.values()])
        )
        for (loss, training), seeds in values.items()
    }


VALUES = {
    ("triplet", "natural"): {0: 0.34, 1: 0.35, 2: 0.36},
    ("triplet", "robust-anchor"): {0: 0.63, 1: 0.62, 2: 0.64},
    ("triplet", "robust-negative"): {0: 0.5, 1: 0.5, 2: 0.5},
    ("contrastive", "natural"): {0: 0.0, 1: 0.0, 2: 0.0},
    ("contrastive", "robust-anchor"): {0: 0.25, 1: 0.24, 2: 0.26},
}


@pytest.fixture
def numbers(results: Results) -> Numbers:
    results.rows = metrics(VALUES)  # type: ignore[misc]
    results._samples = samples(VALUES)  # type: ignore[assignment]
    results._queries = {"digits": QUERIES}
    return Numbers(results)


def test_a_ratio_is_that_of_the_means_and_its_spread_that_of_the_seeds(numbers: Numbers) -> None:
    record = asdict(record_of(judge(claim(at_least=1.5), numbers)))
    assert record["verdict"] == "supported"
    assert record["observed"] == pytest.approx(0.63 / 0.35)
    ratios = [0.63 / 0.34, 0.62 / 0.35, 0.64 / 0.36]
    assert list(record["cases"][0]["seeds"].values()) == pytest.approx(ratios)
    assert record["spread"] == pytest.approx(float(np.std(ratios, ddof=1)))
    assert 1.5 < record["low"] < record["observed"] < record["high"]
    assert "63.0 % against 35.0 %: 1.80 times (95 % interval" in record["reason"]
    assert "asked: at least 1.50 times; met by 3 of 3 seeds alone" in record["reason"]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"at_least": 1.5}, "supported"),
        ({"at_least": 2.2}, "not supported"),
        ({"at_least": 2.2, "tolerance": 0.7}, "supported"),
        ({"at_least": None, "at_most": 2.2}, "supported"),
        ({"at_least": None, "at_most": 1.5}, "not supported"),
        ({"at_least": None, "at_most": 1.5, "tolerance": 0.7}, "supported"),
        ({"quantity": "difference", "at_least": 0.2}, "supported"),
        ({"quantity": "difference", "at_least": 0.4}, "not supported"),
        ({"quantity": "value", "to": None, "at_least": 0.55}, "supported"),
        ({"quantity": "value", "to": None, "at_least": 0.7}, "not supported"),
        ({"at_least": 1.75}, "not resolved"),
        ({"at_least": 1.85}, "not resolved"),
        ({"quantity": "difference", "at_least": 0.27}, "not resolved"),
        ({"quantity": "value", "to": None, "at_least": 0.64}, "not resolved"),
    ],
)
def test_a_bound_is_met_or_missed_beyond_chance_or_not_resolved(numbers: Numbers, changes: dict, verdict: str) -> None:
    assert judge(claim(**changes), numbers).answer == verdict


def test_a_claim_that_is_not_resolved_says_how_many_queries_would_resolve_it(numbers: Numbers) -> None:
    verdict = judge(claim(quantity="value", to=None, at_least=0.60), numbers)
    assert verdict.answer == "not resolved"
    needed = re.search(r"about ([\d,]+) queries \(400 now\) would resolve it$", verdict.reason)
    interval = verdict.cases[0].interval
    assert int(needed[1].replace(",", "")) == pytest.approx(400 * ((0.63 - interval.low) / 0.03) ** 2, abs=1.5)


def test_a_claim_that_is_not_resolved_says_how_many_seeds_would_resolve_it(results: Results) -> None:
    values = VALUES | {("triplet", "robust-anchor"): {0: 0.95, 1: 0.6, 2: 0.56}}
    results.rows, results._samples = metrics(values), samples(values)  # type: ignore[misc,assignment]
    results._queries = {"digits": QUERIES}
    verdict = judge(claim(quantity="difference", at_least=0.1), Numbers(results))
    gains = [0.95 - 0.44, 0.6 - 0.45, 0.56 - 0.46]
    assert verdict.answer == "not resolved"
    assert verdict.reason.endswith(f"about {seeds_to_resolve(gains)} seeds (3 now) would resolve it")


def test_one_unit_and_no_negative_zero(numbers: Numbers) -> None:
    same = {"training": "natural", **AT}
    assert ": 0.0 points (" in judge(claim(quantity="difference", of=same, to=same, at_least=-0.05), numbers).reason
    reason = judge(claim(quantity="difference", at_least=-0.05), numbers).reason
    assert "63.0 % against 35.0 %: +28.0 points (95 % interval +" in reason
    assert "asked: at least \N{MINUS SIGN}5.0 points" in reason


def test_a_claim_over_cases_hangs_on_the_worst_or_on_the_best(numbers: Numbers) -> None:
    here = {"attack": "pgd", "epsilon": 0.1}
    cases = {
        "of": {"training": "robust-anchor", **here},
        "to": None,
        "quantity": "value",
        "cases": {"dataset": ["digits"], "loss": ["contrastive", "triplet"]},
        "at_least": 0.5,
    }
    every, some = judge(claim(**cases), numbers), judge(claim(**cases, holds_in="some case"), numbers)
    assert (every.answer, every.deciding.selection.loss) == ("not supported", "contrastive")
    assert (some.answer, some.deciding.selection.loss) == ("supported", "triplet")
    assert "for loss contrastive (decides among 2 cases)" in every.reason


def test_a_ratio_to_zero_is_unbounded_and_stays_valid_json(numbers: Numbers) -> None:
    at = {**AT, "loss": "contrastive"}
    verdict = judge(claim(of={"training": "robust-anchor", **at}, to={"training": "natural", **at}), numbers)
    assert verdict.answer == "supported"
    assert "unbounded" in verdict.reason
    assert json.loads(json.dumps(asdict(record_of(verdict)), allow_nan=False))["observed"] is None


def test_a_claim_without_runs_is_not_tested_and_says_what_is_missing(numbers: Numbers) -> None:
    verdict = judge(claim(to={"training": "natural", **AT, "dataset": "cub200"}), numbers)
    assert (verdict.answer, verdict.reason) == ("not tested", "the study made-up has no result of dataset cub200")
    assert judge(claim(studies=["paper"]), numbers).reason == "a claim about the study paper"


def test_a_failed_check_is_named_beside_the_verdict(numbers: Numbers) -> None:
    verdict = judge(claim(of={"training": "robust-negative", **AT}, at_least=1.1), numbers)
    assert verdict.answer == "supported"
    assert ["robust-negative, seed 0: more steps" in flag for flag in verdict.flags] == [True]
    assert judge(claim(), numbers).flags == ()


def test_a_selection_that_matches_several_rows_is_an_error(results: Results) -> None:
    vague = claim(quantity="value", to=None, of={"training": "natural", "dataset": "digits", "loss": "triplet"})
    with pytest.raises(UserError, match="several rows of metrics"):
        judge(vague, Numbers(results))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "claims are a list"),
        ("- {id: a}", "claim a: statement: missing"),
        ("- 3", "claim 1 is not a mapping"),
        ("- {id: a, wrong: 1}", "wrong: unknown key"),
        ("- {id: a, statement: s, source: s, quantity: value, of: {}, at_least: 1, at_most: 2}", "not both"),
        ("- {id: a, statement: s, source: s, quantity: ratio, of: {}, at_least: 1}", "to: belongs to ratio"),
        ("- {id: a, statement: s, source: s, quantity: value, of: {model: x}, at_least: 1}", "of.model: unknown key"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        load_claims(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_repeated_id_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    one = "- {id: a, statement: s, source: s, quantity: value, of: {}, at_least: 1}\n"
    path.write_text(one * 2)
    with pytest.raises(UserError, match="two claims have the id a"):
        load_claims(path)


def test_the_papers_claims_stay_untested_until_its_runs_exist(results: Results, study_file: Path) -> None:
    assert main(["claims", str(study_file)]) == 0
    record = json.loads((results.folder / "claims.json").read_text())
    paper = [entry for entry in record["claims"] if entry["id"].startswith("paper-")]
    assert {entry["verdict"] for entry in paper} == {"not tested"}
    assert all("has no result of dataset" in entry["reason"] for entry in paper)
    assert any("5" in entry["statement"] for entry in paper)


@pytest.mark.parametrize("name", ["demo", "photographs", "paper"])
def test_shipped_claims_name_what_their_studies_have(name: str) -> None:
    study = load_study(CONFIG / f"{name}.yaml")
    known = {"dataset": study.datasets, "loss": study.losses, "training": study.trainings}
    known["attack"] = [*study.attacks, "none"]
    for each in load_claims(CONFIG / "claims.yaml"):
        if each.studies and name in each.studies:
            for part in filter(None, [each.of, each.to, *each.each_case()]):
                for column, names in known.items():
                    assert part.given().get(column) in {None, *names}, f"{each.id}: {column}"

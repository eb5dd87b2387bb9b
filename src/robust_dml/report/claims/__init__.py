"""Claims as code: config/claims.yaml says what must hold in metrics.csv; claims.json says whether it does."""

from robust_dml.report.claims.condition import Claim, load_claims
from robust_dml.report.claims.record import VerdictRecord, record_of
from robust_dml.report.claims.verdict import Verdict, judge

__all__ = ["Claim", "Verdict", "VerdictRecord", "judge", "load_claims", "record_of"]

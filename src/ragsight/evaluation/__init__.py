"""Measure retrieval on labelled queries: recall, precision, reciprocal rank, nDCG; compare runs."""

from ragsight.evaluation.charts import plot_evaluation
from ragsight.evaluation.comparing import Difference, compare
from ragsight.evaluation.evaluating import evaluate
from ragsight.evaluation.measuring import MEASURES, Measure, score_hits
from ragsight.evaluation.queries import LabelledQuery, read_qrels, read_queries
from ragsight.evaluation.scores import Evaluation, QueryScores, RunScores
from ragsight.evaluation.tuning import Configuration, Tuning, tune

__all__ = [
    "MEASURES",
    "Configuration",
    "Difference",
    "Evaluation",
    "LabelledQuery",
    "Measure",
    "QueryScores",
    "RunScores",
    "Tuning",
    "compare",
    "evaluate",
    "plot_evaluation",
    "read_qrels",
    "read_queries",
    "score_hits",
    "tune",
]

"""Index files: discover, load, encode, write; resume, replace, report."""

from ragsight.ingestion.pipeline import ingest
from ragsight.ingestion.report import IngestReport, Progress, ProgressHandler, SourceResult

__all__ = ["IngestReport", "Progress", "ProgressHandler", "SourceResult", "ingest"]

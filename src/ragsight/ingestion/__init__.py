"""Index files: discover, load, encode, write; resume, replace, report."""

from ragsight.ingestion.pipeline import (
    IngestReport,
    Progress,
    ProgressHandler,
    SourceResult,
    ingest,
)

__all__ = ["IngestReport", "Progress", "ProgressHandler", "SourceResult", "ingest"]

"""The only module that knows every stage: one document in, one extraction out; the batch around it."""

from pipeline.run.batch import datasets, run
from pipeline.run.one import Extraction, interpret, open_document, process
from pipeline.run.summary import Summary

__all__ = ["Extraction", "Summary", "datasets", "interpret", "open_document", "process", "run"]

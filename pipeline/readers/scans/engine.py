"""Text detection and recognition by RapidOCR (PP-OCR models in its wheel); nothing is fetched from anywhere.

The models are named by path, so that a damaged installation is an error and never a download.
"""

import importlib.util
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError

_NEEDED = ("cv2", "onnxruntime", "rapidocr")
_LONGEST_SIDE = 4000
THREADS_VARIABLE = "GUIBIAO_OCR_THREADS"


@dataclass(frozen=True, slots=True)
class Reading:
    """One recognised line: its text and how sure each of its characters is, 0..1."""

    text: str
    sure: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Return the mean confidence, 0 where nothing was read."""
        return sum(self.sure) / len(self.sure) if self.sure else 0.0


def missing() -> tuple[str, ...]:
    """Return the packages of the OCR extra that are not installed."""
    return tuple(name for name in _NEEDED if importlib.util.find_spec(name) is None)


def require(detail: str) -> None:
    """Raise SourceError ``needs_ocr`` where the extra is not installed."""
    absent = missing()
    if absent:
        raise SourceError("needs_ocr", detail=f"{detail}; not installed: {', '.join(absent)}")


def detect(image: Any) -> list[tuple[float, float, float, float]]:
    """Return the boxes of the text lines of a grey page, x0, top, x1, bottom in pixels."""
    import cv2

    found = _engine()(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), use_det=True, use_cls=False, use_rec=False)
    boxes = getattr(found, "boxes", None)
    if boxes is None:
        return []
    return [
        (float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 0].max()), float(box[:, 1].max()))
        for box in boxes
    ]


def recognise(crop: Any) -> Reading:
    """Return the text of one grey line image."""
    import cv2

    found = _engine()(
        cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR),
        use_det=False,
        use_cls=False,
        use_rec=True,
        return_word_box=True,
    )
    texts = getattr(found, "txts", None)
    if not texts or not texts[0]:
        return Reading("", ())
    text = str(texts[0])
    sure = tuple(float(one) for one in getattr(found.word_results[0], "confs", ()) or ())
    if len(sure) != len(text):
        sure = (float(found.scores[0]),) * len(text)
    return Reading(text, sure)


@cache
def _engine() -> Any:
    """Return the engine, loaded once per process (about 5 s); SourceError where its models are not there."""
    import rapidocr
    from rapidocr import RapidOCR

    models = Path(str(rapidocr.__file__)).parent / "models"
    paths = {}
    for role in ("det", "rec"):
        found = sorted(models.glob(f"*_{role}_*.onnx"))
        if not found:
            raise SourceError("needs_ocr", detail=f"RapidOCR has no {role} model in {models.name}")
        paths[role] = str(found[-1])
    # one thread each by default: a batch runs one process per core
    threads = int(os.environ.get(THREADS_VARIABLE) or 1)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": _LONGEST_SIDE,
            "Global.text_score": 0.0,
            "Global.use_cls": False,
            "Det.model_path": paths["det"],
            "Rec.model_path": paths["rec"],
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )

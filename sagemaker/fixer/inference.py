"""What SageMaker's container calls: the functions that the local model server calls, too."""

from testfleet.inference.fixer import input_fn, model_fn, output_fn, predict_fn

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]

"""How good probabilities are."""

import numpy as np


def quality(labels: np.ndarray, probabilities: np.ndarray) -> tuple[float, float]:
    """ROC-AUC and log loss."""
    from sklearn.metrics import log_loss, roc_auc_score

    return float(roc_auc_score(labels, probabilities)), float(log_loss(labels, np.clip(probabilities, 1e-9, 1 - 1e-9)))

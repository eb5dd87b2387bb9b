"""What the paper argues against: the dependence of a metric loss on its mini-batch is ignored.

As in adversarial training of a classifier (Madry et al., ICLR 2018), the images of the batch are perturbed to
raise the loss, here the metric loss of the whole batch: anchors, positives and negatives move at once, each
against others that move too, and the hinge's flat parts give no gradient.
"""

from __future__ import annotations

from torch import Tensor

from robust_dml.training.step import Step


def joint(step: Step) -> Tensor:
    """The loss of one step, with every image of the batch adversarial."""
    triplets = step.mine(step.embed(step.images))

    def loss_of_batch(embeddings: Tensor) -> Tensor:
        return step.loss(embeddings, step.labels, triplets).expand(len(embeddings)) / len(embeddings)

    return step.loss(step.embed(step.attack_jointly(loss_of_batch)), step.labels, triplets)

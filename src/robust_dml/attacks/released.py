"""The attacks exactly as the code released with arXiv 2102.07265 runs them, peculiarities included.

For comparison only: they make the `as-released` figures and the parity tests. What is peculiar: the l2 step is a sign
step whose mask at the borders of [0, 1] points the wrong way within PGD and C&W; PGD starts outside [0, 1], keeps
last iterates, and returns a black image where the objective is not a number; R-FGSM adds the step to the clean
image; C&W follows signs with Adam, ignores ball and borders until the end, and returns black images if the mean
objective is negative; FGSM steps by 0.01 whatever epsilon is.
"""

from __future__ import annotations

from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.objectives import Function
from robust_dml.attacks.probe import probe
from robust_dml.config.attacks import AttackConfig, Norm
from robust_dml.runtime.lazy import Tensor, torch

FGSM_STEP = 0.01
CW_CONSTANT, CW_LARGEST_CONSTANT, CW_LEARNING_RATE, CW_UPDATES = 0.1, 20.0, 8e-4, 50


def objective(positive: Tensor | None = None, negative: Tensor | None = None) -> Function:
    """D(f(x), positive) - D(f(x), negative), either absent, with D(u, v) = ||u - v + 1e-6|| (ReferenceDistanceLoss)."""

    def value(embeddings: Tensor) -> Tensor:
        repelled = 0.0 if positive is None else torch.linalg.vector_norm(embeddings - positive + 1e-6, dim=1)
        attracted = 0.0 if negative is None else torch.linalg.vector_norm(embeddings - negative + 1e-6, dim=1)
        return torch.as_tensor(repelled - attracted)

    return value


def step(images: Tensor, gradient: Tensor, norm: Norm) -> Tensor:
    """Return the gradient's signs; under l2 zero at pixels of 1 with a gradient above, of 0 with one below zero."""
    if norm == "l2":
        outward = ((images == 1) & (gradient > 0)) | ((images == 0) & (gradient < 0))
        gradient = gradient.masked_fill(outward, 0)
    return gradient.sign()


def pgd(
    embed: Embed, images: Tensor, objective: Function, norm: Norm, epsilon: float, *, noise: Tensor, steps: int = 5
) -> Tensor:
    """PGD from `images + noise`, noise (restarts, B, ...), with step size 2 epsilon / steps."""
    ball = BALLS[norm](epsilon)
    result, best = torch.zeros_like(images), torch.full((len(images),), -torch.inf).to(images)
    with frozen(embed), torch.no_grad():
        for start in noise:
            x = images + start
            for _ in range(steps):
                down = -probe(embed, x, objective).gradient
                x = ball.project(x - 2 * epsilon / steps * step(x, down, norm), images)
            values = objective(embed(x)).to(best)
            better = values >= best
            result[better], best[better] = x[better], values[better]
    return result


def fgsm(
    embed: Embed,
    images: Tensor,
    objective: Function,
    norm: Norm,
    epsilon: float,
    *,
    noise: Tensor | None = None,
    step_size: float = FGSM_STEP,
) -> Tensor:
    """One step from `images`; with `noise` (B, ...) it is R-FGSM: the gradient is taken at `images + noise`."""
    with frozen(embed):
        at = images if noise is None else images + noise
        gradient = probe(embed, at, objective).gradient
    return BALLS[norm](epsilon).project(images + step_size * step(images, gradient, norm), images)


def carlini_wagner(
    embed: Embed, images: Tensor, objective: Function, norm: Norm, epsilon: float, *, noise: Tensor
) -> Tensor:
    """Signed Adam on the perturbation, from `noise` (B, ...): 50 updates at each of the constants 0.1, 0.2, .. 12.8."""
    perturbation = noise.clone().requires_grad_()
    adam = torch.optim.Adam([perturbation], lr=CW_LEARNING_RATE)
    constant = CW_CONSTANT
    with frozen(embed), torch.enable_grad():
        while constant < CW_LARGEST_CONSTANT:
            for _ in range(CW_UPDATES):
                loss = (perturbation.abs() - 1).clamp_min(0).sum()
                loss = loss - constant * objective(embed(images + perturbation)).mean()
                (gradient,) = torch.autograd.grad(loss, perturbation)
                perturbation.grad = step((images + perturbation).detach(), gradient, norm)
                adam.step()
            constant *= 2
        result = BALLS[norm](epsilon).project((images + perturbation).detach(), images)
        return result if objective(embed(result)).mean() >= 0 else torch.zeros_like(images)


def run_pgd(embed: Embed, images: Tensor, own: Tensor, attack: AttackConfig, epsilon: float, seeds: Tensor) -> Tensor:
    """Run PGD of the released code on queries, away from their own clean embeddings `own` (B, d)."""
    options = attack.options
    starts = torch.stack([_noise(images, attack, epsilon, seeds, restart) for restart in range(options.restarts)])
    return pgd(embed, images, objective(own), attack.norm, epsilon, noise=starts, steps=options.steps)


def run_fgsm(embed: Embed, images: Tensor, own: Tensor, attack: AttackConfig, epsilon: float, seeds: Tensor) -> Tensor:
    """Run FGSM of the released code on queries, away from their own clean embeddings `own` (B, d)."""
    return fgsm(embed, images, objective(own), attack.norm, epsilon)


def run_r_fgsm(
    embed: Embed, images: Tensor, own: Tensor, attack: AttackConfig, epsilon: float, seeds: Tensor
) -> Tensor:
    """Run R-FGSM of the released code on queries, away from their own clean embeddings `own` (B, d)."""
    start = _noise(images, attack, epsilon, seeds, 0)
    return fgsm(embed, images, objective(own), attack.norm, epsilon, noise=start)


def run_carlini_wagner(
    embed: Embed, images: Tensor, own: Tensor, attack: AttackConfig, epsilon: float, seeds: Tensor
) -> Tensor:
    """Run C&W of the released code on queries, away from their own clean embeddings `own` (B, d)."""
    start = _noise(images, attack, epsilon, seeds, 0)
    return carlini_wagner(embed, images, objective(own), attack.norm, epsilon, noise=start)


def _noise(images: Tensor, attack: AttackConfig, epsilon: float, seeds: Tensor, restart: int) -> Tensor:
    return BALLS[attack.norm](epsilon).noise(images, seeds=seeds, stream=restart)

"""Every draw is a function of its path: order, batches and device do not matter."""

import torch

from robust_dml.runtime.randomness import derive_seed, normal, numpy_generator, sample_seeds, torch_generator, uniform

MASK = (1 << 64) - 1


def splitmix64(seed: int, count: int) -> list[int]:
    """The published generator, in Python's unbounded integers."""
    outputs, state = [], seed & MASK
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        outputs.append(z ^ (z >> 31))
    return outputs


def test_uniform_is_splitmix64() -> None:
    seeds = torch.tensor([1234567, -5, 2**62])
    expected = [[(z >> 40) * 2.0**-24 for z in splitmix64(int(seed), 6)] for seed in seeds]
    assert torch.equal(uniform(seeds, (2, 3)), torch.tensor(expected, dtype=torch.float32).reshape(3, 2, 3))


def test_the_generator_matches_its_published_output() -> None:
    assert splitmix64(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_rows_do_not_depend_on_the_batch() -> None:
    ids = torch.arange(50)
    together = uniform(sample_seeds(ids, 7, "noise"), (3, 4, 4))
    order = torch.randperm(50, generator=torch_generator(0))
    shuffled = uniform(sample_seeds(ids[order], 7, "noise"), (3, 4, 4))
    assert torch.equal(together[order], shuffled)


def test_paths_give_different_streams() -> None:
    assert len({derive_seed(0, "a"), derive_seed("0", "a"), derive_seed(0, "b"), derive_seed(1, "a")}) == 4
    assert derive_seed(0, "a", 1) != derive_seed(0, "a1")
    seeds = sample_seeds(torch.arange(10_000), 0, "x")
    assert len(seeds.unique()) == 10_000
    assert not torch.equal(uniform(seeds, (2,)), uniform(seeds, (2,), stream=1))


def test_uniform_and_normal_have_their_moments() -> None:
    seeds = sample_seeds(torch.arange(1000), 3, "moments")
    draws = uniform(seeds, (200,))
    assert draws.min() >= 0 and draws.max() < 1
    assert abs(draws.mean() - 0.5) < 0.003 and abs(draws.var() - 1 / 12) < 0.001
    gaussian = normal(seeds, (200,))
    assert torch.isfinite(gaussian).all()
    assert abs(gaussian.mean()) < 0.01 and abs(gaussian.std() - 1) < 0.01
    assert abs((gaussian**4).mean() - 3) < 0.1


def test_generators_repeat() -> None:
    assert numpy_generator(1, "a").random() == numpy_generator(1, "a").random() != numpy_generator(1, "b").random()
    first, second = (torch.rand(3, generator=torch_generator(5, "x")) for _ in range(2))
    assert torch.equal(first, second)

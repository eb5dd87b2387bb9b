"""Attacks on a ranking rather than on its first item, as losses, choices of items and scores on embeddings.

After the released code of Zhou et al. (robrank; ECCV 2020, ICCV 2021, CVPR 2022). A loss has one value for each
attacked image, which the attack lowers; `x` are embeddings (B, d) of attacked images, `gallery` those (N, d) of the
clean gallery, on the unit sphere.
"""

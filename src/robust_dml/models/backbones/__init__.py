"""Backbones, one file each: networks from images (B, 3, H, W) to (B, embedding)."""

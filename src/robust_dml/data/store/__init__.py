"""Packed images: exact test crops, and images that training crops are cut from."""

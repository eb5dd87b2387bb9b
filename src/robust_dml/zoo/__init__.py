"""The zoo: trained models with their cards, a folder each, found by name and checked by hash."""

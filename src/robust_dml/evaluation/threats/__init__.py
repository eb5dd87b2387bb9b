"""Threats: who is perturbed, and by which metric the outcome is judged, one file each."""

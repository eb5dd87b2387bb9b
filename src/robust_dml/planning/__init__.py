"""What a study costs and how far it has come, computed without running any of it."""

"""The optimisers: how an attack climbs its objective, one file each."""

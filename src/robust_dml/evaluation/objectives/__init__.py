"""The objectives of a study, for the queries of an evaluation, one file each."""

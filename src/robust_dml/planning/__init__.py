"""What a study costs and how far it has come, without computing anything of it."""

"""Archives of published datasets: download, check, unpack."""

"""Values: dates, scores and the words of names, parsed from the text of cells. Pure."""

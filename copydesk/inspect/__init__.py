"""For people who look: an article explained, its family, samples of removals, rules tried, the report."""

"""For people who look: articles explained, stories with their copies, samples of removals, rules tried, the report."""

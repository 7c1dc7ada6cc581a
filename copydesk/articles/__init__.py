"""An article on its way from an item as found to a row: documents, metadata, cleaned texts, records, staged parts."""

"""The engine: scraped articles in, clean and deduplicated Parquet out."""

"""Take what is not the story out of scraped news: text in, spans out."""

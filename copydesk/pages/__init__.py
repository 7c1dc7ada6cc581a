"""An HTML page, read: its story, and what it says of itself."""

"""Lines that a site repeats: learned from its articles, ruled on by users, taken out."""

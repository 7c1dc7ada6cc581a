"""What a text is compared by: tokens, shingles, MinHash signatures, band keys; and how alike two texts are."""

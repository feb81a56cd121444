"""From sound to a mouth: vowels and volume, by numpy alone."""

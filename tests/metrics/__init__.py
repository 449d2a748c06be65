"""The metrics: what a scraper reads, and what it never has to."""

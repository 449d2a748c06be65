"""Google's Sheets and Drive on loopback, and what is held against them."""

"""The program that the demo agent runs: visible work, a file, sometimes a question."""

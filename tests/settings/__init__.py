"""The settings: the file, the environment, the schema."""

"""The parts, each made of what the settings say of it."""

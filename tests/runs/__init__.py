"""The runs' folders: the contract with the sessions."""

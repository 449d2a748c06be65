"""The runs' folders: the contract with the sessions, see docs/run-folder.md."""

"""The command, word by word: a real folder, real files, real HTTP; the controller is played."""

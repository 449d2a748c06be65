"""The configuration of our tmux server, which never reads the user's own."""

CONFIGURATION = """\
# Written by CTO Sidekick whenever it starts its tmux server; changes are lost.

# The server stays when the last session goes, so that "empty" and "no server" differ.
set -s exit-empty off

# What a program prints cannot rename what a person looks for.
set -g set-titles off
set -gw automatic-rename off
set -gw allow-rename off

# Nor can it write into the clipboard of whoever attaches, or past tmux to their terminal.
set -s set-clipboard external
set -gwq allow-passthrough off

# A dead pane shows its last output and not tmux's own line.
set -gw remain-on-exit-format ""

# No variable of whoever attaches gets into a session.
set -g update-environment ""

# Nobody need be attached: programs see a screen of a usual size.
set -g default-size 200x50
set -g history-limit 10000
set -s default-terminal screen-256color

# For the person who attaches: the mouse scrolls, Escape is quick, new panes open where the
# agent works, and the status line says how to leave.
set -g mouse on
set -s escape-time 20
bind c new-window -c "#{pane_current_path}"
bind '"' split-window -c "#{pane_current_path}"
bind % split-window -h -c "#{pane_current_path}"
set -g status-interval 0
set -g status-style "bg=colour236,fg=colour250"
set -g status-left "#[bold] #{session_name} "
set -g status-left-length 64
set -g status-right " C-b d detaches, the agent keeps working "
set -g status-right-length 64
"""

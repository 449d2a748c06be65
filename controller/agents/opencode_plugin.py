"""The plugin that opencode is given for a headless run; it is JavaScript, run by opencode itself.

`opencode run` does not print that it tries again, tries five times (60 s), and keeps to a
`retry-after` however long: the plugin prints it, and ends the run where it tried often enough
or the wait is too long for it, so that the controller may hold the agent and go on later. It also
takes from commands the folders that opencode itself was given in place of the user's, so that git
finds the user's configuration: an empty variable counts as one that is not set (XDG Base Directory
Specification).
"""

PATIENCE = 20
"""Seconds that it may wait by itself."""
RETRIES = 2
"""Of a request; the third attempt is the last."""
_OWN = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")

PLUGIN = f"""\
export const Sidekick = async () => ({{
  event: async ({{ event }}) => {{
    const status = event.type === "session.status" ? event.properties.status : undefined
    if (status?.type !== "retry") return
    const said = {{ sessionID: event.properties.sessionID, ...status }}
    process.stdout.write(JSON.stringify(said) + "\\n")
    const long = status.next - Date.now() > {PATIENCE * 1000}
    if (long || status.attempt > {RETRIES}) process.exit(1)
  }},
  "shell.env": async (_, output) => {{
    for (const name of {list(_OWN)}) output.env[name] = ""
  }},
}})
"""

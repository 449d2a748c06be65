"""The plugin that opencode is given for a run; it is JavaScript, run by opencode itself.

`opencode run` does not print that it tries again, tries five times (60 s), and keeps to a
`retry-after` however long: the plugin prints it, and ends the run where it tried often enough or
the wait is too long for it, so that the controller may hold the agent and go on later. On a
terminal the plugin tells all that `run` would print, in the same form, and when a turn is over or a
person is asked; and it says the prompt of a conversation that goes on, for there the terminal takes
none from its command line. It also takes from commands the folders that opencode itself was given
in place of the user's, so that git finds the user's configuration: an empty variable counts as one
that is not set (XDG Base Directory Specification).
"""

import json

from controller.agents.patience import PATIENCE, RETRIES

_OWN = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")

_PLUGIN = """\
import { spawnSync } from "node:child_process"

const tell = (event) => {
  const text = JSON.stringify(event)
  if (!HOOK) process.stdout.write(text + "\\n")
  else spawnSync(HOOK, { shell: true, input: text })
}

// On a terminal this is a thread of its own, whose end would leave the terminal to itself.
const end = () => (HOOK ? process.kill(process.pid, "SIGTERM") : process.exit(1))

const waits = (sessionID, status) => {
  tell({ sessionID, ...status })
  const long = status.next - Date.now() > PATIENCE * 1000
  if (long || status.attempt > RETRIES) end()
}

const kinds = { "step-start": "step_start", "step-finish": "step_finish" }
kinds.text = "text"
kinds.tool = "tool_use"
const helpers = new Set()
const answers = new Set()

const isWhole = (part) =>
  part.type === "text"
    ? part.time?.end !== undefined
    : part.type !== "tool" || ["completed", "error"].includes(part.state.status)

// What `run` prints by itself. A helper's session is not the agent's, nor is what a person types.
const show = (type, { sessionID, part, info, error, ...more }) => {
  if (type === "session.created" && info.parentID) helpers.add(info.id)
  if (helpers.has(sessionID)) return
  if (type === "message.updated" && info.role === "assistant") answers.add(info.id)
  if (type === "message.part.updated" && answers.has(part.messageID)) {
    if (kinds[part.type] && isWhole(part)) tell({ type: kinds[part.type], sessionID, part })
  }
  if (type === "session.status" && more.status.type === "busy") tell({ type: "busy", sessionID })
  if (type === "session.error" && error) tell({ type: "error", sessionID, error })
  if (type === "session.idle") tell({ type: "idle", sessionID })
  if (type === "permission.asked") tell({ type: "asked", sessionID, ...more })
  if (type === "permission.replied") tell({ type: "busy", sessionID })
}

let isSaid = !SESSION
// Not waited for: nobody answers before all plugins are there.
const goOn = (client) => {
  if (isSaid) return
  isSaid = true
  const body = { parts: [{ type: "text", text: PROMPT }] }
  setTimeout(() => client.session.prompt({ path: { id: SESSION }, body }).catch(() => {}), 0)
}

const plugin = {
  event: async ({ event: { type, properties } }) => {
    if (HOOK) show(type, properties)
    const status = type === "session.status" ? properties.status : undefined
    if (status?.type === "retry") waits(properties.sessionID, status)
  },
  "shell.env": async (_, output) => {
    for (const name of OWN) output.env[name] = ""
  },
}

export const Sidekick = async ({ client }) => {
  goOn(client)
  return plugin
}
"""


def plugin(hook: str = "", session: str = "", prompt: str = "") -> str:
    """The plugin.

    Args:
        hook: A command line that takes an event from its standard input; empty to print events.
        session: The conversation that goes on at a terminal; empty for none.
        prompt: What is said there.
    """
    values = {"HOOK": hook, "PATIENCE": PATIENCE, "RETRIES": RETRIES, "OWN": _OWN,
              "SESSION": session, "PROMPT": prompt}  # fmt: skip
    lines = (f"const {name} = {json.dumps(value)}\n" for name, value in values.items())
    head, rest = _PLUGIN.split("\n", 1)
    return f"{head}\n{''.join(lines)}{rest}"

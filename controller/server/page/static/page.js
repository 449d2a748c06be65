// What the page does besides showing what the server sends: times, what is shown, copying, and
// telling whether what stands there is still true.
"use strict";

const STEPS = [[60, "s"], [60, "min"], [24, "h"], [Infinity, "d"]];
const SILENCE = 40_000; // milliseconds; the server says something every 15 s
const TOLD = 15_000; // milliseconds that what was done stays told
const BEHIND = Date.now() - Date.parse(document.body.dataset.now); // of a clock that is wrong
const TITLE = document.title;
const COUNTS = Boolean(document.getElementById("needs")); // the title tells who needs a person
let heard = Date.now();
let asked = heard;
let source = null;
let unseen = false;
let chosen = "";
let atEnd = true;

function told(seconds) {
  let amount = Math.abs(seconds);
  for (const [size, unit] of STEPS) {
    if (amount < size) {
      const text = `${Math.floor(amount)} ${unit}`;
      return seconds <= -1 ? `in ${text}` : `${text} ago`;
    }
    amount /= size;
  }
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = told((Date.now() - BEHIND - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

function say(id, text) {
  const line = document.getElementById(id);
  if (line && line.textContent !== text) line.textContent = text;
}

function choose() {
  const box = document.getElementById("search");
  if (!box) return;
  const buttons = [...document.querySelectorAll("[data-show]")];
  if (!buttons.some((button) => button.dataset.show === chosen)) chosen = ""; // none is left of them
  for (const button of buttons)
    button.setAttribute("aria-pressed", String(button.dataset.show === chosen));
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll("[data-row]")) {
    const text = words.length ? row.textContent.toLowerCase() : "";
    const wanted = !chosen || row.dataset.row.split(" ").includes(chosen);
    row.hidden = !wanted || !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  say("found", words.length || chosen ? `${shown} found` : "");
}

function screen() {
  return document.querySelector("#screen pre");
}

function arrange() {
  tellTimes();
  choose();
  if (atEnd && screen()) screen().scrollTop = screen().scrollHeight;
  const needs = Number(document.getElementById("needs")?.dataset.count ?? 0);
  document.title = needs ? `(${needs}) ${TITLE}` : TITLE;
}

function hear() {
  heard = Date.now();
  document.body.classList.remove("stale");
  document.getElementById("live")?.removeAttribute("hidden");
  say("line", "");
}

function doubt() {
  document.body.classList.add("stale");
  document.getElementById("live")?.setAttribute("hidden", "");
}

function miss(why) {
  const since = new Date(heard).toLocaleTimeString();
  doubt();
  say("line", `${why} What stands here is of ${since}; trying again …`);
}

function isSilent() {
  return Date.now() - Math.max(heard, asked) >= SILENCE;
}

function listen() {
  if (!source || unseen || !isSilent()) return;
  miss("The controller says nothing.");
  if (source.readyState === EventSource.CLOSED) return; // another try is on its way
  // A connection that was cut without a word never errs by itself.
  askAnew();
}

function askAnew() {
  source.close();
  source.onerror(null); // with which the extension opens another
}

// A browser keeps six connections to a server. Tabs that nobody sees would take them all, and the
// next page, or an order, would wait without end. A board goes on, for what its title tells.
function rest() {
  if (!source || COUNTS) return;
  if (document.hidden) {
    source.close();
    unseen = true;
  } else if (unseen) {
    unseen = false;
    asked = Date.now();
    doubt();
    askAnew();
  }
}

document.addEventListener("input", (event) => {
  if (event.target.id === "search") choose();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  const box = document.getElementById("search");
  if (box && event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    box.focus();
  }
});
document.addEventListener("click", async (event) => {
  const show = event.target.closest("[data-show]");
  if (show) {
    chosen = chosen === show.dataset.show ? "" : show.dataset.show;
    choose();
  }
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  const text = document.getElementById(copy.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    say("copied", "copied");
  } catch {
    getSelection().selectAllChildren(text);
    say("copied", "selected: copy it by hand");
  }
});
document.addEventListener("htmx:sseOpen", (event) => {
  if (source !== event.detail.source) source?.close();
  source = event.detail.source;
  source.addEventListener("beat", hear);
  hear();
  rest();
});
document.addEventListener("visibilitychange", rest);
document.addEventListener("htmx:sseError", (event) => {
  if (!event.detail.error || isSilent()) return; // we closed it, or it is told already
  const refused = event.detail.source.readyState === EventSource.CLOSED;
  miss(refused ? "The controller refuses to go on: too many pages are open, or this visit is over."
    : "The controller does not answer.");
});
document.addEventListener("htmx:sseBeforeMessage", () => {
  const now = screen();
  atEnd = !now || now.scrollTop + now.clientHeight >= now.scrollHeight - 8;
});
document.addEventListener("htmx:sseMessage", () => {
  hear();
  arrange();
});
document.addEventListener("htmx:beforeRequest", () => say("told", ""));
document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, elt } = event.detail;
  if (!successful) return;
  if (elt.matches("form")) elt.reset();
  const text = document.getElementById("told").textContent;
  setTimeout(() => {
    if (document.getElementById("told").textContent === text) say("told", "");
  }, TOLD);
});
document.addEventListener("htmx:sendError", () => {
  say("told", "It was not done: the controller does not answer.");
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // What the server refuses is told like what it did.
  if (event.detail.xhr.status >= 400) event.detail.shouldSwap = true;
});
setInterval(() => {
  tellTimes();
  listen();
}, 1000);
arrange();

// What the page does besides showing what the server sends: times, the search, the line, copying.
"use strict";

const STEPS = [[60, "s"], [60, "min"], [24, "h"], [Infinity, "d"]];

function told(seconds) {
  let amount = Math.abs(seconds);
  for (const [size, unit] of STEPS) {
    if (amount < size) {
      const text = `${Math.floor(amount)} ${unit}`;
      return seconds < 0 ? `in ${text}` : `${text} ago`;
    }
    amount /= size;
  }
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const text = told((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

function search() {
  const box = document.getElementById("search");
  if (!box) return;
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll("[data-row]")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  const found = document.getElementById("found");
  const text = words.length ? `${shown} found` : "";
  if (found.textContent !== text) found.textContent = text;
}

function say(text) {
  const line = document.getElementById("line");
  if (line) line.textContent = text;
}

function arrange() {
  tellTimes(document);
  search();
}

document.addEventListener("input", (event) => {
  if (event.target.id === "search") search();
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
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
});
document.addEventListener("htmx:sseOpen", () => say(""));
document.addEventListener("htmx:sseError", () => say("The controller does not answer; trying again …"));
document.addEventListener("htmx:sseMessage", arrange);
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.detail.elt.matches("form")) event.detail.elt.reset();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // What the server refuses is told like what it did.
  if (event.detail.xhr.status >= 400) event.detail.shouldSwap = true;
});
setInterval(() => tellTimes(document), 1000);
arrange();

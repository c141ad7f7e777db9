// Keeps the page up to date. Without it everything is there as of when the page was loaded.
"use strict";

const live = document.getElementById("live");
const state = document.getElementById("state");
let source = null;
let waiting = null; // a fragment that came while somebody was marking text

function say(words, isBad) {
  state.textContent = words;
  state.classList.toggle("bad", isBad);
}

// Where the keyboard is, so that it stays there when its link is replaced.
function place() {
  const link = live.contains(document.activeElement) ? document.activeElement.closest("a") : null;
  return link && link.getAttribute("href");
}

function put(html) {
  const selection = document.getSelection();
  if (!selection.isCollapsed && live.contains(selection.anchorNode)) {
    waiting = html;
    return;
  }
  waiting = null;
  const href = place();
  live.innerHTML = html;
  if (href !== null) {
    const again = [...live.querySelectorAll("a")].find((a) => a.getAttribute("href") === href);
    if (again) again.focus({ preventScroll: true });
  }
}

function age(texts) {
  if (waiting !== null) return;
  live.querySelectorAll(".age").forEach((each, place) => { each.textContent = texts[place]; });
}

function listen() {
  if (source || document.hidden || !live.dataset.live) return;
  source = new EventSource(live.dataset.live);
  source.addEventListener("open", () => say("live, read only", false));
  source.addEventListener("fragment", (event) => put(JSON.parse(event.data)));
  source.addEventListener("ages", (event) => age(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    say("no answer from zooky web: this is how it was", true);
    if (source && source.readyState === EventSource.CLOSED) { // it does not try again by itself
      rest();
      setTimeout(listen, 3000);
    }
  });
}

function rest() {
  if (source) source.close();
  source = null;
}

// A tab that nobody sees asks for nothing.
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", listen);
document.addEventListener("selectionchange", () => {
  if (waiting !== null && document.getSelection().isCollapsed) put(waiting);
});
document.addEventListener("keydown", (event) => {
  const field = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (field && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement.tagName !== "INPUT") {
    event.preventDefault();
    field.focus();
    field.select();
  }
});
listen();

// A page that changes is fetched again while it is looked at; its parts marked data-live are replaced where they differ.
"use strict";

const every = Number(document.body.dataset.every) * 1000;
const live = document.getElementById("live");
const liveText = document.getElementById("live-text");
let tag = null;

function changed(name, fresh) {
  const old = document.getElementById(name);
  if (!old || old.isEqualNode(fresh)) return;
  if (isSelected(old)) {
    tag = null; // it is put in once nobody is about to copy from it
    return;
  }
  const opened = new Map([...old.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
  const scrolled = [...old.querySelectorAll("[tabindex='0']")].map((each) => [each.scrollLeft, each.scrollTop]);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && [...old.querySelectorAll("a, button, summary, [tabindex]")].indexOf(focused);
  old.replaceWith(fresh);
  for (const each of fresh.querySelectorAll("details[id]")) {
    if (opened.has(each.id)) each.open = opened.get(each.id);
  }
  fresh.querySelectorAll("[tabindex='0']").forEach((each, index) => {
    if (scrolled[index]) [each.scrollLeft, each.scrollTop] = scrolled[index];
  });
  if (focused) refocus(fresh, focused, place);
}

function isSelected(part) {
  const selection = getSelection();
  return !selection.isCollapsed && part.contains(selection.anchorNode);
}

function refocus(fresh, focused, place) {
  const same = focused.id && document.getElementById(focused.id);
  const there = same || [...fresh.querySelectorAll("a, button, summary, [tabindex]")][place];
  if (there) there.focus({ preventScroll: true });
}

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const fresh of page.querySelectorAll("[data-live]")) changed(fresh.id, document.adoptNode(fresh));
  return Number(page.body.dataset.every) * 1000;
}

async function look() {
  const headers = { "X-Looks-Again": "1", ...(tag && { "If-None-Match": tag }) };
  const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error" });
  if (answer.status === 304) return every;
  if (answer.status === 401) return location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
  tag = answer.headers.get("ETag");
  return show(await answer.text());
}

async function lookAgain(pause) {
  let next = pause;
  if (!document.hidden) {
    try {
      next = await look();
      told();
    } catch {
      live.classList.add("lost");
      liveText.textContent = "The local Azure does not answer";
    }
  }
  if (next) setTimeout(lookAgain, next, next);
}

function told() {
  live.classList.remove("lost");
  liveText.textContent = every ? "Live" : "";
}

if (live) told();
if (every && live) {
  live.classList.add("on");
  setTimeout(lookAgain, every, every);
}

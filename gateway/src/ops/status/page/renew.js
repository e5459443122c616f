// Renews the parts of the page in place, so a reader keeps the position and hears only what changed.
const INTERVAL_MS = 10_000;
const ANSWER_MS = 5_000;
const silent = document.getElementById("silent");
async function renew() {
  try {
    const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const next = fresh.getElementById(part.id);
      if (next !== null && next.innerHTML !== part.innerHTML) {
        part.replaceChildren(...next.childNodes);
      }
    }
    document.title = fresh.title;
    silent.hidden = true;
  } catch {
    silent.hidden = false;
  }
}
setInterval(renew, INTERVAL_MS);

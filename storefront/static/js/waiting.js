// A page that waits for the payment provider asks again, and moves on when the answer is there. Without this script, the
// page's link asks.
const FAILURES = 20;
const page = document.querySelector("[data-again]");

async function read(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) return null;
    return { url: answer.url, moved: answer.redirected, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  } catch {
    return null;
  }
}

async function watch() {
  let { again, seconds } = page.dataset;
  for (let failures = 0; failures < FAILURES; ) {
    await new Promise((done) => setTimeout(done, Number(seconds) * 1000));
    const found = await read(again);
    if (found === null) {
      failures += 1;
      continue;
    }
    const next = found.page.querySelector("[data-again]");
    const said = found.page.querySelector("h1")?.textContent;
    if (found.moved || next === null || said !== document.querySelector("h1").textContent) {
      location.replace(found.url);
      return;
    }
    ({ again, seconds } = next.dataset);
  }
  location.replace(again);
}

for (const words of page.querySelectorAll("[data-scripted]")) words.hidden = false;
watch();

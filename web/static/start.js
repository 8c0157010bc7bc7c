// Keeps the calendar beside the form up with what is typed. Without this a button of the form shows it.
"use strict";
(function () {
  const form = document.getElementById("start");
  const sketch = document.getElementById("sketch");
  const PAUSE = 500;
  let waits = 0;
  let asking = null;

  async function ask() {
    const values = new URLSearchParams(new FormData(form));
    values.set("step", "live");
    if (asking) { asking.abort(); }
    asking = new AbortController();
    try {
      const answer = await fetch(form.action, { method: "POST", body: values, signal: asking.signal, redirect: "error" });
      if (!answer.ok) { return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = [...sketch.querySelectorAll("details")].map((each) => each.open);
      sketch.replaceChildren(...page.body.childNodes);
      sketch.querySelectorAll("details").forEach((each, at) => { each.open = Boolean(open[at]); });
    } catch (_) { /* typed on meanwhile, or no network: the next stroke of a key asks again */ }
  }
  function soon() {
    clearTimeout(waits);
    waits = setTimeout(ask, PAUSE);
  }
  document.getElementById("show").hidden = true;
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("click", (event) => { if (event.target.closest(".quick")) { soon(); } });
})();

// Warns before a sign-in ends for want of use, and keeps it while somebody types. Pages work without this too.
"use strict";
(function () {
  const box = document.getElementById("idle");
  const lasts = Number(box.dataset.seconds) * 1000;
  const warn = Math.min(120000, lasts / 2);
  const words = box.querySelector("p");
  const stay = box.querySelector("button");
  const ended = box.dataset.ended;
  let used = Date.now();
  let asked = used;

  async function keep() {
    asked = Date.now();
    try {
      const answer = await fetch("/account", { method: "HEAD", cache: "no-store" });
      if (answer.redirected) { end(); } else { used = asked; box.hidden = true; }
    } catch (_) { /* no network: the next stroke of a key tries again */ }
  }
  function end() {
    words.textContent = ended;
    stay.hidden = true;
    box.hidden = false;
    clearInterval(watch);
  }
  function look() {
    const idle = Date.now() - used;
    if (idle >= lasts) { end(); } else if (idle >= lasts - warn && box.hidden) { box.hidden = false; }
  }
  function busy() {
    if (box.hidden && Date.now() - asked > 60000) { keep(); }
  }
  const watch = setInterval(look, 1000);
  stay.addEventListener("click", keep);
  document.addEventListener("input", busy);
  document.addEventListener("visibilitychange", look);
})();

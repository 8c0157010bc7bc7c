// Sets a date within the page, and names its weekday while it is typed. Forms work without this too: then the buttons
// send the form, and the page comes back with the date set.
"use strict";
(function () {
  const DAY = 86400000;
  const weekday = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", timeZone: "UTC" });

  function parts(field) {
    return ["day", "month", "year"].map((name) => field.querySelector("." + name));
  }
  function held(field) {
    const [day, month, year] = parts(field).map((box) => (/^\d+$/.test(box.value.trim()) ? Number(box.value) : NaN));
    const at = new Date(Date.UTC(year, month - 1, day));
    const whole = year >= 1000 && at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
    return whole ? at : null;
  }
  function name(field) {
    const at = held(field);
    field.querySelector(".weekday").textContent = at ? weekday.format(at) : "";
  }
  function set(button) {
    const asked = /^.*?(?:\+(\d+))?=(\d{4}-\d\d-\d\d)$/.exec(button.value);
    const field = button.closest("fieldset");
    const today = Date.parse(asked[2] + "T00:00:00Z");
    const at = new Date(asked[1] ? (held(field) || new Date(today)).getTime() + Number(asked[1]) * DAY : today);
    const [day, month, year] = parts(field);
    day.value = at.getUTCDate();
    month.value = at.getUTCMonth() + 1;
    year.value = at.getUTCFullYear();
    name(field);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name='set-date']");
    if (button) { event.preventDefault(); set(button); }
  });
  for (const field of document.querySelectorAll("fieldset.date")) {
    field.addEventListener("input", () => name(field));
  }
})();

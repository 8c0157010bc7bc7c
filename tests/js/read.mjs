// `node read.mjs MODULES FOLDER`: reads each *.ics of FOLDER with ical.js and with node-ical (installed in MODULES) and
// writes, as JSON, by reader and file, what each event is: instants in UTC, civil dates, texts, alarms in seconds.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, folder] = process.argv.slice(2);
const fetched = createRequire(join(modules, "package.json"));
const ICAL = fetched("ical.js").default ?? fetched("ical.js");
const nodeIcal = fetched("node-ical");

const instant = (seconds) => new Date(seconds * 1000).toISOString().replace(".000", "");
const text = (value) => (value == null ? "" : typeof value === "object" ? value.val : String(value));

function withIcalJs(body) {
  const calendar = new ICAL.Component(ICAL.parse(body));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  const moment = (time) => (time.isDate ? time.toString() : instant(time.toUnixTime()));
  return calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    return {
      uid: event.uid,
      start: moment(event.startDate),
      end: moment(event.endDate),
      status: text(component.getFirstPropertyValue("status")),
      summary: text(event.summary),
      description: text(event.description),
      location: text(event.location),
      alarms: component.getAllSubcomponents("valarm").map((alarm) => -alarm.getFirstPropertyValue("trigger").toSeconds()),
    };
  });
}

function withNodeIcal(body) {
  const found = Object.values(nodeIcal.sync.parseICS(body)).filter((each) => each.type === "VEVENT");
  const moment = (time, event) =>
    event.datetype === "date"
      ? `${time.getFullYear()}-${String(time.getMonth() + 1).padStart(2, "0")}-${String(time.getDate()).padStart(2, "0")}`
      : instant(time.getTime() / 1000);
  return found.map((event) => ({
    uid: event.uid,
    start: moment(event.start, event),
    end: moment(event.end ?? event.start, event),
    status: text(event.status),
    summary: text(event.summary),
    description: text(event.description),
    location: text(event.location),
    // An alarm with a UID of its own stands below that UID; its trigger stays as it is written.
    alarms: Object.values(event).filter((each) => each?.type === "VALARM").map((alarm) => -ICAL.Duration.fromString(text(alarm.trigger)).toSeconds()),
  }));
}

const files = readdirSync(folder).filter((name) => name.endsWith(".ics"));
const read = (reader) => Object.fromEntries(files.map((name) => [name, reader(readFileSync(join(folder, name), "utf8"))]));
process.stdout.write(JSON.stringify({ "ical.js": read(withIcalJs), "node-ical": read(withNodeIcal) }));

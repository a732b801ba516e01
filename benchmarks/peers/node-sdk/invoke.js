// Hands an event to a function, as Lambda's runtime would; its arguments and its output are those of invoke.py.
const { readFileSync } = require("node:fs");
const path = require("node:path");

const [place, eventFile, passes, events] = process.argv.slice(2);
const [file, name] = place.split(":");

const invoke = async (handler, event) => {
  const answer = await handler(event);
  if (answer.statusCode !== 200) throw new Error(JSON.stringify(answer));
};

(async () => {
  const handler = require(path.join(__dirname, file))[name];
  const event = JSON.parse(readFileSync(eventFile));
  await invoke(handler, event);
  const figures = [];
  for (let pass = 0; pass < Number(passes); pass++) {
    const cpu = process.cpuUsage();
    const started = process.hrtime.bigint();
    for (let i = 0; i < Number(events); i++) await invoke(handler, event);
    const { user, system } = process.cpuUsage(cpu);
    figures.push({ cpu: (user + system) / 1e6, wall: Number(process.hrtime.bigint() - started) / 1e9 });
  }
  if (figures.length) console.log(JSON.stringify(figures));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});

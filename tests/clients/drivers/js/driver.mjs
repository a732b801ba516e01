// A client of npm's `centrifuge`, driven by JSON lines: see tests/clients/driver.py.
import { createInterface } from "node:readline";
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";

const [url, name] = process.argv.slice(2);
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const client = new Centrifuge(url, { websocket: WebSocket, name, minReconnectDelay: 50, maxReconnectDelay: 500 });
client.on("connected", (context) => say({ on: "connected", client: context.client }));
client.on("connecting", (context) => say({ on: "connecting", code: context.code }));
client.on("disconnected", (context) => say({ on: "disconnected", code: context.code }));
client.on("error", () => {});

function subscription(channel, options = {}) {
  const known = client.getSubscription(channel);
  if (known) return known;
  const made = client.newSubscription(channel, options);
  made.on("publication", ({ data, offset, info }) => say({ on: "publication", channel, data, offset: offset ?? 0, client: info?.client }));
  made.on("subscribed", ({ wasRecovering, recovered }) => say({ on: "subscribed", channel, wasRecovering, recovered }));
  made.on("unsubscribed", ({ code }) => say({ on: "unsubscribed", channel, code }));
  made.on("join", ({ info }) => say({ on: "join", channel, client: info.client }));
  made.on("leave", ({ info }) => say({ on: "leave", channel, client: info.client }));
  made.on("error", ({ error }) => say({ on: "error", channel, code: error.code }));
  return made;
}

const simple = ({ offset, data }) => ({ offset, data });
const calls = {
  connect: () => client.connect(),
  disconnect: () => client.disconnect(),
  subscribe: ({ channel, options }) => subscription(channel, options).subscribe(),
  unsubscribe: ({ channel }) => subscription(channel).unsubscribe(),
  remove: ({ channel }) => { subscription(channel).unsubscribe(); client.removeSubscription(subscription(channel)); },
  publish: ({ channel, data }) => client.publish(channel, data),
  history: async ({ channel, limit, since, reverse }) => {
    const found = await client.history(channel, { limit, since, reverse });
    return { offset: found.offset, epoch: found.epoch, publications: found.publications.map(simple) };
  },
  presence: async ({ channel }) => Object.keys((await client.presence(channel)).clients),
  presence_stats: async ({ channel }) => {
    const { numClients, numUsers } = await client.presenceStats(channel);
    return [numClients, numUsers];
  },
  rpc: ({ method, data }) => client.rpc(method, data),
  burst: ({ channel, times }) => {
    const sub = subscription(channel);
    for (let i = 0; i < times; i++) { sub.subscribe(); sub.unsubscribe(); }
    sub.subscribe();
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { call, ref, ...members } = JSON.parse(line);
  try {
    Promise.resolve(calls[call](members)).then(
      (result) => say({ reply: ref, result: result ?? null }),
      (error) => say({ reply: ref, error: error.code ?? String(error) }),
    );
  } catch (error) {
    say({ reply: ref, error: error.code ?? String(error) });
  }
}
process.exit(0);

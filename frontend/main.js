/** Connects the parts: the room and the outbox with the page. */

import { Access } from "./access.js";
import { Composer } from "./composer.js";
import { MessageLog } from "./log.js";
import { setUpMenu } from "./menu.js";
import { Outbox } from "./outbox.js";
import { MAX_FRAME_BYTES } from "./protocol.js";
import { Refusal } from "./refusal.js";
import { Room } from "./room.js";
import { Status } from "./status.js";
import { setUpTerminal } from "./terminal.js";

const LOBBY = "lobby";
const TOO_BIG = 1009;
const MISSING = "Some messages may be missing here.";
const NOT_CONNECTED = "Not connected. Your text is kept: send it when the connection is back.";

const find = (id) => document.getElementById(id);
const TITLE = document.title;

const log = new MessageLog({
  scroller: find("log"),
  entries: find("entries"),
  newer: find("newer"),
  empty: find("empty"),
  onAgain: sendAgain,
  onEdit: (message) => composer.add(message.text),
});
const status = new Status({
  root: find("connection"),
  label: find("state"),
  now: find("reconnect"),
  announcer: find("announcement"),
  onNow: () => (room ? room.connect() : location.reload()),
});
const composer = new Composer({
  form: find("composer"),
  draft: find("draft"),
  problem: find("problem"),
  onSend: sendNew,
});
const access = new Access({
  menu: find("access"),
  form: find("access-form"),
  field: find("token"),
  problem: find("token-problem"),
  inUse: find("token-in-use"),
  note: find("token-note"),
  forget: find("forget"),
  onChange: tokenChanged,
});
const refusal = new Refusal({
  root: find("refusal"),
  text: find("refusal-text"),
  remedy: find("refusal-remedy"),
  onRemedy: () => access.open(),
});
const outbox = new Outbox({ onChange: showOutcome });

let room;
let hasBeenLetIn = false;
let unseen = 0;

setUpTerminal(find("terminal"));
setUpMenu(find("access"));
document.addEventListener("visibilitychange", () => showUnseen(0));
start();

async function start() {
  let url;
  try {
    url = (await (await fetch("config.json", { cache: "no-cache" })).json()).url;
    find("address").textContent = find("address").title = url;
    showCommand();
    const fault = (text) => log.addNotice(text, "error");
    const on = { state: stateChanged, message: messageReceived, missing: () => log.addNotice(MISSING), fault };
    room = new Room({ url, channel: LOBBY, getToken: () => access.token, on });
    room.connect();
  } catch (error) {
    status.show({ name: "offline" });
    log.addNotice(`This page does not know where to connect: config.json is missing or wrong (${error.message}).`, "error");
    return;
  }
  addEventListener("online", () => room.online());
  addEventListener("offline", () => room.offline());
  // A browser may keep a page that was left, with its connection, for "back". Others would see somebody who is not there.
  addEventListener("pagehide", () => room.leave());
  addEventListener("pageshow", (event) => event.persisted && room.connect());
}

/** The token itself is not shown. */
function showCommand() {
  const header = access.token ? ' -H "Authorization: Bearer $TOKEN"' : "";
  find("connect-command").textContent = `wscat -c ${find("address").textContent}${header}`;
}

function tokenChanged() {
  hasBeenLetIn = false;
  showCommand();
  refusal.hide();
  room?.connect();
}

function stateChanged(state) {
  status.show(state);
  showRefusal(state);
  log.allowSending(state.name === "open");
  if (state.closeCode === TOO_BIG) {
    log.addNotice("The gateway closed the connection: the message was too large for it.", "error");
  }
  if (state.name === "ended") log.addNotice(`The service has ended the connection: ${state.text}.`, "error");
  if (state.name === "open") {
    hasBeenLetIn = true;
    composer.clearProblem();
  }
}

/** A service that accepted this page without a token before is down; it does not require a token now. */
function showRefusal({ name, closeCode }) {
  if (name === "open" || name === "offline") refusal.hide();
  if (name !== "waiting" || closeCode !== undefined || (hasBeenLetIn && !access.token)) return;
  const news = refusal.show({ withToken: access.token !== "" });
  if (news) status.say(news);
}

function messageReceived({ from, text, own, when }) {
  if (own && outbox.received(text)) return;
  log.addMessage({ from, text, own, isLive: when === "now" });
  if (document.hidden && !own && when !== "before") showUnseen(unseen + 1);
}

/** Counts in the title the messages that arrived while the page was hidden. */
function showUnseen(count) {
  unseen = count;
  document.title = count ? `(${count}) ${TITLE}` : TITLE;
}

function showOutcome(message) {
  log.update(message);
  if (message.status === "unconfirmed") status.say("A message of yours is not confirmed.");
  if (message.status === "refused") status.say(`A message of yours was not sent: ${message.detail.text}`);
}

function sendNew(text) {
  return send({ text, status: "sending" });
}

function sendAgain(message) {
  if (send(message) === "") composer.focus();
}

/** Returns why a message cannot be sent now, or "". */
function send(message) {
  const sent = room?.publish(message.text, ({ error }) => outbox.replied(message, error)) ?? { problem: "closed" };
  if (sent.problem === "size") {
    return `Too long to send: ${kilobytes(sent.size)} KB, where ${kilobytes(MAX_FRAME_BYTES)} KB is the most.`;
  }
  if (sent.problem) return NOT_CONNECTED;
  outbox.sent(message);
  log.addOwn(message);
  return "";
}

function kilobytes(size) {
  return Math.ceil(size / 1024);
}

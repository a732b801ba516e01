/** Connects the parts: socket, protocol and outbox with the page. */

import { Access } from "./access.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { MessageLog } from "./log.js";
import { setUpMenu } from "./menu.js";
import { Outbox } from "./outbox.js";
import { MAX_FRAME_BYTES, parseFrame, renderSend, sizeInBytes } from "./protocol.js";
import { Refusal } from "./refusal.js";
import { Status } from "./status.js";
import { setUpTerminal } from "./terminal.js";

const GOING_AWAY = 1001;
const TOO_BIG = 1009;
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
  onNow: () => (connection ? connection.connect() : location.reload()),
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
const outbox = new Outbox({ onChange: showOutcome, onReleased: showMessage, onTimeout: doubtConnection });

let connection;
let hasBeenOpen = false;
let hasBeenLetIn = false;
let lossToReport = false;
let receivedAt = 0;
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
    connection = new Connection({ url, getToken: () => access.token, onState: stateChanged, onFrame: frameReceived });
    connection.connect();
  } catch (error) {
    status.show({ name: "offline" });
    log.addNotice(`This page does not know where to connect: config.json is missing or wrong (${error.message}).`, "error");
    return;
  }
  addEventListener("online", () => connection.online());
  addEventListener("offline", () => connection.offline());
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
  connection?.connect();
}

function stateChanged(state) {
  status.show(state);
  showRefusal(state);
  log.allowSending(state.name === "open");
  if (state.closeCode !== undefined) connectionLost(state.closeCode);
  if (state.name === "waiting" || state.name === "offline") lossToReport = hasBeenOpen;
  if (state.name === "open") {
    hasBeenOpen = hasBeenLetIn = true;
    composer.clearProblem();
    if (lossToReport) log.addNotice("Connected again. What others wrote in between is not shown.");
    lossToReport = false;
  }
}

/** A service that accepted this page without a token before is down; it does not require a token now. */
function showRefusal({ name, closeCode }) {
  if (name === "open" || name === "offline") refusal.hide();
  if (name !== "waiting" || closeCode !== undefined || (hasBeenLetIn && !access.token)) return;
  const news = refusal.show({ withToken: access.token !== "" });
  if (news) status.say(news);
}

function connectionLost(code) {
  lossToReport = code !== GOING_AWAY;
  if (code === TOO_BIG) log.addNotice("The gateway closed the connection: the message was too large for it.", "error");
  outbox.disconnected();
}

function frameReceived(frame) {
  receivedAt = Date.now();
  const event = parseFrame(frame);
  if (event.kind === "message" && !outbox.received(event)) showMessage(event);
  else if (event.kind === "sent") outbox.confirmed(event);
  else if (event.kind === "error" && !outbox.failed(event)) log.addNotice(event.text, "error");
  else if (event.kind === "text") log.addNotice(event.text);
}

function showMessage({ from, text }) {
  const own = outbox.isOwn(from);
  log.addMessage({ from, text, own });
  if (document.hidden && !own) showUnseen(unseen + 1);
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
  const ref = outbox.nextRef();
  const frame = renderSend(message.text, ref);
  const size = sizeInBytes(frame);
  if (size > MAX_FRAME_BYTES) {
    return `Too long to send: ${kilobytes(size)} KB, where ${kilobytes(MAX_FRAME_BYTES)} KB is the most.`;
  }
  if (!connection?.send(frame)) return NOT_CONNECTED;
  outbox.sent(message, ref);
  log.addOwn(message);
  return "";
}

function kilobytes(size) {
  return Math.ceil(size / 1024);
}

/** Neither a reply nor anything else arrived in time: the network may be gone without notice. */
function doubtConnection() {
  const silence = Date.now() - receivedAt;
  if (connection.isOpen && silence > 30_000) connection.connect();
}

/**
 * Our own messages, and what became of them. No DOM, no socket.
 *
 * A message is {text, status, detail}, with status
 *   "sending"      passed to the socket
 *   "delivered"    the service confirmed it, or we received it ourselves; `detail` may have its counts
 *   "unconfirmed"  it may have arrived: there was no reply, or a temporary error; `detail` may have its {text}
 *   "refused"      sending it again would not help; `detail` has the error's {text}
 *
 * The service also sends a message to its sender, before or after the reply. `from` tells which messages are our own, but
 * our connection's id is unknown before the first reply. Until then, a message with the text of one of ours is held back.
 */

/** After 29 s API Gateway answers in place of the function; no reply comes later. */
const REPLY_TIMEOUT_MS = 32_000;

export class Outbox {
  #onChange;
  #onReleased;
  #onTimeout;
  #lastRef = 0;
  /** ref → {message, timer} of messages without a reply. */
  #awaiting = new Map();
  /** One for each attempt whose message we have not received ourselves yet. */
  #unechoed = [];
  /** The ids of our connections: a message sent on the previous one can arrive on this one. */
  #ownIds = new Set();
  #knowsOwnId = false;
  #held = [];

  /** `onReleased` receives the {from, text} that were held back; `onTimeout` is called if a reply does not come in time. */
  constructor({ onChange, onReleased, onTimeout }) {
    this.#onChange = onChange;
    this.#onReleased = onReleased;
    this.#onTimeout = onTimeout;
  }

  /** Returns whether a connection is one of ours. */
  isOwn(id) {
    return this.#ownIds.has(id);
  }

  /** Returns the ref for the next message. */
  nextRef() {
    this.#lastRef += 1;
    return String(this.#lastRef);
  }

  /** Records that the message was passed to the socket, for the first time or again. */
  sent(message, ref) {
    const timer = setTimeout(() => this.#timedOut(ref), REPLY_TIMEOUT_MS);
    this.#awaiting.set(ref, { message, timer });
    this.#unechoed.push(message);
    this.#change(message, "sending");
  }

  /** A reply: {ref, from, delivered, gone, failed}. */
  confirmed(reply) {
    this.#learnOwnId(reply.from);
    const message = this.#settle(String(reply.ref));
    if (message) this.#change(message, "delivered", reply);
  }

  /** An error: {text, retryable, ref?, from?}. Returns whether it concerns one of our messages. */
  failed(error) {
    if (error.from) this.#learnOwnId(error.from);
    const message = this.#settle(this.#refOf(error));
    if (!message) return false;
    if (!error.retryable) this.#forgetEcho(message);
    this.#change(message, error.retryable ? "unconfirmed" : "refused", error);
    this.#releaseHeld();
    return true;
  }

  /** A message arrived: {from, text}. Returns true if it need not be shown: it is shown already, or held back. */
  received(message) {
    if (this.#ownIds.has(message.from)) return this.#matchEcho(message.text);
    const couldBeOurs = !this.#knowsOwnId && this.#unechoed.some((own) => own.text === message.text);
    if (couldBeOurs) this.#held.push(message);
    return couldBeOurs;
  }

  /** The connection is lost, and with it all outstanding replies. */
  disconnected() {
    for (const ref of [...this.#awaiting.keys()]) this.#giveUp(ref);
    this.#unechoed = this.#unechoed.filter((message) => message.status === "unconfirmed");
    this.#knowsOwnId = false;
    this.#releaseHeld();
  }

  #timedOut(ref) {
    this.#giveUp(ref);
    this.#releaseHeld();
    this.#onTimeout();
  }

  /** No reply will come. Messages that we received ourselves count as delivered. */
  #giveUp(ref) {
    const message = this.#settle(ref);
    this.#change(message, this.#unechoed.includes(message) ? "unconfirmed" : "delivered");
  }

  #learnOwnId(id) {
    this.#ownIds.add(id);
    this.#knowsOwnId = true;
    this.#releaseHeld();
  }

  #releaseHeld() {
    if (!this.#knowsOwnId && this.#awaiting.size > 0) return;
    for (const message of this.#held.splice(0)) {
      if (!this.#ownIds.has(message.from) || !this.#matchEcho(message.text)) this.#onReleased(message);
    }
  }

  #matchEcho(text) {
    const message = this.#unechoed.find((own) => own.text === text);
    if (!message) return false;
    this.#forgetEcho(message);
    if (message.status === "unconfirmed") this.#change(message, "delivered");
    return true;
  }

  #forgetEcho(message) {
    const index = this.#unechoed.indexOf(message);
    if (index >= 0) this.#unechoed.splice(index, 1);
  }

  /** The gateway's own errors do not name a frame. If one message is outstanding, the error is about that one. */
  #refOf(error) {
    if (error.ref !== undefined) return String(error.ref);
    return this.#awaiting.size === 1 ? this.#awaiting.keys().next().value : undefined;
  }

  #settle(ref) {
    const waiting = this.#awaiting.get(ref);
    if (!waiting) return undefined;
    clearTimeout(waiting.timer);
    this.#awaiting.delete(ref);
    return waiting.message;
  }

  #change(message, status, detail) {
    message.status = status;
    message.detail = detail;
    this.#onChange(message);
  }
}

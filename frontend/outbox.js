/**
 * What we have sent, and what became of it. No DOM, no socket.
 *
 * A message is {text, status, detail}, with status
 *   "sending"      handed to the socket
 *   "delivered"    the service said so, or we received it ourselves; `detail` may have its counts
 *   "unconfirmed"  it may have arrived or not: no reply came, or an error that may pass; `detail` may have its {text}
 *   "refused"      sending it again would change nothing; `detail` has the error's {text}
 *
 * The service sends a message to its sender too, before or after the reply. Which messages are our own shows in `from`, but
 * our connection's id is known from the first reply on only. Until then, a message that reads like one of ours is held.
 */

/** API Gateway answers for a function that did not after 29 s; nothing comes later than that. */
const REPLY_TIMEOUT_MS = 32_000;

export class Outbox {
  #onChange;
  #onReleased;
  #onTimeout;
  #lastRef = 0;
  /** ref → {message, timer} of those without a reply. */
  #awaiting = new Map();
  /** One per sending whose message has not come back to us yet. */
  #unechoed = [];
  /** Ids that our connections have had: a message sent on the last one can arrive on this one. */
  #ownIds = new Set();
  #knowsOwnId = false;
  #held = [];

  /** `onReleased` gets the {from, text} that were held; `onTimeout` is called where a reply did not come in time. */
  constructor({ onChange, onReleased, onTimeout }) {
    this.#onChange = onChange;
    this.#onReleased = onReleased;
    this.#onTimeout = onTimeout;
  }

  /** Tells whether a connection is one of ours. */
  isOwn(id) {
    return this.#ownIds.has(id);
  }

  /** Returns the ref for the next message. */
  nextRef() {
    this.#lastRef += 1;
    return String(this.#lastRef);
  }

  /** Notes that the message was handed to the socket, for the first time or again. */
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

  /** An error: {text, retryable, ref?, from?}. Returns whether it was about one of our messages. */
  failed(error) {
    if (error.from) this.#learnOwnId(error.from);
    const message = this.#settle(this.#refOf(error));
    if (!message) return false;
    if (!error.retryable) this.#forgetEcho(message);
    this.#change(message, error.retryable ? "unconfirmed" : "refused", error);
    this.#releaseHeld();
    return true;
  }

  /** A message came in: {from, text}. Returns whether that is all there is to it: it is shown already, or held. */
  received(message) {
    if (this.#ownIds.has(message.from)) return this.#matchEcho(message.text);
    const couldBeOurs = !this.#knowsOwnId && this.#unechoed.some((own) => own.text === message.text);
    if (couldBeOurs) this.#held.push(message);
    return couldBeOurs;
  }

  /** The connection is lost, and with it all replies that were still to come. */
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

  /** No reply will come; but what came back to us was delivered. */
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

  /** The gateway's own errors do not say which frame they are about; with one under way, it is that one. */
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

/**
 * Our own messages, and what became of them. No DOM, no socket.
 *
 * A message is {text, status, detail}, with status
 *   "sending"      passed to the socket
 *   "delivered"    the service has taken it, or we received it ourselves
 *   "unconfirmed"  it may have arrived: there was no reply, or a temporary error; `detail` may have its {text}
 *   "refused"      sending it again would not help; `detail` has the error's {text}
 *
 * The service also sends a message to its sender, before or after the reply, or in what was missed.
 */

export class Outbox {
  #onChange;
  /** One for each attempt whose message we have not received ourselves yet. */
  #unechoed = [];

  constructor({ onChange }) {
    this.#onChange = onChange;
  }

  /** Records that the message was passed to the socket, for the first time or again. */
  sent(message) {
    this.#unechoed.push(message);
    this.#change(message, "sending");
  }

  /** The reply to a message: an error as in `Replies`, or nothing if it was taken. */
  replied(message, error) {
    const arrived = !error || !this.#unechoed.includes(message);
    if (arrived) return this.#change(message, "delivered");
    if (!error.temporary) this.#forget(message);
    this.#change(message, error.temporary ? "unconfirmed" : "refused", error.isSilence ? undefined : error);
  }

  /** A message of our own arrived. Returns whether it is one that is shown already. */
  received(text) {
    const message = this.#unechoed.find((own) => own.text === text);
    if (!message) return false;
    this.#forget(message);
    if (message.status === "unconfirmed") this.#change(message, "delivered");
    return true;
  }

  #forget(message) {
    this.#unechoed.splice(this.#unechoed.indexOf(message), 1);
  }

  #change(message, status, detail) {
    message.status = status;
    message.detail = detail;
    this.#onChange(message);
  }
}

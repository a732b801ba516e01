/** The commands that were sent, and their replies, which come in any order. No DOM, no socket. */

/** As in Centrifuge's own clients. */
const TIMEOUT_MS = 5_000;

/** The errors of a command that was not answered. They are temporary: what it asked for may have been done. */
export const NO_REPLY = { text: "The service did not reply in time.", temporary: true, isSilence: true };
export const LOST = { text: "The connection was lost.", temporary: true, isSilence: true };

export class Replies {
  /** The service tells by the ids which of two commands is the later one, so they rise over all connections. */
  #lastId = 0;
  /** id → {done, timer} */
  #awaited = new Map();

  /** Returns a command {id, NAME: members}. */
  command(name, members) {
    this.#lastId += 1;
    return { id: this.#lastId, [name]: members };
  }

  /** Calls `done` once with the reply to a command that is being sent: {result} or {error: {code, text, temporary}}. */
  await({ id }, done) {
    const timer = setTimeout(() => this.settle(id, { error: NO_REPLY }), TIMEOUT_MS);
    this.#awaited.set(id, { done, timer });
  }

  /** A reply arrived. One that nobody waits for is ignored. */
  settle(id, reply) {
    const awaited = this.#awaited.get(id);
    if (!awaited) return;
    clearTimeout(awaited.timer);
    this.#awaited.delete(id);
    awaited.done(reply);
  }

  /** An error arrived that names no command. Returns false if it is not clear which one it is about. */
  settleOnly(error) {
    if (this.#awaited.size !== 1) return false;
    this.settle(this.#awaited.keys().next().value, { error });
    return true;
  }

  /** The connection has ended: there will be no more replies. */
  lose() {
    for (const id of [...this.#awaited.keys()]) this.settle(id, { error: LOST });
  }
}

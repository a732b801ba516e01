/**
 * How far we have read the stream of a room, whose messages are numbered without gaps. No DOM, no socket.
 *
 * The position is that of the last message before which nothing is missing. Centrifuge's own clients take the last message
 * that they saw instead, and never ask for one that was left out before it.
 */
export class Position {
  #epoch = "";
  #offset = 0;
  /** The offsets of the messages that came after one that is missing. */
  #ahead = new Set();

  /** Whether a message is missing that came before one that we have. */
  get hasGap() {
    return this.#ahead.size > 0;
  }

  /** The members of a `subscribe` command that ask for everything after this position. */
  get request() {
    return this.#epoch === "" ? {} : { recover: true, epoch: this.#epoch, offset: this.#offset };
  }

  /** Takes the position in a reply from which the stream goes on: of another stream, or `recovered` or not. */
  goOn({ epoch, offset, recovered }) {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#offset = offset;
      this.#ahead.clear();
    } else if (!recovered) {
      // A message can overtake the reply of a client that was in the room already.
      this.#offset = Math.max(this.#offset, offset);
      for (const each of this.#ahead) if (each <= this.#offset) this.#ahead.delete(each);
      this.#close();
    }
  }

  /** Takes a message. Returns whether it is new: messages can be delivered twice. Without an offset all are new. */
  take(offset) {
    if (!offset || this.#epoch === "") return true;
    if (offset <= this.#offset || this.#ahead.has(offset)) return false;
    this.#ahead.add(offset);
    this.#close();
    return true;
  }

  #close() {
    while (this.#ahead.delete(this.#offset + 1)) this.#offset += 1;
  }
}
